"""How good the current version is, measured on stories that chance has drawn and people have judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_N_RESAMPLES = 2_000
_LEVEL = (2.5, 97.5)  # per cent
_SEED = 13


@dataclass(frozen=True)
class LabelQuality:
    """F1 with its interval of 95 per cent; none where no judged story carries the label and none was given it."""

    label: str
    n_stories: int
    n_positive: int
    precision: float | None
    recall: float | None
    f1: float | None
    low: float | None
    high: float | None


def measure_label(label: str, pairs: Sequence[tuple[bool, bool]]) -> LabelQuality:
    """Quality of a label. pairs: what people said and what the model says, of each story."""
    both = sum(truth and given for truth, given in pairs)
    n_positive, n_given = sum(truth for truth, _ in pairs), sum(given for _, given in pairs)
    low, high = _interval(both, n_given - both, n_positive - both, len(pairs))
    return LabelQuality(
        label,
        len(pairs),
        n_positive,
        both / n_given if n_given else None,
        both / n_positive if n_positive else None,
        _f1(both, n_given - both, n_positive - both),
        low,
        high,
    )


def measure(
    truths: Mapping[tuple[int, str], bool], given: Mapping[tuple[int, str], bool], labels: Sequence[str]
) -> list[LabelQuality]:
    """Quality of each label on the stories that both sides know, by story and label."""
    return [
        measure_label(label, [(truth, given[key]) for key, truth in truths.items() if key[1] == label and key in given])
        for label in labels
    ]


def _interval(both: int, only_given: int, only_true: int, n: int) -> tuple[float | None, float | None]:
    """Percentiles of F1 over stories drawn with replacement (Efron 1979)."""
    if not both + only_given + only_true:
        return None, None
    cells = np.array([both, only_given, only_true, n - both - only_given - only_true], np.float64)
    drawn = np.random.default_rng(_SEED).multinomial(n, cells / n, _N_RESAMPLES)
    scale = 2 * drawn[:, 0] + drawn[:, 1] + drawn[:, 2]
    f1 = np.divide(2 * drawn[:, 0], scale, out=np.zeros(len(drawn)), where=scale > 0)
    low, high = np.percentile(f1, _LEVEL)
    return float(low), float(high)


def _f1(both: int, only_given: int, only_true: int) -> float | None:
    scale = 2 * both + only_given + only_true
    return 2 * both / scale if scale else None
