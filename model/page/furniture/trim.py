"""Furniture inside a line: a photo credit before the story, an agency's name and an invitation after it."""

import re
from dataclasses import dataclass

from copydesk.model.analysis import Furniture, Span
from copydesk.model.page.furniture.notices import AGENCY, CREDIT
from copydesk.model.page.lines import Line
from copydesk.model.page.roles.cues import KINDS, count_cues, words_of
from copydesk.model.page.sentences import split_sentences

_MAX_PIECE = 400  # characters; no invitation is longer
_MIN_LINE = 200  # characters; a shorter line is furniture or it is not
_MIN_CUES = 3.0
_MIN_SHARE = 0.3
_PEELED = ("share", "subscribe", "comments", "copyright", "related", "other")

_SIGN_OFF = re.compile(rf"(?<=[.!?\"'”’)])\s+[-—–(\[]?\s?({AGENCY}(?:\s?[/,]\s?{AGENCY})*)[)\]]?\.?$")
_PLACEHOLDER = re.compile(
    r"\s*(?:\[\[[^\[\]]{1,40}\]\]|\[/?[a-z_]+[^\[\]]{0,80}\]|\{\{[^{}]{1,80}\}\}|<[^<>]{1,80}>)\s*$"
)
_DATELINE = re.compile(
    r"(?:(?:HONG|NEW|SAN|LOS|LAS|SAINT|ST|PORT|KUALA|PHNOM|ADDIS|TEL|ABU|BUENOS|RIO|MEXICO|CAPE|SAO|SÃO|HO CHI|BANDAR|SRI|UNITED|"
    r"GUATEMALA|PANAMA|KUWAIT|QUEZON|VATICAN|SALT LAKE|WASHINGTON,|SANTA|EL|LA|DEN|THE|NORTH|SOUTH|EAST|WEST)\s)?"
    r"[A-ZÀ-ÞŚŁŻ][A-ZÀ-ÞŚŁŻ'’.-]+(?:[/,]\s?[A-Z][\w. ]{1,30})?\s(?:\([\w .,/-]{2,40}\)\s?)?[-—–]{1,2}\s"
)


@dataclass(frozen=True)
class Trimmed:
    """What remains of a line as body, and what was cut off around it."""

    body: Span
    furniture: tuple[Furniture, ...]


def trim_line(line: Line) -> Trimmed:
    """The line without the furniture at its start and end; a line in doubt stays whole, and something always stays."""
    start, parts = _trim_start(line)
    end, cut = _trim_end(line, start)
    if end <= start:
        return Trimmed(Span(line.start, line.end), ())
    return Trimmed(Span(line.start + start, line.start + end), tuple(parts + cut))


def _trim_start(line: Line) -> tuple[int, list[Furniture]]:
    """Where the body begins: after a caption whose credit is followed by a dateline."""
    credit = CREDIT.search(line.text, 0, 600)
    if credit is None or len(line.text) < _MIN_LINE:
        return 0, []
    dateline = _DATELINE.search(line.text, credit.end(), credit.end() + 160)
    if dateline is None or dateline.start() == credit.end():
        return 0, []
    cut = len(line.text[: dateline.start()].rstrip())
    return dateline.start(), [Furniture(line.start, line.start + cut, "caption")]


def _trim_end(line: Line, start: int) -> tuple[int, list[Furniture]]:
    """Where the body ends, sentence by sentence from the back."""
    end, cut = len(line.text), list[Furniture]()
    while end > start:
        piece = _last_piece(line.text, start, end)
        if piece is None:
            break
        at, kind = piece
        begin = at + len(line.text[at:end]) - len(line.text[at:end].lstrip())
        cut.append(Furniture(line.start + begin, line.start + end, kind))
        end = _without_space(line.text, start, at)
    return end, cut[::-1]


def _without_space(text: str, start: int, end: int) -> int:
    """The end of `text[start:end]` without the white space there."""
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _last_piece(text: str, start: int, end: int) -> tuple[int, str] | None:
    """Offset and kind of the piece of furniture that ends at `end`, if one does."""
    tail_start = max(start, end - _MAX_PIECE)
    tail = text[tail_start:end]
    if match := _PLACEHOLDER.search(tail):
        return tail_start + match.start(), "other"
    if match := _SIGN_OFF.search(tail):
        return tail_start + match.start(), "byline"
    if end - start < _MIN_LINE:
        return None
    sentences = split_sentences(text, Span(tail_start, end))
    last = sentences[-1]
    if last.start == tail_start and tail_start > start:
        return None
    if sign_off := re.match(rf"{AGENCY}\s+(?=[A-Z])", text[last.start : end]):
        last = Span(last.start + sign_off.end(), end)
    kind = _kind_of_invitation(text[last.start : last.end])
    return None if kind is None else (last.start, kind)


def _kind_of_invitation(sentence: str) -> str | None:
    """The kind of a sentence that asks the reader for something; none for a sentence of a story."""
    words = words_of(sentence)
    cues = dict(zip(KINDS, count_cues(sentence, words), strict=True))
    kind = max(_PEELED, key=cues.__getitem__)
    if cues[kind] < _MIN_CUES or cues[kind] < _MIN_SHARE * len(words) or sentence[0] in "\"'“‘«":
        return None
    return kind
