"""What a full stop before a capital means after an abbreviation, a number or a letter, in English.

Each kind of word (abbreviations.py) has a rule that looks at the words around it: True if a sentence starts after the
full stop, False if none does, None if sentencex may decide.
"""

import re
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

from copydesk.model.page.abbreviations import (
    AFTER_LOWER_CASE,
    BEFORE_I,
    BEFORE_LETTER,
    CAPITALS,
    CLOCKS,
    COMPANIES,
    MONTHS,
    OPENERS,
    OTHERS,
    PLACES,
    RARER_OPENERS,
    STATES,
    TITLES,
    WORDS,
)

CLOSING, OPENING = "”’\"'»", "“‘\"'«(["  # marks after the end and before the start of a sentence
BEFORE_CAPITAL = rf"\s++[{re.escape(OPENING)}]*+(?=[^\W\d_a-zß-öø-ÿ])"
_STOP = re.compile(rf"\.[{CLOSING}]*+[^\S\n]++([{re.escape(OPENING)}]*+)(?=[^\W\d_a-zß-öø-ÿ])")
_WORD = re.compile(r"(?<![A-Za-z][’'])(?<![A-Za-z.])[A-Za-z.]+\Z|(?<![\w.,])\d+\Z")
_LONGEST_WORD = 12  # characters that are looked at for the word before a full stop
_CONTEXT = 40  # characters before that word and after the full stop that the rules look at
_LONGEST_QUOTATION = 500

