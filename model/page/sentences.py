"""Sentence boundaries, as offsets into the text.

The rules for where a sentence ends are sentencex's. Ours is what surrounds them: a sentence never crosses a line
break, unless the text is hard-wrapped (an e-mail, a wire feed), where a line break is only a space.
"""

import re

import sentencex

from copydesk.model.analysis import Span

_PARAGRAPH = re.compile(r"(?:[^\n]+\n?)+")
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE_END = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*\s*$")
_WRAP_WIDTH = range(40, 101)  # columns at which e-mail, wire feeds and old archives wrap
_MIN_WRAPPED_LINES = 3


def split_sentences(text: str, span: Span | None = None, language: str = "en") -> list[Span]:
    """Spans of the sentences inside `span` (default: all of `text`), in order, without surrounding white space.

    Every character that is not white space belongs to exactly one sentence. A piece without any letter ("* * *",
    a lone quote mark) is joined to the sentence before it on the same line.
    """
    start, end = span or Span(0, len(text))
    flat = _unwrap(text[start:end])
    spans: list[Span] = []
    for line in _LINE.finditer(flat):
        spans += _split_line(line.group(), start + line.start(), language)
    return spans


def _split_line(line: str, offset: int, language: str) -> list[Span]:
    spans: list[Span] = []
    for boundary in sentencex.get_sentence_boundaries(language, line):
        piece = line[boundary["start_index"] : boundary["end_index"]]
        start = boundary["start_index"] + len(piece) - len(piece.lstrip())
        end = start + len(piece.strip())
        if start == end:
            continue
        if spans and not _LETTER.search(piece):
            spans[-1] = Span(spans[-1].start, offset + end)
        else:
            spans.append(Span(offset + start, offset + end))
    return spans


def _unwrap(text: str) -> str:
    """The text with the line breaks inside hard-wrapped paragraphs turned into spaces; its length never changes."""
    if "\n" not in text:
        return text
    text = text.replace("\r\n", " \n")
    return _PARAGRAPH.sub(lambda match: _join_lines(match.group()), text)


def _join_lines(paragraph: str) -> str:
    body = paragraph.rstrip("\n")
    if not is_hard_wrapped(body.split("\n")):
        return paragraph
    return body.replace("\n", " ") + paragraph[len(body) :]


def is_hard_wrapped(lines: list[str]) -> bool:
    """True when lines break at a column, not at the end of a thought.

    All lines but the last are then nearly as long as the longest one, and most of them end in mid-sentence.
    """
    full = [len(line.rstrip()) for line in lines[:-1]]
    if len(lines) < _MIN_WRAPPED_LINES or max(map(len, lines)) not in _WRAP_WIDTH:
        return False
    nearly_full = sum(length >= 0.7 * max(full) for length in full)
    open_ended = sum(not _SENTENCE_END.search(line) for line in lines[:-1])
    return nearly_full >= 0.8 * len(full) and open_ended >= 0.6 * len(full)
