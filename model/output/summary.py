"""Choosing summary sentences: most salient first, without repetition, within a budget, verbatim."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copydesk.model.analysis import ScoredSentence, Span, Summary, SummaryOptions

_DEFAULT_SENTENCES = 3
_MIN_WORDS = 4
# Share of a sentence's trigrams that may stand in the summary already. Blocking on a single one (Paulus et al. 2018)
# costs 0.6 ROUGE-1 on DailyMail, not blocking at all 0.4; 0.1 to 0.5 differ by less than 0.2.
_MAX_REPEATED = 0.2
# Salience logits that a sentence loses per ln(words): of two that say as much, the shorter one. On 1,200 articles 0.2
# to 0.35 gain 0.3 to 0.5 ROUGE-1 on CNN and cost nothing on DailyMail; 0.4 begins to cost.
_BREVITY = 0.25
_WORD = re.compile(r"\w+")
_QUESTION = re.compile(r"\?[\"'”’»)\]]*$")
# An item of a list is no prose; even less is a row of a table, or what only leads up to what follows.
_ITEM = re.compile(r"(?:[-*+•·▪]|\d{1,2}[.)])\s")
_ROW_OR_LEAD = re.compile(r"\|\s|.*:\W*$", re.DOTALL)


@dataclass(frozen=True)
class Candidate:
    """A sentence that may enter a summary: `key` orders the candidates, `score` is what the user is shown.

    is_furniture: it tells nothing of the story, such as a credit or a notice.
    """

    text: str
    span: Span
    score: float
    key: float
    is_furniture: bool = False


@dataclass(frozen=True)
class _Budget:
    """How much a summary may hold: `limit` sentences, or characters of its joined text."""

    limit: int
    in_characters: bool


class _Room:
    """What is left of a budget."""

    def __init__(self, budget: _Budget) -> None:
        self._budget = budget
        self._left = budget.limit + budget.in_characters  # behind the last sentence stands no space

    def take(self, candidate: Candidate) -> bool:
        """Whether the candidate fits; if it does, its room is taken."""
        size = len(candidate.text) + 1 if self._budget.in_characters else 1
        fits = size <= self._left
        self._left -= size * fits
        return fits


def summarise(candidates: Sequence[Candidate], options: SummaryOptions) -> Summary:
    """The summary of a story whose sentences are `candidates`, in reading order.

    First come sentences of which at most a fifth has been said by those already chosen; when they run out, the others
    fill up. A story that fits is given whole. The summary is shorter than asked for only with a `note`.
    """
    budget = _budget(options, len(candidates))
    chosen = _choose(candidates, budget)
    note = None
    if not budget.in_characters and len(chosen) < min(budget.limit, len(candidates)):
        note = f"only {len(chosen)} of {len(candidates)} sentences can stand in a summary"
    elif not chosen and candidates:
        shortest = min(len(c.text) for c in candidates)
        note = f"no sentence fits into {budget.limit} characters; the shortest has {shortest}"
    ranked = rank_sentences(chosen, by_key=True)
    if options.order == "rank":
        ranked = sorted(ranked, key=lambda sentence: sentence.rank)
    return Summary(" ".join(sentence.text for sentence in ranked), tuple(ranked), note)


def rank_sentences(candidates: Sequence[Candidate], *, by_key: bool = False) -> list[ScoredSentence]:
    """The candidates in reading order, each with its rank among them."""
    best_first = sorted(candidates, key=lambda c: (-(_worth(c) if by_key else c.score), c.span))
    rank_of = {candidate.span: rank for rank, candidate in enumerate(best_first, 1)}
    in_order = sorted(candidates, key=lambda c: c.span)
    return [ScoredSentence(c.text, c.span.start, c.span.end, c.score, rank_of[c.span]) for c in in_order]


def _choose(candidates: Sequence[Candidate], budget: _Budget) -> list[Candidate]:
    """Prose that says something new, then prose that repeats, then fragments, as long as there is room."""
    room = _Room(budget)
    if all(map(room.take, candidates)):
        return list(candidates)
    room = _Room(budget)
    best_first = sorted(
        filter(_can_stand_alone, candidates), key=lambda c: (_distance_from_prose(c), -_worth(c), c.span)
    )
    chosen: list[Candidate] = []
    put_off: list[Candidate] = []
    seen: set[tuple[str, ...]] = set()
    for candidate in best_first:
        trigrams = set(_trigrams(candidate.text))
        if _distance_from_prose(candidate) or len(trigrams & seen) > _MAX_REPEATED * len(trigrams):
            put_off.append(candidate)
        elif room.take(candidate):
            chosen.append(candidate)
            seen |= trigrams
    texts = {candidate.text for candidate in chosen}
    for candidate in put_off:
        if candidate.text not in texts and room.take(candidate):
            chosen.append(candidate)
            texts.add(candidate.text)
    return chosen


def _budget(options: SummaryOptions, n_sentences: int) -> _Budget:
    if options.max_characters is not None:
        return _Budget(options.max_characters, in_characters=True)
    if options.ratio is not None:
        return _Budget(max(1, round(options.ratio * n_sentences)), in_characters=False)
    return _Budget(options.sentences or _DEFAULT_SENTENCES, in_characters=False)


def _worth(candidate: Candidate) -> float:
    return candidate.key - _BREVITY * math.log(max(_MIN_WORDS, _count_words(candidate.text)))


def _can_stand_alone(candidate: Candidate) -> bool:
    """No single words, no furniture, no questions to the reader."""
    is_short = _count_words(candidate.text) < _MIN_WORDS
    return not (is_short or candidate.is_furniture or _QUESTION.search(candidate.text))


def _distance_from_prose(candidate: Candidate) -> int:
    """0 for prose, 1 for an item of a list, 2 for a row of a table or a line that leads up to something."""
    if _ROW_OR_LEAD.match(candidate.text):
        return 2
    return int(_ITEM.match(candidate.text) is not None)


def _count_words(text: str) -> int:
    return len(_WORD.findall(text))


def _trigrams(text: str) -> Iterable[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return zip(words, words[1:], words[2:], strict=False)
