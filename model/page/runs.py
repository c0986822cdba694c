"""Runs of prose: the ranges of a sequence of scores whose sums stand out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class _Run:
    """A range, the sums of all scores before its start and before its end, and the last run before it that starts
    lower."""

    start: int
    end: int
    low: float
    high: float
    lower: int


def densest_run(scores: Sequence[float]) -> tuple[int, int]:
    """The half-open range with the greatest sum (maximum subsequence, Pasternack & Roth 2009)."""
    best, best_range, total, start = 0.0, (0, 0), 0.0, 0
    for i, score in enumerate(scores):
        if total <= 0:
            total, start = 0.0, i
        total += score
        if total > best:
            best, best_range = total, (start, i + 1)
    return best_range


def dense_runs(scores: Sequence[float]) -> list[tuple[int, int]]:
    """The densest run, the densest ones before and after it, and so on: disjoint half-open ranges in order.

    In linear time. Source: Ruzzo & Tompa 1999, all maximal scoring subsequences.
    """
    runs: list[_Run] = []
    total = 0.0
    for i, score in enumerate(scores):
        before, total = total, total + score
        if score > 0:
            _add(runs, i, before, total)
    return [(run.start, run.end) for run in runs]


def _add(runs: list[_Run], at: int, low: float, high: float) -> None:
    """Add the range of one score, joined with those before it that are less without it."""
    end = at + 1
    while True:
        lower = len(runs) - 1
        while lower >= 0 and runs[lower].low >= low:
            lower = runs[lower].lower
        if lower < 0 or runs[lower].high >= high:
            runs.append(_Run(at, end, low, high, lower))
            return
        at, low = runs[lower].start, runs[lower].low
        del runs[lower:]
