"""Drift: how often windows of the reference's own kind raise it, and windows of other texts; what counting costs.

Windows are drawn from stories that neither the model nor the reference has seen.
"""

import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench, Report, find_data
from copydesk.model.analysis import Analysis, Document
from copydesk.model.analyzer import Analyzer
from copydesk.model.drift.changes import N_IN_A_ROW
from copydesk.model.drift.columns import Floats, columns_of
from copydesk.model.drift.limits import Limit, find_limits
from copydesk.model.drift.measures import EVERY, Key, compare
from copydesk.model.drift.reference import WINDOW, find_reference
from copydesk.model.drift.sums import Sums, Texts, sum_texts
from copydesk.model.files.json import JsonObject

_OWN = "012"  # ids of the stories in the reference that ships begin with these
_OUTLET = "The Economist"
_BEFORE, _AFTER = ("2012", "2013", "2014"), ("2018", "2019", "2020")
_OF_ALL_YEARS = {
    "Washington Times", "CNN (Web News)", "Politico", "NPR Online News", "USA TODAY", "New York Times - News",
    "Townhall",
}  # fmt: skip
_ARTICLES, _AUXILIARIES = {"a", "an", "the"}, {"is", "are", "was", "were", "has", "have", "had", "of"}
_N_SHOWN = 4  # measures that a row names
_LARGE = 4  # windows' worth of texts in a large window
_COMMON = 0.05  # a label that so many carry must be raised when it doubles


@dataclass(frozen=True)
class _Base:
    """What windows of so many texts are compared with: sums and limits."""

    sums: Sums
    limits: dict[Key, Limit]
    window: int


@dataclass(frozen=True)
class _Doubled:
    """A label that comes twice as often as in some texts. is_given: to which of them it is."""

    label: str
    is_given: NDArray[np.bool_]

    @property
    def is_common(self) -> bool:
        """Windows of 500 must tell."""
        return bool(self.is_given.mean() >= _COMMON)

    @property
    def shares(self) -> Floats:
        """How often each text comes."""
        share = self.is_given.mean()
        odds = 2 * (1 - share) / (1 - 2 * share)  # then two shares of all texts have it
        weights = np.where(self.is_given, odds, 1.0)
        shares: Floats = weights / weights.sum()
        return shares


