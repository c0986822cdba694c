"""A topic from nothing: how many judgements find a head that reaches nine tenths of the full model's F1.

Each topic is sought by its description, then by the answers so far, as the desk does it, and in random order. What is
learned is the same in both: the desk's own head on the plain encoder's vectors, which have learned none of the topics.
The full model is a regression on every story of the pool.
"""

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench, Report
from benchmarks.desk.labelled import (
    Floats,
    LabelledSet,
    best_threshold,
    encode,
    f1_of,
    fit,
    load_set,
    margins_of,
)
from copydesk.service.desk.queue.topics import MIN_YES, Head, fit_head, fuse, order_by_head, rank_by_words

DESCRIPTIONS = {
    "acq": "One company takes over another, buys a stake in it, merges with it or sells a unit.",
    "coffee": "Coffee: export quotas, the coffee organisation, harvests, prices and roasters.",
    "crude": "Crude oil: prices, output, exporting countries, wells, pipelines and refineries.",
    "gold": "Gold: mines, ounces, reserves, prices and bullion.",
    "grain": "Grain such as wheat, corn and barley: harvests, exports, sales and subsidies.",
    "interest": "Interest rates: a central bank or banks raise or cut their prime, discount or base rate.",
    "money-fx": "Currencies and money markets: the dollar, the yen, intervention by central banks, liquidity.",
    "ship": "Shipping: vessels, ports, tankers, strikes of seamen and attacks on ships.",
    "sugar": "Sugar: beet and cane, tenders, exports, prices and quotas.",
    "trade": "Trade between countries: tariffs, deficits, surpluses, disputes, quotas and negotiations.",
    "security": "Armed forces, weapons, wars, spying, and threats between states.",
    "taiwan": "Taiwan: its government, its people, and its relations with China and others.",
    "drugs": "Illegal drugs: smuggling, seizures, gangs, overdoses, and the laws against them.",
}
_ROUND, _EVERY = 6, 10  # judgements between two rankings, and between two measurements

Order = list[int]
Targets = NDArray[np.int8]


def ask_by_topic(stories: LabelledSet, label: str, meaning: Floats, pool: NDArray[np.intp], budget: int) -> Order:
    """Stories of the pool in the order in which the desk asks about the topic."""
    targets = stories.targets[:, stories.labels.index(label)]
    by_words = rank_by_words(f"{label}. {DESCRIPTIONS[label]}", (stories.texts[i] for i in pool))
    fused = fuse(by_words, stories.vectors[pool] @ meaning)
    by_description = [int(pool[i]) for i in np.argsort(-fused, kind="stable")]
    asked: dict[int, None] = {}
    while len(asked) < min(budget, len(pool)):
        head = learn_head(stories, targets, list(asked))
        if head is None:
            following = by_description
        else:
            left = np.array([i for i in pool if i not in asked])
            following = [int(left[i]) for i in order_by_head(head.score(stories.vectors[left]), _ROUND)]
        asked |= dict.fromkeys([i for i in following if i not in asked][:_ROUND])
    return list(asked)


def learn_head(stories: LabelledSet, targets: Targets, asked: Order) -> Head | None:
    """The desk's head from these answers; none before there are enough."""
    known = [i for i in asked if targets[i] >= 0]
    answers = [bool(targets[i]) for i in known]
    if sum(answers) < MIN_YES or all(answers):
        return None
    return fit_head(stories.vectors[known], answers)


def needed(stories: LabelledSet, targets: Targets, test: NDArray[np.intp], order: Order, goal: float) -> float:
    """After how many answers in this order the desk's head reaches this F1; infinity if never."""
    for n in range(_EVERY, len(order) + 1, _EVERY):
        head = learn_head(stories, targets, order[:n])
        if head and f1_of(targets[test], head.score(stories.vectors[test]) >= 0.5) >= goal:
            return n
    return float("inf")


def full_f1(stories: LabelledSet, targets: Targets, pool: NDArray[np.intp], test: NDArray[np.intp]) -> float:
    """F1 of a model that has learned from every story of the pool, its threshold found on half of them."""
    half = len(pool) // 2
    part = fit(stories.vectors[pool[:half]], targets[pool[:half]])
    threshold = best_threshold(targets[pool[half:]], margins_of(part, stories.vectors[pool[half:]]))
    model = fit(stories.vectors[pool], targets[pool])
    return f1_of(targets[test], margins_of(model, stories.vectors[test]) >= threshold)


def main(bench: Bench) -> Report:
    """Topics of Reuters, and our four."""
    report, budget, ratios = Report(), bench.pick(1_500, 60), list[float]()
    report.start_table("topic", "of stories", "full F1", "goal", "asked", "at random")
    for name in ("reuters", "ours"):
        stories = load_set(name, bench)
        labels = [label for label in stories.labels if label in DESCRIPTIONS]
        meanings = encode([f"{label}. {DESCRIPTIONS[label]}" for label in labels])
        pool, test = stories.split(0)
        for label, meaning in zip(labels, meanings, strict=True):
            targets = stories.targets[:, stories.labels.index(label)]
            full = full_f1(stories, targets, pool, test)
            guided = needed(stories, targets, test, ask_by_topic(stories, label, meaning, pool, budget), 0.9 * full)
            chance = [int(i) for i in np.random.default_rng(1).permutation(pool)[:budget]]
            random = needed(stories, targets, test, chance, 0.9 * full)
            ratios.append(min(guided, budget) / min(random, budget))
            share = f"{(targets == 1).mean():.1%}"
            report.add_row(f"{name}: {label}", share, full, 0.9 * full, *(_show(n, budget) for n in (guided, random)))
    report.add("judgements, of those at random", float(np.median(ratios)), "median")
    return report


def _show(n: float, budget: int) -> str:
    return f"{n:.0f}" if n < float("inf") else f"> {budget}"