_KNOWN_OPENER = re.compile(rf"(?:{'|'.join(sorted(OPENERS))}|I)\b")
_OPENER = re.compile(
    rf"(?:{'|'.join(sorted(OPENERS))})\b(?!-)|(?:Mrs?|Ms)\b|I[’']|(?:{'|'.join(sorted(RARER_OPENERS))}) [a-z\d]"
)
_CODE = re.compile(r"[A-Z]{0,4}-?\d|[IVXL]{2,}\b|(?![AI] [a-z]|I[’'])[A-Z]\b")  # of "No. IV", "Art. 5", "Fig. B"
_NAME_GOES_ON = re.compile(
    r"[A-Z&]{2,}\b|(?:America|Analyst|Australia|Chair|Chief|Class|Director|Econom|Europe|Executive|Founder|Group|Holding"
    r"|International|Managing|President|Senior|Spokes|Vice|Co-)"
)
_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b(?![’'])(?! (?:is|was|will|has|had|marks|marked|saw|brought)\b)"
_ZONE = "[ECMP][SD]?T|[AN]K?[SD]T|GMT|UTC|BST|IST|WES?T|CES?T|EES?T|[JHK]K?ST|SGT|PHT|AE[SD]T|AC[SD]T|AWST|NZ[SD]T|MSK"
_AFTER_CLOCK = re.compile(
    rf"{_DAY}|(?:{_ZONE})\b|[ECMP]\.(?:[SD]\.)?T\b|(?:Mon|Tues?|Wed|Thur?s?|Fri|Sat|Sun)[.,]"
    r"|(?:Central|Eastern|Greenwich|Mountain|Pacific|Christmas|Easter|New Year|Thanksgiving)\b"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d|[A-Z]\w+ (?:\w+ )?[Tt]ime\b"
)
_LINE_START = re.compile(r"(?:\A|[\n\r])\s*+[“‘\"'(]*+\Z")
_SENTENCE_END = re.compile(rf"[.!?…][{CLOSING})\]]*+\s++[“‘\"'(]*+\Z")
_BEFORE_NUMBER = re.compile(r"\b(?:Art|Ch|Ex|Figs?|Nos?|pp?|Rs|Sec|Vol|" + "|".join(sorted(MONTHS)) + r")\.\s+\Z")
_ROMAN = dict.fromkeys(("ii", "iii", "iv", "vi", "vii", "viii", "ix", "II", "III", "IV", "VI", "VII", "VIII", "IX"), 1)
_NUMBERS = {
    str(n): n for n in range(1, 100)
} | _ROMAN  # a Roman one is never the whole of an answer: any may come first


class Verdicts(NamedTuple):
    """Offsets at which a sentence starts, and at which none does, whatever sentencex thinks."""

    starts: frozenset[int]
    inner: frozenset[int]


class _Stop(NamedTuple):
    """A full stop before a capital: what stands before the word that it ends, and the marks and words after it."""

    before: str
    opening: str
    after: str

    @property
    def last_word(self) -> str:
        """The word before the word; empty at the start of a line."""
        return self.before.rpartition("\n")[2].rstrip().rpartition(" ")[2]

    @property
    def opens_bracket(self) -> bool:
        return self.opening[:1] in ("(", "[")

    @property
    def opens_sentence(self) -> bool:
        """A quotation follows, or a word that opens sentences."""
        return not self.opens_bracket and bool(self.opening or _OPENER.match(self.after))

    @property
    def is_list_mark(self) -> bool:
        """A number or letter would mark an item of a list here."""
        stands_alone = opens_line_or_sentence(self.before) or self.before.rstrip()[-1:] in (":", ";")
        return stands_alone and not _BEFORE_NUMBER.search(self.before)


def judge_stops(text: str) -> Verdicts:
    """Where sentences start, and where none do, after the abbreviations, numbers and letters of a text."""
    starts, inner, number = set[int](), set[int](), 0
    for match in _STOP.finditer(text):
        stop, start = match.start(), match.start(1)
        token = text[max(0, stop - _LONGEST_WORD) : stop].rpartition(" ")[2]
        word = token if token.isalpha() or token in _RULES else _last_word(token)
        if word not in _RULES and word not in _NUMBERS:
            continue
        at = stop - len(word)
        place = _Stop(text[max(0, at - _CONTEXT) : at], match.group(1), text[match.end() : match.end() + _CONTEXT])
        if word in _RULES:
            verdict = _RULES[word](place)
            if verdict is False:
                inner.add(start)
            elif verdict and not (_KNOWN_OPENER.match(place.after) and _is_in_quotation(text, stop, match.end())):
                starts.add(start)
        elif place.is_list_mark and (_NUMBERS[word] in (1, number + 1) or _LINE_START.search(place.before)):
            number = _NUMBERS[word]
            inner.add(start)
            if _SENTENCE_END.search(place.before) and not _LINE_START.search(place.before):
                starts.add(at)
    return Verdicts(frozenset(starts), frozenset(inner))


def opens_line_or_sentence(before: str) -> bool:
    """A line or a sentence starts after this text."""
    return bool(_LINE_START.search(before) or _SENTENCE_END.search(before))


def opens_sentence(after: str) -> bool:
    """The text starts with a word that opens sentences and hardly goes on with a name."""
    return _OPENER.match(after) is not None


def ends_with_abbreviation(before: str) -> bool:
    """A full stop after this text is an abbreviation's, although it may end a sentence too."""
    return _last_word(before[-_LONGEST_WORD:]) in _ABBREVIATIONS


def _last_word(token: str) -> str:
    found = _WORD.search(token)
    return found.group() if found else ""


def _is_in_quotation(text: str, stop: int, end: int) -> bool:
    """A quotation goes on over the full stop: sentencex leaves it whole, and so do we before a word that it knows."""
    before = text[max(0, stop - _LONGEST_QUOTATION) : stop].rpartition("\n")[2]
    quote = max(map(before.rfind, '"“”'))
    is_open = quote >= 0 and (before[quote] == "“" or (before[quote] == '"' and not before[:quote][-1:].strip("(—")))
    return is_open and text[stop + 1 : end].isspace()


def _ends(stop: _Stop) -> bool | None:
    return None if _CODE.match(stop.after) else True


def _ends_after_lower_case(stop: _Stop) -> bool | None:
    return _ends(stop) if stop.last_word.islower() else None


def _ends_before_no_bracket(stop: _Stop) -> bool | None:
    return None if stop.opens_bracket else True


def _ends_before_small_letters(stop: _Stop) -> bool | None:
    return None if stop.opens_bracket or stop.after[1:2].isupper() else _ends(stop)


def _ends_before_opener(stop: _Stop) -> bool | None:
    return stop.opens_sentence or None


def _ends_after_name(stop: _Stop) -> bool | None:
    last = stop.last_word.rstrip(",")
    is_name = last[:1].isupper() and last.isalpha() and last not in OPENERS and not stop.opens_bracket
    return is_name or _ends_before_opener(stop)


def _ends_after_washington(stop: _Stop) -> bool | None:
    return _ends_after_name(stop) if stop.last_word.startswith("Washington") else _ends_before_opener(stop)


def _ends_company(stop: _Stop) -> bool | None:
    goes_on = not stop.opening and _NAME_GOES_ON.match(stop.after)
    return None if goes_on or stop.opens_bracket or stop.last_word.islower() else True


def _ends_clock(stop: _Stop) -> bool | None:
    return False if not stop.opening and _AFTER_CLOCK.match(stop.after) else None


def _ends_small_letter(stop: _Stop) -> bool | None:
    if stop.is_list_mark:
        return False
    if stop.before.endswith((" a. ", " p. ")):
        return _ends_clock(stop)
    return True if stop.last_word.lower() in BEFORE_LETTER and not stop.opens_bracket else None


def _ends_capital_letter(stop: _Stop) -> bool | None:
    verdict = _ends_small_letter(stop)
    if verdict is None and stop.last_word.islower() and not stop.opening:
        return _ends_before_opener(stop)
    return verdict


def _ends_first_person(stop: _Stop) -> bool | None:
    return True if stop.last_word in BEFORE_I and not stop.opens_bracket else _ends_capital_letter(stop)


def _never_ends(_: _Stop) -> bool | None:
    return False


_RULES: dict[str, Callable[[_Stop], bool | None]] = {
    word: rule
    for words, rule in (
        (WORDS, _ends),
        (AFTER_LOWER_CASE, _ends_after_lower_case),
        (MONTHS, _ends_before_no_bracket),
        (CAPITALS, _ends_before_small_letters),
        (COMPANIES, _ends_company),
        (OTHERS | PLACES, _ends_before_opener),
        (STATES, _ends_after_name),
        (("D.C",), _ends_after_washington),
        (CLOCKS, _ends_clock),
        (ascii_lowercase, _ends_small_letter),
        (ascii_uppercase, _ends_capital_letter),
        ("I", _ends_first_person),
        (TITLES, _never_ends),
    )
    for word in words
}
_ABBREVIATIONS = (
    AFTER_LOWER_CASE | MONTHS | COMPANIES | OTHERS | PLACES | STATES | CLOCKS | TITLES | {"D.C", "al", "etc"}
)
