"""What a full stop before a capital means after an abbreviation, a number or a letter, in English.

Each kind of word (abbreviations.py) has a rule that looks at the words around it: True if a sentence starts after the
full stop, False if none does, None if sentencex may decide.
"""

import re
from collections.abc import Callable, Iterator
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
_STOP = re.compile(rf"\.[{CLOSING}]*+[^\S\n]++([{re.escape(OPENING)}]*+)(?=[^\W_a-zß-öø-ÿ]|[$£€])")
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
    """A full stop before a capital, by offsets: of the word that it ends, its own, of what follows, of the capital."""

    text: str
    word_at: int
    at: int
    next_at: int
    capital_at: int

    @property
    def before(self) -> str:
        """What stands before the word."""
        return self.text[max(0, self.word_at - _CONTEXT) : self.word_at]

    @property
    def last_word(self) -> str:
        """The word before the word; empty at the start of a line."""
        return self.before.rpartition("\n")[2].rstrip().rpartition(" ")[2]

    @property
    def opening(self) -> str:
        """The quotes and brackets before the capital."""
        return self.text[self.next_at : self.capital_at]

    @property
    def after(self) -> str:
        """What follows from the capital on."""
        return self.text[self.capital_at : self.capital_at + _CONTEXT]

    @property
    def opens_bracket(self) -> bool:
        return self.opening[:1] in ("(", "[")

    @property
    def opens_sentence(self) -> bool:
        """A quotation follows, or a word that opens sentences."""
        return not self.opens_bracket and bool(self.opening or _OPENER.match(self.after))

    @property
    def is_within_quotation(self) -> bool:
        """A quotation goes on over the full stop."""
        before = self.text[max(0, self.at - _LONGEST_QUOTATION) : self.at].rpartition("\n")[2]
        quote = max(map(before.rfind, '"“”'))
        if quote < 0 or before[quote] == "”" or not self.text[self.at + 1 : self.capital_at].isspace():
            return False
        return before[quote] == "“" or not before[:quote][-1:].strip("(—")

    @property
    def starts_line(self) -> bool:
        """The word is the first of its line."""
        return _LINE_START.search(self.before) is not None

    @property
    def is_list_mark(self) -> bool:
        """A number or letter would mark an item of a list here."""
        stands_alone = opens_line_or_sentence(self.before) or self.before.rstrip()[-1:] in (":", ";")
        return stands_alone and not _BEFORE_NUMBER.search(self.before)


def judge_stops(text: str) -> Verdicts:
    """Where sentences start, and where none do, after the abbreviations, numbers and letters of a text."""
    starts, inner, last_number = set[int](), set[int](), 0
    for word, stop in _find_stops(text):
        if rule := _RULES.get(word):
            verdict = rule(stop)
            if verdict is False:
                inner.add(stop.next_at)
            elif verdict and not (_KNOWN_OPENER.match(stop.after) and stop.is_within_quotation):  # sentencex knows best
                starts.add(stop.next_at)
        elif stop.is_list_mark and (stop.starts_line or _NUMBERS[word] in (1, last_number + 1)):
            last_number = _NUMBERS[word]
            inner.add(stop.next_at)
            if _SENTENCE_END.search(stop.before) and not stop.starts_line:
                starts.add(stop.word_at)
    return Verdicts(frozenset(starts), frozenset(inner))


def _find_stops(text: str) -> Iterator[tuple[str, _Stop]]:
    """The full stops that end a word with a rule, before a capital, or a number, before a capital or an amount."""
    for match in _STOP.finditer(text):
        at = match.start()
        word = text[max(0, at - _LONGEST_WORD) : at].rpartition(" ")[2]
        if not (word.isalpha() or word in _RULES):  # “No, (D-Calif, 12
            word = _last_word(word)
        if word in _NUMBERS or (word in _RULES and text[match.end()].isalpha()):
            yield word, _Stop(text, at - len(word), at, match.start(1), match.end())


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
