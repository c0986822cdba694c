"""Quality of tags, with masked decisions left out everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelQuality:
    """Precision, recall and F1 of one label, over the stories whose label is known; support counts positives."""

    precision: float
    recall: float
    f1: float
    support: int


def label_quality(targets: Floats, decisions: NDArray[np.bool_]) -> LabelQuality:
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