class _Stories:
    """Analysed stories by what they are for, and what analysing and counting them took of the processor."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.bundle, self.labels = analyzer.bundle, analyzer.bundle.labels
        self.analysing_s = self.counting_s = 0.0
        self._analyzer = analyzer

    def read(self, rows: Sequence[JsonObject], change: Callable[[str], str] = str) -> Texts:
        """The rows, each text and title changed, as counts."""
        documents = [Document(change(row["text"]), change(row["title"] or "") or None) for row in rows]
        started = time.process_time()
        analyses = [one for one in self._analyzer.analyze_many(documents) if isinstance(one, Analysis)]
        analysed = time.process_time()
        columns = columns_of(self.labels)
        texts = Texts.of([columns.count(one) for one in analyses], [one.story.vector for one in analyses])
        sum_texts(self.labels, texts)
        self.analysing_s += analysed - started
        self.counting_s += time.process_time() - analysed
        return texts


def main(bench: Bench) -> Report:
    """Windows of every kind against limits from stories of the pool, and what counting them took."""
    report, rows = Report(), _read_pool()
    stories = _Stories(Analyzer.load(bench.bundle))
    outlet, others = ([row for row in rows if (row["source"] == _OUTLET) == is_it] for is_it in (True, False))
    n_first, n_same, n_few = bench.pick((1_000, 1_500, 700), (30, 30, 20))
    learned, same = stories.read(others[:n_first]), stories.read(others[n_first : n_first + n_same])
    few = others[n_first : n_first + n_few]
    base, large = (_make_base(bench, stories, learned, window) for window in (WINDOW, _LARGE * WINDOW))
    report.start_table("windows of 500, runs of three", "over, %", "raised, %", "by")
    runs = _Runs(report, stories.labels, bench.pick(300, 3))
    runs.measure("same source", base, same, at_most=1)
    if own := find_reference(stories.bundle, bench.bundle):
        every = stories.read(rows[n_first : n_first + n_same])
        runs.measure("same source, reference that ships", _Base(own.sums, own.limits, own.window), every, at_most=1)
    runs.measure("in small letters", base, stories.read(few, str.lower))
    runs.measure("garbled, as by a translation", base, stories.read(few, garble))
    runs.measure("another outlet", base, stories.read(outlet[:n_few]))
    _measure_years(bench, runs, stories, rows)
    _double_labels(runs, stories.labels, (base, large), same)
    report.add("counting: share of a text's time", 100 * stories.counting_s / stories.analysing_s, "%", at_most=1)
    return report


def garble(text: str) -> str:
    """A stand-in for machine translation, from a language without articles: they are dropped, half of the auxiliaries
    too, and one word in seven changes places with the next."""
    rng = random.Random(len(text))
    return "\n".join(" ".join(_garble_line(line.split(), rng)) for line in text.split("\n"))


def _garble_line(words: Sequence[str], rng: random.Random) -> list[str]:
    kept = [word for word in words if word.lower() not in _ARTICLES]
    kept = [word for word in kept if word.lower() not in _AUXILIARIES or rng.random() < 0.5]
    for i in range(0, len(kept) - 1, 2):
        if rng.random() < 2 / 7:
            kept[i : i + 2] = kept[i + 1], kept[i]
    return kept


class _Runs:
    """Runs of three windows, drawn and compared; a row for each kind of them."""

    def __init__(self, report: Report, labels: Sequence[str], n_runs: int) -> None:
        self.report, self._labels, self._n_runs = report, labels, n_runs
        self._rng = np.random.default_rng(13)

    def measure(
        self, name: str, base: _Base, texts: Texts, *, doubled: _Doubled | None = None, at_most: float | None = None
    ) -> None:
        """Draw windows of the texts and compare them. What raises too often, or should each time and does not, misses;
        of a label that comes twice as often only its own measures count."""
        over = [self._find_over(base, texts, doubled) for _ in range(self._n_runs)]
        raised = [set.intersection(*windows) for windows in over]
        by = Counter(key for keys in raised for key in keys)
        shown = [key.measure if key.label == EVERY else f"{key.label} {key.measure}" for key, _ in by.most_common()]
        share = 100 * sum(map(bool, raised)) / self._n_runs
        n_over = sum(bool(keys) for windows in over for keys in windows)
        cells = (100 * n_over / (N_IN_A_ROW * self._n_runs), share)
        self.report.add_row(name, *cells, f"  {', '.join(shown[:_N_SHOWN])}")
        is_needed = at_most is None and (doubled is None or doubled.is_common)
        self.report.add(f"{name}: raised", share, "%", at_most=at_most, at_least=99 if is_needed else None)

    def _find_over(self, base: _Base, texts: Texts, doubled: _Doubled | None) -> list[set[Key]]:
        """What is over its limit in each window of a run."""
        over = []
        for drawn in self._draw(len(texts.rows), base.window, doubled):
            weights = np.bincount(drawn, minlength=len(texts.rows)).astype(np.float64)
            distances = compare(sum_texts(self._labels, texts, weights), base.sums)
            keys = (key for key in distances if doubled is None or key.label == doubled.label)
            over.append({key for key in keys if distances[key] > base.limits[key].limit})
        return over

    def _draw(self, n: int, window: int, doubled: _Doubled | None) -> list[NDArray[np.int64]]:
        """The texts of each window of a run: no text twice in a window, or in the run, where there are enough. Texts
        drawn with replacement would be less like others than new ones are."""
        if doubled or n < window:
            shares = doubled.shares if doubled else None
            return [self._rng.choice(n, window, p=shares) for _ in range(N_IN_A_ROW)]
        if n >= N_IN_A_ROW * window:
            return list(self._rng.permutation(n)[: N_IN_A_ROW * window].reshape(N_IN_A_ROW, window))
        return [self._rng.permutation(n)[:window] for _ in range(N_IN_A_ROW)]


def _make_base(bench: Bench, stories: _Stories, texts: Texts, window: int = WINDOW) -> _Base:
    limits = find_limits(stories.labels, texts, window, bench.pick(1_000, 5))
    return _Base(sum_texts(stories.labels, texts), limits, window)


def _measure_years(bench: Bench, runs: _Runs, stories: _Stories, rows: Sequence[JsonObject]) -> None:
    """The same seven outlets, years later."""
    before, after = (
        [row for row in rows if row["source"] in _OF_ALL_YEARS and row["date"][:4] in years][: bench.pick(n, 30)]
        for years, n in ((_BEFORE, 700), (_AFTER, 700))
    )
    base = _make_base(bench, stories, stories.read(before))
    runs.measure("other years, the same outlets", base, stories.read(after))


def _double_labels(runs: _Runs, labels: tuple[str, ...], bases: Sequence[_Base], texts: Texts) -> None:
    """Windows in which a label's texts come twice as often; a rare one is looked for in large windows too."""
    given = texts.rows[:, columns_of(labels).places["assigned"]]
    for label, own in zip(labels, given.T > 0, strict=True):
        if not 0 < own.mean() < 0.5:
            continue  # twice as many there cannot be
        doubled = _Doubled(label, own)
        for base in bases[:1] if doubled.is_common else bases:
            name = f"{label} doubled, of {100 * own.mean():.1f} %, windows of {base.window:,}"
            runs.measure(name, base, texts, doubled=doubled)


def _read_pool() -> list[JsonObject]:
    """Stories that are in no training set and not in the reference that ships, shuffled."""
    with gzip.open(find_data("pool.jsonl.gz"), "rt", encoding="utf-8") as file:
        rows = [row for row in map(json.loads, file) if row["id"][0] not in _OWN]
    random.Random(7).shuffle(rows)
    return rows
