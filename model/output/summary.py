"""The summary of a story: sentences chosen from it, verbatim."""

from collections.abc import Sequence

from copydesk.model.analysis import ScoredSentence, Summary, SummaryOptions
from copydesk.model.output.choice import Budget, Candidate, choose

_DEFAULT_SENTENCES = 3


def summarise(candidates: Sequence[Candidate], options: SummaryOptions) -> Summary:
    """The summary of a story whose sentences are `candidates`, in reading order.

    A story that fits is given whole. The summary is shorter than asked for only with a `note`; a
    headline of a listing has an empty one.
    """
    budget = _budget(options, len(candidates))
    chosen = choose(candidates, budget)
    note = None
    if not budget.in_characters and len(chosen) < min(budget.limit, len(candidates)):
        note = f"only {len(chosen)} of {len(candidates)} sentences can stand in a summary"
    elif not candidates:
        note = "a headline alone: there is no text to sum up"
    elif not chosen:
        shortest = min(len(c.text) for c in candidates)
        note = f"no sentence fits into {budget.limit} characters; the shortest has {shortest}"
    ranked = rank_sentences(chosen, by_key=True)
    if options.order == "rank":
        ranked = sorted(ranked, key=lambda sentence: sentence.rank)
    return Summary(" ".join(sentence.text for sentence in ranked), tuple(ranked), note)


def rank_sentences(candidates: Sequence[Candidate], *, by_key: bool = False) -> list[ScoredSentence]:
    """The candidates in reading order, each with its rank among them."""
    best_first = sorted(candidates, key=lambda c: (-(c.key if by_key else c.score), c.span))
    rank_of = {candidate.span: rank for rank, candidate in enumerate(best_first, 1)}
    in_order = sorted(candidates, key=lambda c: c.span)
    return [ScoredSentence(c.text, *c.span, c.score, rank_of[c.span], c.furniture, c.dangling) for c in in_order]


def _budget(options: SummaryOptions, n_sentences: int) -> Budget:
    if options.max_characters is not None:
        return Budget(options.max_characters, in_characters=True)
    if options.ratio is not None:
        return Budget(max(1, round(options.ratio * n_sentences)), in_characters=False)
    return Budget(options.sentences or _DEFAULT_SENTENCES, in_characters=False)
