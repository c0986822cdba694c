"""Which sentences stand in a summary: the most salient that read as one, within a budget."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analysis import Span

_FOUR_WORDS = re.compile(r"\W*(?:\w+\W+){3}\w")  # fewer tell nothing
# Share of a sentence's trigrams that may stand in the summary already. Blocking on a single one (Paulus et al. 2018)
# costs 0.6 ROUGE-1 on DailyMail, not blocking at all 0.4; 0.1 to 0.5 differ by less than 0.2.
_MAX_REPEATED = 0.2
_SAYS_THE_SAME = 0.95  # cosine of two sentences' vectors; of 450 pairs that editors print together none is above 0.934
_MAX_COMPARED = 100  # chosen sentences whose vectors are compared: that of a book takes time in proportion to it
_WORD = re.compile(r"\w+")
_QUESTION = re.compile(r"\?[\"'”’»)\]]*$")
# An item of a list is no prose; even less is a row of a table, or what only leads up to what follows.
_ITEM = re.compile(r"(?:[-*+•·▪]|\d{1,2}[.)])\s")
_ROW_OR_LEAD = re.compile(r"\|\s|.*:\W*$", re.DOTALL)


@dataclass(frozen=True)
class Candidate:
    """A sentence that may enter a summary: `key` orders the candidates, `score` is what the user is shown.

    furniture, dangling: how likely it is no part of the story, or cannot stand alone; is_furniture: it is not shown;
    leans: it is shown behind the sentence before it alone; vector: float32 [width], of length 1, or none where nothing
    is known of what it says.
    """

    text: str
    span: Span
    score: float
    key: float
    furniture: float = 0.0
    dangling: float = 0.0
    is_furniture: bool = False
    leans: bool = False
    vector: NDArray[np.float32] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Budget:
    """How much a summary may hold: `limit` sentences, or characters of its joined text."""

    limit: int
    in_characters: bool


class _Room:
    """What is left of a budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._left = budget.limit + budget.in_characters  # behind the last sentence stands no space

    @property
    def is_full(self) -> bool:
        """Nothing fits."""
        return self._left <= self._budget.in_characters

    def take(self, candidate: Candidate) -> bool:
        """Whether the candidate fits; if it does, its room is taken."""
        size = len(candidate.text) + 1 if self._budget.in_characters else 1
        fits = size <= self._left
        self._left -= size * fits
        return fits


class _Said:
    """What the chosen sentences say, by their trigrams and vectors."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._trigrams: set[tuple[str, ...]] = set()
        vectors = [candidate.vector for candidate in candidates if candidate.vector is not None]
        self._vectors = np.stack(vectors) if len(vectors) == len(candidates) else None
        self._closest = np.full(len(candidates), -1.0, np.float32)
        self._n_added = 0

    def holds(self, index: int, candidate: Candidate) -> bool:
        """The candidate says what has been said."""
        trigrams = set(_trigrams(candidate.text))
        repeats = len(trigrams & self._trigrams) > _MAX_REPEATED * len(trigrams)
        return repeats or bool(self._closest[index] > _SAYS_THE_SAME)

    def add(self, index: int, candidate: Candidate) -> None:
        """The candidate is chosen."""
        self._trigrams |= set(_trigrams(candidate.text))
        if self._vectors is not None and self._n_added < _MAX_COMPARED:
            self._n_added += 1
            np.maximum(self._closest, self._vectors @ self._vectors[index], out=self._closest)


def choose(candidates: Sequence[Candidate], budget: Budget) -> list[Candidate]:
    """Prose that says something new, then what repeats, then fragments, as long as there is room.

    candidates: in reading order. One that leans is prose only behind the one it leans on. What fits is given whole.
    """
    room = _Room(budget)
    if all(map(room.take, candidates)):
        return list(candidates)
    room, said = _Room(budget), _Said(candidates)
    chosen: list[Candidate] = []
    put_off: list[Candidate] = []
    for index in (order := _Order(candidates)):
        if room.is_full:
            break
        candidate = candidates[index]
        if said.holds(index, candidate):
            put_off.append(candidate)
        elif room.take(candidate):
            chosen.append(candidate)
            said.add(index, candidate)
            order.follow(index)
    texts = {candidate.text for candidate in chosen}
    for candidate in () if room.is_full else (*put_off, *order.rest()):
        if candidate.text not in texts and room.take(candidate):
            chosen.append(candidate)
            texts.add(candidate.text)
    return chosen


class _Order:
    """The prose among the candidates, best first; what leans comes up once the sentence before it is chosen."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates
        able = [i for i, candidate in enumerate(candidates) if _can_stand_alone(candidate)]
        self._fragments = [i for i in able if _distance_from_prose(candidates[i])]
        prose = set(able) - set(self._fragments)
        self._leaning = {i for i in prose if candidates[i].leans}
        self._heap = [(-candidates[i].key, i) for i in prose - self._leaning]
        heapify(self._heap)

    def __iter__(self) -> Iterator[int]:
        while self._heap:
            yield heappop(self._heap)[1]

    def follow(self, index: int) -> None:
        """The sentence after this one, which is chosen, no longer dangles."""
        if index + 1 in self._leaning:
            self._leaning.remove(index + 1)
            heappush(self._heap, (-self._candidates[index + 1].key, index + 1))

    def rest(self) -> list[Candidate]:
        """What never came up: sentences that lean on none of the chosen, then fragments, each best first."""
        later = [*self._leaning, *self._fragments]
        ranks = sorted((_distance_from_prose(self._candidates[i]), -self._candidates[i].key, i) for i in later)
        return [self._candidates[i] for *_, i in ranks]


def _can_stand_alone(candidate: Candidate) -> bool:
    """No single words, no furniture, no questions to the reader."""
    is_prose = _FOUR_WORDS.match(candidate.text) and not candidate.is_furniture
    return bool(is_prose and not ("?" in candidate.text and _QUESTION.search(candidate.text)))


def _distance_from_prose(candidate: Candidate) -> int:
    """0 for prose, 1 for an item of a list, 2 for a row of a table or a line that leads up to something."""
    if _ROW_OR_LEAD.match(candidate.text):
        return 2
    return int(_ITEM.match(candidate.text) is not None)


def _trigrams(text: str) -> Iterable[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return zip(words, words[1:], words[2:], strict=False)
