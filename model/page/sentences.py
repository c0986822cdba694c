"""Sentence boundaries, as offsets into the text.

The rules for where a sentence ends are sentencex's, mended for English (stops.py, boundaries.py). Ours is what
surrounds them: a sentence never crosses a line break, unless the text is hard-wrapped (an e-mail, a wire feed), where
a line break is only a space.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from copydesk.model.analysis import Span
from copydesk.model.page.boundaries import check_start, stand_in
from copydesk.model.page.segmenter import find_starts, narrow_spaces
from copydesk.model.page.stops import judge_stops

_PARAGRAPH = re.compile(r"(?:[^\n]+\n?)+")
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE_END = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*\s*$")
_WRAP_WIDTH = range(40, 101)  # columns at which e-mail, wire feeds and old archives wrap
_MIN_WRAPPED_LINES = 3
_PAIR = 2


def split_sentences(text: str, span: Span | None = None) -> list[Span]:
    """Spans of the sentences inside `span` (default: all of `text`), in order, without surrounding white space.

    Every character that is not white space belongs to exactly one sentence. A piece without any letter ("* * *",
    a lone quote mark) is joined to the sentence before it on the same line.
    """
    start, end = span or Span(0, len(text))
    flat = narrow_spaces(_unwrap(text[start:end]))
    line_starts = [0, *accumulate(map(len, flat.splitlines(keepends=True)))]
    inner_starts = _find_inner_starts(flat, line_starts)
    spans: list[Span] = []
    for begin, stop in pairwise(sorted(inner_starts.union(line_starts))):
        piece = flat[begin:stop].strip()
        if not piece:
            continue
        first = start + flat.index(piece[0], begin)
        if piece[0].isalpha() or begin not in inner_starts or not spans or _LETTER.search(piece):
            spans.append(Span(first, first + len(piece)))
        else:
            spans[-1] = Span(spans[-1].start, first + len(piece))
    return spans


def begin_lines(text: str, sentences: Sequence[Span]) -> list[bool]:
    """Whether each of the sentences, in reading order, is the first one on its line."""
    between = (text[before.end : sentence.start] for before, sentence in pairwise(sentences))
    return [True] * bool(sentences) + ["\n" in gap for gap in between]


def _find_inner_starts(text: str, line_starts: list[int]) -> set[int]:
    """Offsets at which sentences start within lines; the last of line_starts is the text's length."""
    read, is_cased = stand_in(text), not text.islower()
    starts: set[int] = set()
    for begin, end in pairwise(line_starts):
        line = read[begin:end].rstrip()
        for offset in find_starts(line) if line else ():
            start = begin + offset
            if read[start - 1] == " " and not read[start].islower():
                starts.add(start)
            elif (checked := check_start(read, start, is_cased=is_cased)) is not None:
                starts.add(checked)
    verdicts = judge_stops(text)
    return ((starts - verdicts.inner) | verdicts.starts).difference(line_starts)


def _unwrap(text: str) -> str:
    """The text with the line breaks inside hard-wrapped paragraphs turned into spaces; its length never changes."""
    if "\n" not in text:
        return text
    text = text.replace("\r\n", " \n")
    column = find_column(paragraph.rstrip("\n").split("\n") for paragraph in _PARAGRAPH.findall(text))
    return _PARAGRAPH.sub(lambda match: _join_lines(match.group(), column), text) if column else text


def _join_lines(paragraph: str, column: int) -> str:
    body = paragraph.rstrip("\n")
    lines = body.split("\n")
    if not is_hard_wrapped(lines) and not is_wrapped_pair(lines, column):
        return paragraph
    return body.replace("\n", " ") + paragraph[len(body) :]


def find_column(paragraphs: Iterable[Sequence[str]]) -> int:
    """The column at which a text is hard-wrapped; 0 where it is not."""
    return max((max(map(len, lines)) for lines in paragraphs if is_hard_wrapped(lines)), default=0)


def is_wrapped_pair(lines: Sequence[str], column: int) -> bool:
    """True for two lines of a text that is hard-wrapped, of which the second goes on with the first."""
    if len(lines) != _PAIR or not lines[1][:1].islower():
        return False
    return 0.7 * column <= len(lines[0]) <= column and not _SENTENCE_END.search(lines[0])


def is_hard_wrapped(lines: Sequence[str]) -> bool:
    """True when lines break at a column, not at the end of a thought.

    All lines but the last are then nearly as long as the longest one, and most of them end in mid-sentence.
    """
    if len(lines) < _MIN_WRAPPED_LINES or max(map(len, lines)) not in _WRAP_WIDTH:
        return False
    full = [len(line.rstrip()) for line in lines[:-1]]
    longest = max(full)
    nearly_full = sum(length >= 0.7 * longest for length in full)
    open_ended = sum(not _SENTENCE_END.search(line) for line in lines[:-1])
    return nearly_full >= 0.8 * len(full) and open_ended >= 0.6 * len(full)
