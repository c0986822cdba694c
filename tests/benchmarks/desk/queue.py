"""What to label next, against random order: how many judgements give the same macro-F1.

People's answers are known. In both orders a fifth of what is judged is set aside for testing, as the desk does; the
rest is learned from by logistic regression on the plain encoder's vectors, with thresholds by cross-validation. What is
compared is the order alone.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from benchmarks.bench import Bench, Report, SkippedError
from benchmarks.desk.labelled import LabelledSet, best_threshold, f1_of, fit, load_set, margins_of
from copydesk.service.desk.queue.pool import Numbers
from copydesk.service.desk.queue.sampling import choose_next

_BATCH, _FOLDS = 50, 3
_BUDGET = {"reuters": 1_200, "ours": 800}

Indices = NDArray[np.intp]
Choose = Callable[[LabelledSet, "Judged"], list[int]]


class Judged:
    """What was judged so far of the pool, and what a model has learned from it."""

    def __init__(self, stories: LabelledSet, pool: Indices, rng: np.random.Generator) -> None:
        self.pool = pool
        self.rng = rng
        self.draw = dict(zip(pool.tolist(), rng.random(len(pool)).tolist(), strict=True))
        self.order: list[int] = []
        self.n_labels = len(stories.labels)
        self.margins = np.full((len(stories.vectors), self.n_labels), np.nan, np.float32)

    @property
    def learned(self) -> Indices:
        """Those that are learned from: a fifth is for testing."""
        return np.array([i for i in self.order if self.draw[i] >= 0.2], np.intp)

    def left(self) -> Indices:
        """What nobody has judged."""
        return np.setdiff1d(self.pool, np.array(self.order, np.intp))

    def learn(self, stories: LabelledSet) -> None:
        """Fit every label anew, and find its threshold on stories that it did not learn from."""
        learned = self.learned
        for label in range(self.n_labels):
            targets, vectors = stories.targets[learned, label], stories.vectors[learned]
            unseen = np.full(len(learned), -9, np.float32)
            for inner, outer in KFold(_FOLDS, shuffle=True, random_state=0).split(learned):
                unseen[outer] = margins_of(fit(vectors[inner], targets[inner]), vectors[outer])
            logits = margins_of(fit(vectors, targets), stories.vectors)
            self.margins[:, label] = logits - best_threshold(targets, unseen)


def by_chance(stories: LabelledSet, judged: Judged) -> list[int]:
    """The next stories in random order."""
    return [int(i) for i in judged.rng.permutation(judged.left())[:_BATCH]]


def by_queue(stories: LabelledSet, judged: Judged) -> list[int]:
    """The next stories as the desk chooses them."""
    left = judged.left()
    draw = np.array([judged.draw[i] for i in left], np.float32)
    vectors = stories.vectors[left].astype(np.float16)
    numbers = Numbers(stories.labels, left.astype(np.int64), judged.margins[left], vectors, draw)
    n_positive = (stories.targets[judged.order] == 1).sum(axis=0).tolist()
    return [pick.story_id for pick in choose_next(numbers, n_positive, _BATCH)]


def simulate(stories: LabelledSet, choose: Choose, budget: int, seed: int) -> dict[int, float]:
    """Macro-F1 on the stories kept apart, by the number of judgements."""
    pool, test = stories.split(seed)
    judged, curve = Judged(stories, pool, np.random.default_rng(seed)), dict[int, float]()
    judged.order += by_chance(stories, judged)
    while True:
        judged.learn(stories)
        given = judged.margins[test] >= 0
        f1 = [f1_of(stories.targets[test, label], given[:, label]) for label in range(judged.n_labels)]
        curve[len(judged.order)] = float(np.mean(f1))
        if len(judged.order) >= min(budget, len(pool)):
            return curve
        judged.order += choose(stories, judged)


def needed(curve: dict[int, float], f1: float) -> float:
    """After how many judgements the curve reaches this macro-F1, between its points on a line; infinity if never."""
    before = (0, 0.0)
    for point in curve.items():
        if point[1] >= f1:
            return before[0] + (point[0] - before[0]) * (f1 - before[1]) / max(1e-9, point[1] - before[1])
        before = point
    return float("inf")


def main(bench: Bench) -> Report:
    """Reuters, and our four labels."""
    report = Report()
    for name in ("reuters", "ours"):
        stories = load_set(name, bench)
        budget, seeds = bench.pick(_BUDGET[name], 100), range(bench.pick(3, 1))
        chance = _mean([simulate(stories, by_chance, budget, seed) for seed in seeds])
        queue = _mean([simulate(stories, by_queue, budget, seed) for seed in seeds])
        report.start_table(f"{name}: macro-F1 after judgements", *map(str, list(chance)[1::4]))
        for order, curve in (("random order", chance), ("the queue", queue)):
            report.add_row(order, *[curve[n] for n in list(chance)[1::4]])
        n_chance = max(chance)
        n_queue = needed(queue, chance[n_chance])
        report.add(f"{name}: labels", len(stories.labels))
        report.add(f"{name}: judgements for random's best", n_queue, f"of {n_chance}")
        report.add(f"{name}: share of the judgements", n_queue / n_chance, at_most=0.5)
    return report


def _mean(curves: list[dict[int, float]]) -> dict[int, float]:
    shared = [n for n in curves[0] if all(n in curve for curve in curves)]
    if not shared:
        raise SkippedError("too few stories to simulate")
    return {n: float(np.mean([curve[n] for curve in curves])) for n in shared}
