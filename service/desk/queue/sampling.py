"""What to label next, of stories as numbers: uncertain ones, made diverse; rare labels; and some by chance.

Pure functions: the same numbers give the same choice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.service.desk.queue.pool import Floats, Ids, Numbers
from copydesk.service.desk.store.tables import Reason

PATTERN: tuple[Reason, ...] = ("uncertain", "random", "uncertain", "rare", "uncertain")  # 60, 20 and 20 per cent
_CANDIDATES = 12  # times as many as are wanted are made diverse; with more, doubtful ones give way to odd ones
_FALL = 2.0  # of doubt, for each logit
_MIN_SHARE = 0.01  # of stories; a label that is rarer counts as so rare


@dataclass(frozen=True)
class Pick:
    """A story to be judged, why, and the label that is asked about, if it is one."""

    story_id: int
    reason: Reason
    label: str | None = None


def choose_next(numbers: Numbers, n_positive: Sequence[int], n_wanted: int) -> list[Pick]:
    """Stories in the order in which to judge them, none twice.

    numbers: of stories nobody has judged; n_positive: judged stories that carry each label. Where one kind runs out
    the others take its place.
    """
    n_each = n_wanted if len(numbers.ids) <= n_wanted else n_wanted // len(PATTERN) + 1
    free, reserved = numbers.take(~numbers.is_reserved), numbers.take(numbers.is_reserved)
    lanes: dict[Reason, Iterator[Pick]] = {
        "uncertain": iter(pick_uncertain(free, n_positive, 3 * n_each)),
        "rare": iter(pick_rare(free, n_positive, n_each)),
        "random": iter(pick_random(reserved, n_each)),
    }
    picks = dict[int, Pick]()
    while lanes and len(picks) < n_wanted:
        for reason in PATTERN:
            pick = next((one for one in lanes.get(reason, ()) if one.story_id not in picks), None)
            if pick is None:
                lanes.pop(reason, None)
            elif len(picks) < n_wanted:
                picks[pick.story_id] = pick
    return list(picks.values())


def pick_uncertain(numbers: Numbers, n_positive: Sequence[int], n: int) -> list[Pick]:
    """Stories near a threshold, rare labels first, unlike each other.

    A label that no model knows says nothing; where none does, the most diverse stories are taken.
    """
    doubt, label_of = weigh_doubt(numbers.margins, n_positive)
    best = _highest(doubt, _CANDIDATES * n)
    order = spread(numbers.vectors[best].astype(np.float32), doubt[best], n)
    return [Pick(int(numbers.ids[best[i]]), "uncertain", _label(numbers, label_of, best[i])) for i in order]


def pick_rare(numbers: Numbers, n_positive: Sequence[int], n: int) -> list[Pick]:
    """Stories that likely carry the labels of which the fewest were found, label by label in turn."""
    columns = [i for i in np.argsort(n_positive, kind="stable") if not np.isnan(numbers.margins[:, i]).all()]
    ranked = [_highest(np.nan_to_num(numbers.margins[:, i], nan=-np.inf), n) for i in columns]
    n_needed = _shares(n, [n_positive[i] for i in columns])
    picks = dict[int, Pick]()
    for column, order, needed in zip(columns, ranked, n_needed, strict=True):
        new = [i for i in order if int(numbers.ids[i]) not in picks][:needed]
        picks |= {int(numbers.ids[i]): Pick(int(numbers.ids[i]), "rare", numbers.labels[column]) for i in new}
    return list(picks.values())


def pick_random(numbers: Numbers, n: int) -> list[Pick]:
    """Stories by the number that is their own: a fair sample of all that came in, however often it is drawn from."""
    return [Pick(int(story_id), "random") for story_id in numbers.ids[_highest(-numbers.draw, n)]]


def pick_least_sure(numbers: Numbers, label: str, n: int) -> list[Pick]:
    """Of the stories that the model gives this label, those nearest to its threshold."""
    margins = numbers.margins[:, numbers.labels.index(label)]
    order = np.argsort(margins, kind="stable")
    return [Pick(int(numbers.ids[i]), "least_sure", label) for i in order if margins[i] >= 0][:n]


def weigh_doubt(margins: Floats, n_positive: Sequence[int]) -> tuple[Floats, NDArray[np.intp]]:
    """Per story how much a judgement tells, float32 [stories], and the label that it tells most of.

    A label's doubt is 1 at its threshold and falls with the logit's distance (a slower fall let the pool's odd stories
    in, and cost 0.01 macro-F1 over the first 500); weighed by the root of its rarity among the judged.
    """
    shares = (np.asarray(n_positive, np.float32) + 1) / (sum(n_positive) + len(n_positive) + 1e-9)
    weights = 1 / np.sqrt(np.maximum(shares, _MIN_SHARE))
    doubt = np.nan_to_num(weights * np.exp(-_FALL * np.abs(margins)), nan=0.0)
    if not doubt.shape[1]:
        return np.zeros(len(margins), np.float32), np.full(len(margins), -1)
    return doubt.max(axis=1).astype(np.float32), np.where(doubt.max(axis=1) > 0, doubt.argmax(axis=1), -1)


def spread(vectors: Floats, weights: Floats, n: int) -> list[int]:
    """Indices of n vectors far from each other, heavy ones first.

    Source: Sener & Savarese 2018, algorithm 1 (k-centre greedy), with the distance times the weight.
    """
    if not len(vectors):
        return []
    chosen = [int(weights.argmax())]
    distance = np.full(len(vectors), np.inf, np.float32)
    floor = max(float(weights.max()), 1e-6) * 1e-3  # without any doubt distance alone decides
    while len(chosen) < min(n, len(vectors)):
        to_last = np.maximum(0, 1 - vectors @ vectors[chosen[-1]])  # cosine distance, [V]
        distance = np.minimum(distance, to_last)
        gain = (distance + 1e-4) * np.maximum(weights, floor)  # the same text twice still has an order
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
    return chosen


def _highest(scores: Floats, n: int) -> NDArray[np.intp]:
    """Indices of the n highest, in order."""
    some = np.arange(len(scores)) if len(scores) <= n else np.argpartition(-scores, n)[:n]
    return some[np.argsort(-scores[some], kind="stable")]


def _shares(n: int, n_positive: Sequence[int]) -> list[int]:
    """How many of n picks each label gets: the fewer were found, the more."""
    weights = [1 / (1 + count) for count in n_positive]
    return [max(1, round(n * weight / sum(weights))) for weight in weights]


def _label(numbers: Numbers, label_of: NDArray[np.intp], i: Ids | np.intp) -> str | None:
    column = int(label_of[i])
    return numbers.labels[column] if column >= 0 else None
