"""How much of what an editor would print is in a summary, and what of it no editor would."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.model.analysis import Span
from copydesk.training.metrics.quality import Floats

CREDIT, FURNITURE, DANGLING = FIGURES = ("credit", "furniture", "dangling")
_ALSO = 0.5  # credit of a sentence that is nearly as good as the key


@dataclass(frozen=True)
class EditorsChoice:
    """What one editor says of an article's sentences, by their indices from 0.

    key: those to print, best first; also: nearly as good; furniture: no part of the text; dangling: cannot stand alone.
    """

    key: tuple[int, ...]
    also: frozenset[int]
    furniture: frozenset[int]
    dangling: frozenset[int]


def judge_summary(chosen: Collection[int], choices: Sequence[EditorsChoice]) -> Floats:
    """Means over the chosen sentences, float64 [FIGURES]; zeros where none is chosen.

    credit: 1 in an editor's key, 0.5 in `also`, else 0, as the editors' mean; furniture: an editor says so; dangling:
    an editor says so, and the sentence before is not chosen too.
    """
    sentences = sorted(set(chosen))
    if not sentences:
        return np.zeros(len(FIGURES))
    credit = np.mean([[_credit(i, choice) for choice in choices] for i in sentences])
    furniture = np.mean([any(i in choice.furniture for choice in choices) for i in sentences])
    dangling = np.mean([i - 1 not in sentences and any(i in one.dangling for one in choices) for i in sentences])
    return np.array([credit, furniture, dangling], np.float64)


def judge_editors(choices: Sequence[EditorsChoice]) -> Floats:
    """Each editor's key judged by each of the others, and their mean, float64 [FIGURES]; two editors at least."""
    pairs = [(one, other) for one in choices for other in choices if one is not other]
    means: Floats = np.mean([judge_summary(one.key, [other]) for one, other in pairs], axis=0)
    return means


def find_sentences(summary: Sequence[Span], sentences: Sequence[Span]) -> list[int]:
    """The indices of the sentences that a summary's spans took, whoever has split the text; rising, each once."""
    found = {find_sentence(span, sentences) for span in summary}
    return sorted(index for index in found if index is not None)


def find_sentence(span: Span, sentences: Sequence[Span]) -> int | None:
    """The sentence that shares most with the span, and more than half of the shorter of the two; none if none does."""
    shared = np.array([min(span.end, end) - max(span.start, start) for start, end in sentences])
    shorter = np.array([min(span.end - span.start, end - start) for start, end in sentences])
    shared[2 * shared <= shorter] = 0
    return int(shared.argmax()) if shared.any() else None


def _credit(index: int, choice: EditorsChoice) -> float:
    return 1.0 if index in choice.key else _ALSO if index in choice.also else 0.0
