"""Systems side by side on the same articles: the means of their figures, and where their sentences stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.training.metrics.bootstrap import Difference, Interval, compare_paired, mean_interval
from copydesk.training.metrics.quality import Floats

OURS, LEAD = "copydesk", "lead-3"
LATER = 20  # places of sentences that are counted one by one


@dataclass(frozen=True)
class SystemScores:
    """Means by figure, their intervals, and the paired gain over the lead."""

    mean: dict[str, float]
    interval: dict[str, Interval]
    over_lead: dict[str, Difference] | None


def compare_with_lead(values: Floats, lead: Floats | None, figures: Sequence[str]) -> SystemScores:
    """A system's scores on some articles, beside those of the lead. values and lead: [articles, figures]."""
    return SystemScores(
        mean={figure: float(values[:, i].mean()) for i, figure in enumerate(figures)},
        interval={figure: mean_interval(values[:, i]) for i, figure in enumerate(figures)},
        over_lead=None
        if lead is None
        else {figure: compare_paired(values[:, i], lead[:, i]) for i, figure in enumerate(figures)},
    )


def count_positions(chosen: Iterable[Sequence[int]]) -> list[int]:
    """How many of the chosen sentences were the article's first, second, ..., LATER or later."""
    places = np.array([min(index, LATER) for indices in chosen for index in indices], np.int64)
    return [int(n) for n in np.bincount(places, minlength=LATER + 1)]
