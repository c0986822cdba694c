"""Intervals by resampling: how far a figure would move with other stories of the same kind."""

from dataclasses import dataclass

import numpy as np

from copydesk.training.metrics.quality import N_BINS, Decisions, Floats

N_RESAMPLES = 2000
_SEED = 0


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of the resampled figures."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences; `p` is one-sided, that the mean is no better than 0; `spread`: its standard error."""

    mean: float
    interval: Interval
    p: float
    spread: float


def resample_stories(n_stories: int) -> Floats:
    """How often each story is drawn, [resamples, stories]: every row draws `n_stories` with replacement."""
    random = np.random.default_rng(_SEED)
    return random.multinomial(n_stories, np.full(n_stories, 1 / n_stories), N_RESAMPLES).astype(np.float64)


def f1_intervals(targets: Floats, decisions: Decisions) -> tuple[list[Interval], Interval]:
    """Intervals of each label's F1 and of their mean. targets and decisions: [stories, labels].

    A label that a resample does not hold is left out of that resample's mean.
    """
    draws = resample_stories(len(targets))
    f1, is_present = _resample_f1(draws, targets, decisions), draws @ (targets > 0) > 0
    return [_interval(column) for column in f1.T], _interval(_mean_present(f1, is_present))


def compare_f1(targets: Floats, ours: Decisions, theirs: Decisions) -> tuple[list[Difference | None], Difference]:
    """Our F1 less theirs on the same stories, by paired bootstrap: each label's, and the mean of the labels that occur.

    All [stories, labels]. A label's difference is over the resamples that hold it; none where no story does.
    """
    draws = np.vstack([np.ones(len(targets)), resample_stories(len(targets))])  # the stories themselves come first
    gains = _resample_f1(draws, targets, ours) - _resample_f1(draws, targets, theirs)
    is_present = draws @ (targets > 0) > 0
    columns = zip(gains.T, is_present.T, strict=True)
    labels = [_difference(gain[0], gain[1:][held[1:]]) if held[0] else None for gain, held in columns]
    macro = _mean_present(gains, is_present)
    return labels, _difference(macro[0], macro[1:])


def compare_calibration(targets: Floats, ours: Floats, theirs: Floats) -> Difference:
    """Our calibration error less theirs, each the mean over the labels. targets and scores: [stories, labels]."""
    draws = np.vstack([np.ones(len(targets)), resample_stories(len(targets))])
    columns = zip(targets.T, ours.T, theirs.T, strict=True)
    rises = [_resample_error(draws, t, our) - _resample_error(draws, t, their) for t, our, their in columns]
    mean = np.mean(rises, axis=0)
    return _difference(mean[0], mean[1:])


def compare_paired(ours: Floats, theirs: Floats) -> Difference:
    """Our mean less theirs on the same articles, by paired bootstrap. ours and theirs: [articles].

    Source: Koehn 2004, section 3; p = (1 + resamples without a gain) / (1 + resamples).
    """
    gains = ours - theirs
    return _difference(gains.mean(), resample_stories(len(gains)) @ gains / len(gains))


def mean_interval(values: Floats) -> Interval:
    """Interval of the mean. values: [stories]."""
    return _interval(resample_stories(len(values)) @ values / len(values))


def _resample_f1(draws: Floats, targets: Floats, decisions: Decisions) -> Floats:
    """F1 of each label in each draw, [draws, labels]."""
    hits = draws @ ((targets > 0) & decisions)
    return 2 * hits / np.maximum(1, draws @ ((targets >= 0) & decisions) + draws @ (targets > 0))


def _mean_present(values: Floats, is_present: Decisions) -> Floats:
    """Each row's mean over the labels that it holds. Both [draws, labels]."""
    means: Floats = np.where(is_present, values, 0).sum(axis=1) / np.maximum(1, is_present.sum(axis=1))
    return means


def _resample_error(draws: Floats, targets: Floats, scores: Floats) -> Floats:
    """`calibration_error` of one label in each draw, [draws]."""
    known = targets >= 0
    in_bin = known[:, None] & (np.minimum((scores * N_BINS).astype(int), N_BINS - 1)[:, None] == np.arange(N_BINS))
    gaps = np.abs(draws @ (in_bin * (targets - scores)[:, None])).sum(axis=1)  # [draws, bins] -> [draws]
    errors: Floats = gaps / np.maximum(1, draws @ known)
    return errors


def _difference(mean: np.float64, resampled: Floats) -> Difference:
    """The mean with its interval; p = (1 + resamples without a gain) / (1 + resamples)."""
    p = (1 + (resampled <= 0).sum()) / (1 + len(resampled))
    return Difference(float(mean), _interval(resampled), float(p), float(resampled.std()))


def _interval(values: Floats) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))
