"""The lines of a text, with their offsets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from copydesk.model.page.sentences import find_column, is_hard_wrapped, is_wrapped_pair

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Line:
    """A line without the white space around it; `text[start:end]` is its `text`.

    A hard-wrapped paragraph is one line. `is_after_blank` is true when an empty line stands before it.
    """

    start: int
    end: int
    text: str
    is_after_blank: bool


def split_lines(text: str) -> list[Line]:
    """The non-blank lines of a text, in order; together they hold every character that is not white space."""
    lines: list[Line] = []
    paragraphs = list(_paragraphs(text))
    column = find_column([line.text for line in paragraph] for paragraph in paragraphs)
    for paragraph in paragraphs:
        if column and _is_wrapped(paragraph, column):
            start, end = paragraph[0].start, paragraph[-1].end
            lines.append(Line(start, end, text[start:end], paragraph[0].is_after_blank))
        else:
            lines += paragraph
    return lines


def _paragraphs(text: str) -> Iterator[list[Line]]:
    paragraph: list[Line] = []
    for line in _single_lines(text):
        if line.is_after_blank and paragraph:
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _single_lines(text: str) -> Iterator[Line]:
    last_end = 0
    for match in _LINE.finditer(text):
        line = match.group()
        stripped = line.strip()
        if not stripped:
            continue
        start = match.start() + len(line) - len(line.lstrip())
        is_after_blank = text.count("\n", last_end, start) > 1
        last_end = start + len(stripped)
        yield Line(start, last_end, stripped, is_after_blank)


def _is_wrapped(paragraph: list[Line], column: int) -> bool:
    """Hard-wrapped, and no list: half of its lines after the first go on with a small letter."""
    texts = [line.text for line in paragraph]
    continued = sum(not line.text[0].isupper() and line.text[0].isalpha() for line in paragraph[1:])
    return 2 * continued >= len(paragraph) - 1 and (is_hard_wrapped(texts) or is_wrapped_pair(texts, column))
