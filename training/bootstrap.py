"""Intervals by resampling: how far a figure would move with other stories of the same kind."""

from dataclasses import dataclass

import numpy as np

from training.metrics import Decisions, Floats

N_RESAMPLES = 2000
_SEED = 0


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of the resampled figures."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences; `p` is one-sided, that the mean is no better than 0."""

    mean: float
    interval: Interval
    p: float


def resample_stories(n_stories: int) -> Floats:
    """How often each story is drawn, [resamples, stories]: every row draws `n_stories` with replacement."""
    random = np.random.default_rng(_SEED)
    return random.multinomial(n_stories, np.full(n_stories, 1 / n_stories), N_RESAMPLES).astype(np.float64)


def f1_intervals(targets: Floats, decisions: Decisions) -> tuple[list[Interval], Interval]:
    """Intervals of each label's F1 and of their mean. targets and decisions: [stories, labels].

    A label that a resample does not hold is left out of that resample's mean.
    """
    draws = resample_stories(len(targets))
    known = targets >= 0
    hits = draws @ ((targets > 0) & decisions)
    support = draws @ (targets > 0)
    f1 = 2 * hits / np.maximum(1, draws @ (known & decisions) + support)  # [resamples, labels]
    n_present = np.maximum(1, (support > 0).sum(axis=1))
    macro = np.where(support > 0, f1, 0).sum(axis=1) / n_present
    return [_interval(column) for column in f1.T], _interval(macro)


def compare_paired(ours: Floats, theirs: Floats) -> Difference:
    """Our mean less theirs on the same articles, by paired bootstrap. ours and theirs: [articles].

    Source: Koehn 2004, section 3; p = (1 + resamples without a gain) / (1 + resamples).
    """
    gains = ours - theirs
    means = resample_stories(len(gains)) @ gains / len(gains)
    return Difference(float(gains.mean()), _interval(means), float((1 + (means <= 0).sum()) / (1 + N_RESAMPLES)))


def mean_interval(values: Floats) -> Interval:
    """Interval of the mean. values: [stories]."""
    return _interval(resample_stories(len(values)) @ values / len(values))


def _interval(values: Floats) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))
