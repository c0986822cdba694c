"""Scores that mean something: calibration and thresholds per label, from held-out stories."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from copydesk.model.output.tags import LabelRule
from copydesk.training.metrics.quality import Floats

_POOLED = 32.0  # positives that all labels together weigh beside a label's own
_MIN_POSITIVES = 8  # fewer held-out positives in all say nothing; every label keeps its raw sigmoid
_GRID = np.linspace(0.1, 0.9, 81)
_SMOOTHING = 0.08  # half-width over which F1 is averaged: the middle of a plateau generalises, its peak does not


def make_rules(labels: Sequence[str], targets: Floats, logits: Floats) -> tuple[LabelRule, ...]:
    """Each label's calibration and threshold.

    targets and logits: [stories, labels]; targets are 1, 0, between them where they are only probable, below 0 if
    unknown.

    A label learns from its own stories and, with the weight of 32 positives, from those of all labels: a rare label
    follows the others, a frequent one itself (partial pooling).
    """
    known = targets >= 0
    n_positives = float(targets[known].sum())
    if min(n_positives, known.sum() - n_positives) < _MIN_POSITIVES:
        return tuple(map(LabelRule, labels))
    pool = _settle(targets[known], logits[known], _POOLED / n_positives)
    rules = []
    for i, label in enumerate(labels):
        own = _settle(targets[known[:, i], i], logits[known[:, i], i], 1.0)
        rules.append(_make_rule(label, *(np.concatenate(pair) for pair in zip(own, pool, strict=True))))
    return tuple(rules)


def fit_platt(targets: Floats, logits: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Slope and intercept of score = sigmoid(slope * logit + intercept), by maximum likelihood. All: [stories].

    Source: Platt 1999, with a weak prior on the slope (L2, C = 10) in place of his smoothed targets.
    """
    scale = float(np.std(logits)) or 1.0
    model = LogisticRegression(C=10.0, solver="newton-cholesky")  # the solver for few columns and many rows
    model.fit(logits[:, None] / scale, targets, sample_weight=weights)
    return float(model.coef_[0, 0]) / scale, float(model.intercept_[0])


def choose_threshold(targets: Floats, scores: Floats, weights: Floats | None = None) -> float:
    """The threshold with the best F1, averaged over its neighbourhood. All: [stories]."""
    weights = np.ones(len(targets)) if weights is None else weights
    positives = weights * (targets > 0)
    given, hits = (_sum_above(scores, mass) for mass in (weights, positives))
    f1 = 2 * hits / np.maximum(given + positives.sum(), 1e-9)
    nearby = np.abs(_GRID[:, None] - _GRID[None, :]) <= _SMOOTHING
    smooth = (nearby @ f1) / nearby.sum(1)
    best = np.flatnonzero(smooth >= smooth.max() - 1e-9)
    return round(float(_GRID[best[len(best) // 2]]), 2)


def _make_rule(label: str, targets: Floats, logits: Floats, weights: Floats) -> LabelRule:
    slope, intercept = fit_platt(targets, logits, weights)
    if slope <= 0:  # the label was not learned: higher logits must not mean lower scores
        return LabelRule(label)
    scores = 1 / (1 + np.exp(-(slope * logits + intercept)))
    return LabelRule(label, choose_threshold(targets, scores, weights), slope, intercept)


def _settle(targets: Floats, logits: Floats, weight: float) -> tuple[Floats, Floats, Floats]:
    """Targets of 1 and 0, logits and weights: a probable target is both, each as far as it is probable. All: [n]."""
    values = np.repeat([1.0, 0.0], len(targets))
    weights = weight * np.concatenate([targets, 1 - targets])
    counts = weights > 0
    return values[counts], np.tile(logits, 2)[counts], weights[counts]


def _sum_above(scores: Floats, mass: Floats) -> Floats:
    """The mass of the scores that reach each threshold of the grid."""
    n_reached = np.searchsorted(_GRID, scores, side="right")
    below = np.bincount(n_reached, mass, minlength=len(_GRID) + 1)
    return below[::-1].cumsum()[::-1][1:]
