"""Furniture inside a line: a photo credit or the time of publication before the story, credits and notices between its
sentences, a sub-heading, an agency's name and an invitation after it."""

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
_MAX_HEADING = 60  # characters of a sub-heading
_HEADING = re.compile(r"(?<=[a-z0-9\"”’)][.!?])\s+(?=\S+\s\S)[A-Z][^.!?…:;,\"“”()–—]{4,80}[^\W_]$")
_LEADING_CREDIT = re.compile(rf"{CREDIT.pattern}(?:[\w.'’-]+[ /,]+){{0,6}}{AGENCY}\s+(?=[A-Z“\"])")
_PUBLISHED = re.compile(
    r"By [A-Z].{2,80}? (?:PUBLISHED|Published|UPDATED|Updated):? .{4,40}?\d{4}(?: \| ?(?:UPDATED|Updated):? .{4,40}?\d{4})?\s+"
    r"(?=[A-Z“\"])"
)
_INSETS = {
    "caption": re.compile(
        r"\((?:[^()]{0,80}\b)?(?:(?:AP |[Ff]ile )?[Pp]hotos?|PHOTOS?|[Ii]mages?|[Pp]hotograph|(?:Image )?Credit:)\b[^()]{0,80}\)"
        rf"|\([^()]{{3,80}}/\s?{AGENCY}\)"
    ),
    "other": re.compile(
        r"(?<=[.!?\"”’)])\s+(?:(?:Story|Article) continues? below(?: (?:this )?(?:advertisement|ad))?|ADVERTISEMENT|Advertisement|"
        r"Continue reading the main story|Media playback is unsupported on your device)\.?(?=\s+[A-Z“\"])"
    ),
}

# What each cannot do without: to look for a word is far faster than for a pattern.
_INSET_WORDS = {
    "caption": ("(",),
    "other": ("ontinue", "ADVERTISEMENT", "Advertisement", "Media playback"),
}
_PLACEHOLDER_ENDS = ("]", "}", ">")
_MAX_SIGN_OFF = 100  # characters; four agencies


@dataclass(frozen=True)
class Trimmed:
    """What remains of a line as body, and what was cut off around it and out of it."""

    body: tuple[Span, ...]
    furniture: tuple[Furniture, ...]


def trim_line(line: Line, *, is_last: bool = True) -> Trimmed:
    """The line without the furniture inside it; a line in doubt stays whole, and something always stays.

    is_last: no other line of the story follows; what it ends with may be a sentence that was cut.
    """
    start, parts = _trim_start(line)
    end, cut = _trim_end(line, start, is_last=is_last)
    if end <= start:
        return Trimmed((Span(line.start, line.end),), ())
    insets = _find_insets(line, start, end)
    edges = [line.start + start, *(at for part in insets for at in (part.start, part.end)), line.start + end]
    body = [_strip(line, *pair) for pair in zip(edges[::2], edges[1::2], strict=True)]
    return Trimmed(tuple(span for span in body if span.end > span.start), (*parts, *insets, *cut))


def _strip(line: Line, start: int, end: int) -> Span:
    """The range of the text without white space at its ends."""
    piece = line.text[start - line.start : end - line.start]
    return Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))


def _find_insets(line: Line, start: int, end: int) -> list[Furniture]:
    """Credits and notices between the sentences of a long line, in order."""
    if end - start < _MIN_LINE:
        return []
    found = [
        (match.end() - len(match.group().lstrip()), match.end(), kind)
        for kind, pattern in _INSETS.items()
        if any(map(line.text.__contains__, _INSET_WORDS[kind]))
        for match in pattern.finditer(line.text, start, end)
    ]
    kept: list[Furniture] = []
    for first, last, kind in sorted(found):
        if not kept or line.start + first >= kept[-1].end:
            kept.append(Furniture(line.start + first, line.start + last, kind))
    return kept


def _trim_start(line: Line) -> tuple[int, list[Furniture]]:
    """Where the body begins: after a byline with the time of publication, a credit that ends with an agency, or a
    caption whose credit is followed by a dateline."""
    for pattern, kind in ((_PUBLISHED, "timestamp"), (_LEADING_CREDIT, "caption")):
        if len(line.text) >= _MIN_LINE and (match := pattern.match(line.text)):
            end = len(match.group().rstrip())
            return match.end(), [Furniture(line.start, line.start + end, kind)]
    credit = CREDIT.search(line.text, 0, 600)
    if credit is None or len(line.text) < _MIN_LINE:
        return 0, []
    dateline = _DATELINE.search(line.text, credit.end(), credit.end() + 160)
    if dateline is None or dateline.start() == credit.end():
        return 0, []
    cut = len(line.text[: dateline.start()].rstrip())
    return dateline.start(), [Furniture(line.start, line.start + cut, "caption")]


def _trim_end(line: Line, start: int, *, is_last: bool) -> tuple[int, list[Furniture]]:
    """Where the body ends, sentence by sentence from the back."""
    end, cut = len(line.text), list[Furniture]()
    if not is_last and (heading := _HEADING.search(line.text, max(start, end - _MAX_HEADING - 1))):
        begin = heading.end() - len(heading.group().lstrip())
        cut.append(Furniture(line.start + begin, line.start + end, "heading"))
        end = heading.start()
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
    if tail.rstrip().endswith(_PLACEHOLDER_ENDS) and (match := _PLACEHOLDER.search(tail)):
        return tail_start + match.start(), "other"
    if match := _SIGN_OFF.search(tail, max(0, len(tail) - _MAX_SIGN_OFF)):
        return tail_start + match.start(), "byline"
    if end - start < _MIN_LINE or not _has_invitation(tail):
        return None
    sentences = split_sentences(text, Span(tail_start, end))
    last = sentences[-1]
    if last.start == tail_start and tail_start > start:
        return None
    if sign_off := re.match(rf"{AGENCY}\s+(?=[A-Z])", text[last.start : end]):
        last = Span(last.start + sign_off.end(), end)
    kind = _kind_of_invitation(text[last.start : last.end])
    return None if kind is None else (last.start, kind)


def _has_invitation(text: str) -> bool:
    """Whether one of its sentences may be one: to count words is faster than to find sentences."""
    cues = _count_by_kind(text, words_of(text))
    return max(cues[kind] for kind in _PEELED) >= _MIN_CUES


def _count_by_kind(text: str, words: list[str]) -> dict[str, float]:
    return dict(zip(KINDS, count_cues(text, words), strict=True))


def _kind_of_invitation(sentence: str) -> str | None:
    """The kind of a sentence that asks the reader for something; none for a sentence of a story."""
    words = words_of(sentence)
    cues = _count_by_kind(sentence, words)
    kind = max(_PEELED, key=cues.__getitem__)
    if cues[kind] < _MIN_CUES or cues[kind] < _MIN_SHARE * len(words) or sentence[0] in "\"'“‘«":
        return None
    return kind
