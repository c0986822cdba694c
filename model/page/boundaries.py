"""Where sentencex starts a sentence wrongly in English, or misses one, beside abbreviations (stops.py).

Some signs are changed, one for one, in the text that it reads (`stand_in`). And a start that looks odd, because no
space stands before it or no capital in it, is looked at again (`check_start`).
"""

import re

from copydesk.model.page.stops import (
    BEFORE_CAPITAL,
    CLOSING,
    OPENING,
    ends_with_abbreviation,
    opens_line_or_sentence,
    opens_sentence,
)

_ELLIPSIS = re.compile(rf"…(?=[{CLOSING}]*+{BEFORE_CAPITAL})")
_BRACKETS = [  # two patterns, since one that begins with a certain sign is 50 times as fast as one that does not
    re.compile(rf"\{sign}(?<=[.!?…{CLOSING})\]]\{sign})(?={BEFORE_CAPITAL})") for sign in ")]"
]
_END_IN_BRACKET = re.compile(rf"(?<=[\w{CLOSING}])([.!?…]++)([{CLOSING})\]]*+)\Z")
_LONGEST_BRACKET = 500  # characters

_CONTEXT = 40  # characters before a start that decide
_QUOTED_END = re.compile(rf"[.!?…][{CLOSING})\]]*[{CLOSING}]\s+\Z")
_REFERENCE_END = re.compile(r"\.\s*(?:\[\d+\]\s*)+\Z")
_LIST_MARK = re.compile(r"(?:\A|[\n\r]|[.!?…:;]\s)\s*(\d{1,2}\.)\s*\Z")

_LONGEST_LINK = 300  # characters before and after the place
_ENDS_OF_HOSTS = "com|org|net|edu|pdf|docx?|xlsx?|html?|jpe?g|png|zip|csv|json|txt|js"
_DOUBTFUL_ENDS = "uk|eu|au|nz|jp|cn|ru|fr|ch|nl|tw|hk|kr|sg|tv|io|gov|info|local|lan"  # may be a sentence's first word
_LINK = re.compile(
    rf"""[^\w/]*(?:
        (?i: \S*(?: :// | \bwww\. | \w@\w )\S* )
        | (?: [\w-]+\.(?i:{_ENDS_OF_HOSTS})
            | [A-Z\d-]+\.(?:{_DOUBTFUL_ENDS.upper()})
            | [A-Z][\w-]*[a-z][\w-]*\.(?:{_DOUBTFUL_ENDS.title()})
            | (?:[\w-]{{2,}}\.){{2,}}[\w-]{{2,}}
        )(?: [/:?\#]\S* )?
    )[^\w/]*""",
    re.ASCII | re.VERBOSE,
)


def stand_in(text: str) -> str:
    """The text that sentencex reads instead, as long as the original.

    An ellipsis of one character becomes an end before a capital, as one of three is. An end in a bracket goes behind
    it, since sentencex ends no sentence within one: "(It rained). The mills closed."
    """
    for pattern in _BRACKETS:
        text = _end_behind_brackets(text, pattern)
    return _ELLIPSIS.sub("?", text) if "…" in text else text


def check_start(text: str, start: int, *, is_cased: bool) -> int | None:
    """Where the sentence really starts that sentencex starts at `start`; None if nowhere.

    For a start without a space before it or with a small letter. is_cased: the text has capitals.
    """
    while start < len(text) and text[start].isspace():
        start += 1
    if start == len(text):
        return None
    if mark := _LIST_MARK.search(text, max(0, start - _CONTEXT), start):
        return mark.start(1)
    last, next_ = text[start - 1], text[start]
    if next_ in ",;:)]":
        return None
    if last.isspace() and next_.islower():
        return _check_small_letter(text, start, is_cased)
    if last in "’'\"”" and text[start - 2 : start - 1].isspace() and next_.isalnum():
        return start - 1  # of "home. ’Tis", whose apostrophe sentencex takes for the end of a quotation
    if last in ".?!" and next_.isascii() and _is_in_link(text, start):
        return None
    return start


def _check_small_letter(text: str, start: int, is_cased: bool) -> int | None:
    if not is_cased or text[start + 1 : start + 2].isupper():  # iPhone
        return start
    begin = max(0, start - _CONTEXT)
    is_inner = _QUOTED_END.search(text, begin, start) or _REFERENCE_END.search(text, begin, start)
    return None if is_inner else start


def _is_in_link(text: str, start: int) -> bool:
    """A web or mail address, a host or a file's name surrounds the place."""
    head = text[max(0, start - _LONGEST_LINK) : start].split()[-1]
    tail = text[start : start + _LONGEST_LINK].split(maxsplit=1)[0]
    return len(head) == _LONGEST_LINK or _LINK.fullmatch(head + tail) is not None


def _end_behind_brackets(text: str, pattern: re.Pattern[str]) -> str:
    pieces, done = list[str](), 0
    for match in pattern.finditer(text):
        end = _END_IN_BRACKET.search(text, max(0, match.start() - 5), match.start())
        if end and _ends_with_bracket(text, end, match.end()):
            pieces += (text[done : end.start()], end[2], match[0], end[1])
            done = match.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _ends_with_bracket(text: str, end: re.Match[str], stop: int) -> bool:
    """The end mark in a bracket is not that of an abbreviation, or of a part of the sentence around it."""
    inside = text[max(0, end.start() - _LONGEST_BRACKET) : end.start()]
    opening = max(map(inside.rfind, "(["))
    if opening < 0 or opening < max(map(inside.rfind, ")]")):  # none opens in "1.) Cut the duty"
        return False
    begin = end.start() - len(inside) + opening
    if opens_line_or_sentence(text[max(0, begin - _CONTEXT) : begin]):
        return True
    if end[1] == ".":
        if " " not in inside[opening:]:  # "(ret.)", "(Md.)"
            return False
        if not ends_with_abbreviation(inside):
            return True
    return opens_sentence(text[stop : stop + _CONTEXT].lstrip(" " + OPENING))
