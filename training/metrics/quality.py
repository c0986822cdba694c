"""Quality of tags, with masked decisions left out everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

Floats = NDArray[np.float64]
Decisions = NDArray[np.bool_]
N_BINS = 10  # of the calibration error: 220 stories leave enough in most of them


@dataclass(frozen=True)
class LabelQuality:
    """Precision, recall and F1 of one label, over the stories whose label is known; support counts positives."""

    precision: float
    recall: float
    f1: float
    support: int


def label_quality(targets: Floats, decisions: Decisions) -> LabelQuality:
    """Quality of one label. targets: [stories], 1, 0, or below 0 where unknown; decisions: bool [stories]."""
    positives, negatives = targets > 0, targets == 0
    hits = int((decisions & positives).sum())
    given = hits + int((decisions & negatives).sum())
    support = int(positives.sum())
    precision = hits / given if given else 0.0
    recall = hits / support if support else 0.0
    return LabelQuality(precision, recall, 2 * hits / max(1, given + support), support)


def all_quality(
    targets: Floats, scores: Floats, thresholds: Sequence[float], labels: Sequence[str]
) -> dict[str, LabelQuality]:
    """Quality per label. targets and scores: [stories, labels]."""
    return {label: label_quality(targets[:, i], scores[:, i] >= thresholds[i]) for i, label in enumerate(labels)}


def macro_f1(quality: Mapping[str, LabelQuality]) -> float:
    """Mean F1 of the labels that occur in the data."""
    present = [label.f1 for label in quality.values() if label.support]
    return float(np.mean(present)) if present else 0.0


def micro_f1(targets: Floats, decisions: Decisions) -> float:
    """F1 over all known decisions together. targets and decisions: [stories, labels]."""
    return label_quality(targets.ravel(), decisions.ravel()).f1


def subset_accuracy(targets: Floats, decisions: Decisions) -> float:
    """Share of the stories whose known labels are all decided as they should be."""
    return float(((targets < 0) | (decisions == (targets > 0))).all(axis=1).mean())


def average_precision(targets: Floats, scores: Floats) -> float | None:
    """Area under the precision-recall curve of one label, by steps; none where no story carries it."""
    known = targets >= 0
    if not (targets > 0).any():
        return None
    return float(average_precision_score(targets[known] > 0, scores[known]))


def calibration_error(targets: Floats, scores: Floats) -> float:
    """Expected calibration error of one label: the bins' |share of positives - mean score|, weighed by their stories.

    N_BINS bins of equal width over [0, 1], empty ones left out. Source: Guo et al. 2017, eq. 3.
    """
    bins = calibration_bins(targets, scores)
    n = max(1, sum(part.n_stories for part in bins))
    return sum(part.n_stories * abs(part.positives - part.score) for part in bins) / n


@dataclass(frozen=True)
class CalibrationBin:
    """The stories whose score falls into one bin: their number, mean score and share of positives."""

    n_stories: int
    score: float
    positives: float


def calibration_bins(targets: Floats, scores: Floats) -> list[CalibrationBin]:
    """The bins of one label that hold stories, by rising score."""
    known = targets >= 0
    targets, scores = targets[known], scores[known]
    bin_of = np.minimum((scores * N_BINS).astype(int), N_BINS - 1)
    return [
        CalibrationBin(int(inside.sum()), float(scores[inside].mean()), float(targets[inside].mean()))
        for inside in (bin_of == i for i in range(N_BINS))
        if inside.any()
    ]
