"""Choosing summary sentences: most salient first, without repetition, within a budget, verbatim."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copydesk.model.analysis import ScoredSentence, Span, Summary, SummaryOptions

DEFAULT_SENTENCES = 3
_MIN_WORDS = 4
# Share of a sentence's trigrams that may stand in the summary already. Blocking on a single one (Paulus et al. 2018)
# costs 0.6 ROUGE-1 on DailyMail, not blocking at all 0.4; 0.1 to 0.5 differ by less than 0.2.
_MAX_REPEATED = 0.2
# Salience logits that a sentence loses per ln(words): of two that say as much, the shorter one. On 1,200 articles 0.2
# to 0.35 gain 0.3 to 0.5 ROUGE-1 on CNN and cost nothing on DailyMail; 0.4 begins to cost.
_BREVITY = 0.25
_WORD = re.compile(r"\w+")
_QUESTION = re.compile(r"\?[\"'”’»)\]]*$")
_BYLINE = re.compile(
    r"(?:story |words |reporting |written )?by(?: [\w.'’-]+){0,5} [\w'’-]+", re.IGNORECASE
)  # and nothing else
# What sites put between paragraphs; a sentence that tells something does not begin so.
_NOTICE = re.compile(
    r"(?:read (?:more|also|next)\b|see (?:also|more)\b|more (?:on|from) this\b|related(?: articles?| stor(?:y|ies))?:|"
    r"(?:watch|listen):|click (?:here|to)\b|sign up\b|subscribe\b|follow us\b|share this\b|advertisement\W*$|"
    r"(?:file )?(?:photo(?:graph)?|image|picture|caption|credit|video)s?(?: by)? ?:|"
    r"(?:published|updated|posted|last (?:updated|modified)) ?:|©|copyright (?:©|\(c\)|\d{4})|all rights reserved)",
    re.IGNORECASE,
)

# Who took the picture, or who wrote the article: "(... / Handout via Reuters)", "He can be reached at @name."
_CREDIT = re.compile(
    r"\bAP Photo\b|/ ?(?:AP|AFP|EPA|Reuters|Getty(?: Images)?|Handout)\b|"
    r"\bvia (?:AP|AFP|EPA|Reuters|Getty(?: Images)?)\W*$|"
    r"\b(?:can be reached at|is a (?:freelance|nonprofit|non-profit) (?:writer|journalist|reporter|newsroom))\b|"
    r"^(?:full disclosure|editor['’]s note|about the authors?)\b ?:?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A sentence that may enter a summary: `key` orders the candidates, `score` is what the user is shown."""

    text: str
    span: Span
    score: float
    key: float


@dataclass(frozen=True)
class _Budget:
    """How much a summary may hold: `limit` sentences, or characters of its joined text."""

    limit: int
    in_characters: bool

    def has_room(self, chosen: Sequence[Candidate], candidate: Candidate) -> bool:
        if not self.in_characters:
            return len(chosen) < self.limit
        return sum(len(c.text) + 1 for c in chosen) + len(candidate.text) <= self.limit


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
    if _fits_whole(candidates, budget):
        return list(candidates)
    best_first = sorted(filter(_can_stand_alone, candidates), key=lambda c: (-_worth(c), c.span))
    chosen: list[Candidate] = []
    seen: set[tuple[str, ...]] = set()
    put_off = []
    for candidate in best_first:
        trigrams = set(_trigrams(candidate.text))
        if len(trigrams & seen) > _MAX_REPEATED * len(trigrams):
            put_off.append(candidate)
        elif budget.has_room(chosen, candidate):
            chosen.append(candidate)
            seen |= trigrams
    for candidate in put_off:
        is_new = all(candidate.text != other.text for other in chosen)
        if is_new and budget.has_room(chosen, candidate):
            chosen.append(candidate)
    return chosen


def _budget(options: SummaryOptions, n_sentences: int) -> _Budget:
    if options.max_characters is not None:
        return _Budget(options.max_characters, in_characters=True)
    if options.ratio is not None:
        return _Budget(max(1, round(options.ratio * n_sentences)), in_characters=False)
    return _Budget(options.sentences or DEFAULT_SENTENCES, in_characters=False)


def _fits_whole(candidates: Sequence[Candidate], budget: _Budget) -> bool:
    size = sum(len(c.text) + 1 for c in candidates) - 1 if budget.in_characters else len(candidates)
    return size <= budget.limit


def _worth(candidate: Candidate) -> float:
    return candidate.key - _BREVITY * math.log(max(_MIN_WORDS, _count_words(candidate.text)))


def _can_stand_alone(candidate: Candidate) -> bool:
    """No single words, bylines, captions, credits, notices, or questions to the reader."""
    text = candidate.text
    is_short = _count_words(text) < _MIN_WORDS
    is_furniture = _NOTICE.match(text) or _CREDIT.search(text) or _BYLINE.fullmatch(text)
    return not (is_short or is_furniture or _QUESTION.search(text))


def _count_words(text: str) -> int:
    return len(_WORD.findall(text))


def _trigrams(text: str) -> Iterable[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return zip(words, words[1:], words[2:], strict=False)
