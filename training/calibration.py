"""Scores that mean something: calibration and thresholds per label, from held-out stories."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from model.tags import LabelRule
from training.metrics import Floats, label_quality

_MIN_PER_CLASS = 8  # fewer held-out positives or negatives say nothing; the label keeps its raw sigmoid
_GRID = np.linspace(0.1, 0.9, 81)
_SMOOTHING = 0.08  # half-width over which F1 is averaged: the middle of a plateau generalises, its peak does not


def make_rule(label: str, targets: Floats, logits: Floats) -> LabelRule:
    """The label's calibration and threshold. targets: [stories], 1, 0, or below 0 where unknown; logits: [stories]."""
    known = targets >= 0
    targets, logits = targets[known], logits[known]
    n_positives = int(targets.sum())
    if min(n_positives, len(targets) - n_positives) < _MIN_PER_CLASS:
        return LabelRule(label)
    slope, intercept = fit_platt(targets, logits)
    if slope <= 0:  # the label was not learned: higher logits must not mean lower scores
        return LabelRule(label)
    scores = 1 / (1 + np.exp(-(slope * logits + intercept)))
    return LabelRule(label, choose_threshold(targets, scores), slope, intercept)


def fit_platt(targets: Floats, logits: Floats) -> tuple[float, float]:
    """Slope and intercept of score = sigmoid(slope * logit + intercept), by maximum likelihood.

    Source: Platt 1999, with a weak prior on the slope (L2, C = 1) in place of his smoothed targets.
    """
    scale = float(np.std(logits)) or 1.0
    model = LogisticRegression(C=1.0).fit(logits[:, None] / scale, targets)
    return float(model.coef_[0, 0]) / scale, float(model.intercept_[0])


def choose_threshold(targets: Floats, scores: Floats) -> float:
    """The threshold with the best F1, averaged over its neighbourhood."""
    f1 = np.array([label_quality(targets, scores >= threshold).f1 for threshold in _GRID])
    nearby = np.abs(_GRID[:, None] - _GRID[None, :]) <= _SMOOTHING
    smooth = (nearby @ f1) / nearby.sum(1)
    best = np.flatnonzero(smooth >= smooth.max() - 1e-9)
    return round(float(_GRID[best[len(best) // 2]]), 2)
