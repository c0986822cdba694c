"""A text in pieces: each in one sentence, in one part of furniture, or in neither."""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Mapping

from typing_extensions import TypedDict

from copydesk.service.desk.store.judgements import Spans


class Piece(TypedDict):
    """A part of the text: where the sentence starts that it belongs to, and what furniture it is."""

    start: int
    end: int
    text: str
    sentence: int | None
    furniture: str | None


def cut(text: str, sentences: Spans, furniture: Spans, kinds: Mapping[int, str]) -> list[Piece]:
    """The pieces in order; joined they are the text. kinds: of furniture, by its start."""
    bounds = {0, len(text), *(at for span in (*sentences, *furniture) for at in span)}
    cuts = sorted(at for at in bounds if 0 <= at <= len(text))
    in_sentence, in_furniture = _finder(sentences), _finder(furniture)
    pieces: list[Piece] = []
    for start, end in itertools.pairwise(cuts):
        around = in_furniture(start)
        kind = None if around is None else kinds.get(around, "other")
        pieces.append(
            {"start": start, "end": end, "text": text[start:end], "sentence": in_sentence(start), "furniture": kind}
        )
    return pieces


def _finder(spans: Spans) -> Callable[[int], int | None]:
    """Finds the start of the span that holds a place; spans may not overlap."""
    ordered = sorted(spans)
    starts = [start for start, _ in ordered]

    def find(at: int) -> int | None:
        i = bisect_right(starts, at) - 1
        return starts[i] if i >= 0 and at < ordered[i][1] else None

    return find
