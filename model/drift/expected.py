"""What a model's own scores say of its labels: how often each is given, and how right that is if scores mean what they
say."""

import math
from dataclasses import dataclass

from copydesk.model.drift.sums import Sums

_Z = 1.96  # 95 per cent of a normal distribution


@dataclass(frozen=True)
class Rate:
    """A share and its interval of 95 per cent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Expected:
    """A label in some texts: the share that is given it, and the precision and recall that calibrated scores promise;
    none where nothing was given, or is to be found."""

    label: str
    rate: Rate
    precision: float | None
    recall: float | None


def expect(sums: Sums) -> list[Expected]:
    """Each label, in the model's order.

    Precision is the mean score of what is given, recall the share of all scores that lies in it.
    """
    names = ("assigned", "score", "assigned_score")
    columns = zip(sums.labels, *(sums.total(name).tolist() for name in names), strict=True)
    return [
        Expected(label, wilson(n_given, sums.n), _ratio(given, n_given), _ratio(given, score))
        for label, n_given, score, given in columns
    ]


def wilson(n_yes: float, n: int) -> Rate:
    """A share with its interval. Source: Wilson 1927."""
    share, weight = n_yes / n, _Z**2 / n
    middle = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return Rate(share, max(0.0, middle - half), min(1.0, middle + half))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
