"""What the classifier of line roles sees: each line in numbers, and its neighbours' numbers beside them."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.model.page.lines import Line
from copydesk.model.page.roles.cues import KINDS, count_cues, count_unspaced, words_of
from copydesk.model.page.roles.marks import find_sequence, has_field, is_rule
from copydesk.model.page.roles.turns import describe_turns
from copydesk.model.page.runs import densest_run

Matrix = NDArray[np.float32]

_HEAD = 160  # characters at each end of a line that are looked at word by word
_UNSPACED_WIDTH = 2.5  # Latin letters that say as much as one Chinese, Japanese or Korean one
_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
_WINDOWS = (3, 8, 25)
_PROSE_COST = 60.0  # characters of prose that a line must have to be worth more than its place

_ENDS_SENTENCE = re.compile(r"[.!?…。！？।؟][\"'”’»」』)\]]*$")
_CUT = re.compile(r"(?:\.\.\.|…)[\])]?$")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s|$)|[。！？।؟]")
_BULLET = re.compile(r"(?:[*+•·▪■►»›>o-]|\d{1,2}[.)])(?:\s|$)")
_OPENING = re.compile(r"[\"'“‘«»„「『—–-]")
_DATELINE = re.compile(r"[^\W\d_a-z][\w.,'’ /()-]{1,40}\s(?:[-—–]+|\(\w+\)\s*[-—–]+)\s")
# A year, a time, a date, 年5 or 3h; each from behind its first sign, for a pattern that begins with a certain sign is
# far faster.
_DATE = re.compile(
    r"[\d年](?:(?<=年)\d|(?<!\w.)(?:(?<=1)9\d\d\b|(?<=2)0\d\d\b|\d?[:.h]\d\d\b|\d?[./-]\d{1,2}[./-]\d{2,4}\b|\d*[hd]\b))"
)
_LINK = re.compile(r"https?:|www\.|[@#|›»]|\.com\b")
_GLUED = re.compile(r"[a-z][A-Z]")
# A capital that begins no sentence, and the space before.
NAME = re.compile(r" (?<=[^\W\d_,;’] )[^\W\d_a-zß-ÿ]\w+")
_TITLE_WORDS = re.compile(r"\s[^\W\d_a-zß-ÿ]\w")

_DIGITS = b"0123456789"
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_QUOTES = frozenset('"“”„«»「」')


class _Shape(NamedTuple):
    """A line by its form; shares and flags from 0 to 1 but for `prose`."""

    width: float
    ends_sentence: float
    is_cut: float
    ends_colon: float
    ends_question: float
    sentences: float
    commas: float
    digits: float
    title_case: float
    capitals: float
    bullet: float
    links: float
    opening: float
    lower_start: float
    word_length: float
    short_words: float
    quotes: float
    bracketed: float
    repeats: float
    after_blank: float
    dateline: float
    dates: float
    glued: float
    one_word: float
    dated: float
    rule: float
    field: float
    numbered: float
    prose: float


OWN = (*_Shape._fields, *KINDS, "cued")  # the features of a line by itself, in order
_PROSE = OWN.index("prose")
_WHEN = KINDS.index("timestamp")
_BESIDE = [
    OWN.index(name)
    for name in (
        "width",
        "ends_sentence",
        "bullet",
        "prose",
        "title_case",
        "after_blank",
        "dates",
        "dated",
        "cued",
        "rule",
        "numbered",
        "capitals",
    )
]
_AROUND = [OWN.index(name) for name in ("prose", "width", "bullet", "ends_sentence", *KINDS)]


def describe_lines(lines: Sequence[Line]) -> Matrix:
    """One row of features per line. float32 [lines, features]."""
    repeats = Counter(line.text for line in lines)
    numbered = find_sequence([line.text for line in lines])
    short = [_shorten(line.text) for line in lines]
    words = [words_of(text) for text in short]
    own = np.array(
        [
            _describe(_Read(line, text, of_line, repeats[line.text], flag))
            for line, text, of_line, flag in zip(lines, short, words, numbered, strict=True)
        ],
        dtype=np.float32,
    )
    is_prose = own[:, _PROSE].astype(bool).tolist()
    long = [frozenset(word for word in some if len(word) > 3) for some in words]
    names = [frozenset(NAME.findall(text)) for text in short]
    turns = describe_turns(long, names, is_prose)
    return np.hstack([own, *_beside(own), *_around(own), _echoes(long, is_prose), turns, _places(own)])


def _shorten(text: str) -> str:
    """Both ends of a long line."""
    return text if len(text) <= 2 * _HEAD else f"{text[:_HEAD]} {text[-_HEAD:]}"


class _Read(NamedTuple):
    """A line, both ends of it and their words, how often it stands in the text, and whether it is one of a sequence."""

    line: Line
    short: str
    words: list[str]
    repeats: int
    is_numbered: bool


def _describe(read: _Read) -> list[float]:
    line, short, words, repeats, is_numbered = read
    text = line.text
    n_words = len(words) or 1
    width = len(text) + (_UNSPACED_WIDTH - 1) * count_unspaced(text)
    cues = [min(1.0, count / n_words) for count in count_cues(short, words)]
    cued = max(cues)
    ends = _ENDS_SENTENCE.search(text) is not None
    n_sentences = len(_SENTENCE_END.findall(text)) if len(text) < 20_000 else 6
    lengths = [len(word) for word in words]
    digits = _count(_DIGITS, short)
    letters = sum(lengths) or 1
    is_prose = n_sentences > 0 and width >= _PROSE_COST and cued < 0.3
    shape = _Shape(
        width=log1p(width) / 6,
        ends_sentence=float(ends),
        is_cut=float(_CUT.search(text) is not None),
        ends_colon=float(text[-1] in ":："),
        ends_question=float(text[-1] in "?!？！"),
        sentences=min(n_sentences, 6) / 3,
        commas=(short.count(",") + short.count("，") + short.count("、")) / n_words,
        digits=digits / letters,
        title_case=len(_TITLE_WORDS.findall(short)) / n_words,
        capitals=(_count(_CAPITALS, short) if short.isascii() else sum(map(str.isupper, short))) / letters,
        bullet=float(_BULLET.match(text) is not None),
        links=min(3, len(_LINK.findall(short))) / 3,
        opening=float(_OPENING.match(text) is not None),
        lower_start=float(text[0].islower()),
        word_length=min(12.0, letters / n_words) / 12,
        short_words=sum(map((4).__gt__, lengths)) / n_words,
        quotes=float(not _QUOTES.isdisjoint(short)),
        bracketed=float(text[0] in "([（【" and text[-1] in ")]）】"),
        repeats=min(1.0, log1p(repeats - 1)),
        after_blank=float(line.is_after_blank),
        dateline=float(_DATELINE.match(text) is not None),
        dates=min(1.0, 4 * len(_DATE.findall(short)) / n_words),
        glued=float(_GLUED.search(short) is not None),
        one_word=float(n_words == 1),
        dated=min(1.0, (cues[_WHEN] + (sum(word[0].isdigit() for word in words) if digits else 0)) / n_words),
        rule=float(is_rule(text)),
        field=float(has_field(text)),
        numbered=float(is_numbered),
        prose=min(width, 600.0) / 200 if is_prose else 0.0,
    )
    return [*shape, *cues, cued]


def _count(signs: bytes, text: str) -> int:
    """How many characters of the text are among these ASCII ones."""
    encoded = text.encode(errors="replace")
    return len(encoded) - len(encoded.translate(None, signs))


def _beside(own: Matrix) -> list[Matrix]:
    """Features of the lines before and after, zeros past the ends."""
    padded = np.pad(own[:, _BESIDE], ((3, 3), (0, 0)))
    return [padded[3 + offset : 3 + offset + len(own)] for offset in _NEIGHBOURS]


def _around(own: Matrix) -> list[Matrix]:
    """Mean features of the windows before and after each line."""
    sums = np.pad(np.cumsum(own[:, _AROUND], axis=0, dtype=np.float64), ((1, 0), (0, 0)))
    index = np.arange(len(own))
    parts = []
    for window in _WINDOWS:
        before = sums[index] - sums[np.maximum(index - window, 0)]
        after = sums[np.minimum(index + 1 + window, len(own))] - sums[index + 1]
        parts += [(before / window).astype(np.float32), (after / window).astype(np.float32)]
    return parts


def _echoes(words: Sequence[frozenset[str]], is_prose: Sequence[bool]) -> Matrix:
    """How much of a line's longer words the next prose lines, and all prose lines, use too. [lines, 2]"""
    once: set[str] = set()
    twice: set[str] = set()
    for line_words, flag in zip(words, is_prose, strict=True):
        if flag:
            twice |= once & line_words
            once |= line_words
    out = np.zeros((len(words), 2), dtype=np.float32)
    ahead: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    for i in range(len(words) - 1, -1, -1):
        n_words = len(words[i]) or 1
        out[i, 0] = len(words[i] & (ahead[0] | ahead[1])) / n_words
        out[i, 1] = len(words[i] & (twice if is_prose[i] else once)) / n_words
        if is_prose[i]:
            ahead = (words[i], ahead[0])
    return out


def _places(own: Matrix) -> Matrix:
    """Where a line stands: in the page, and against the page's densest run of prose. [lines, 12]"""
    n = len(own)
    prose = own[:, _PROSE]
    start, end = densest_run((prose * 200 - _PROSE_COST).tolist())
    index = np.arange(n)
    total = float(prose.sum()) or 1.0
    ones = np.ones(n)
    inside = (index >= start) & (index < end)
    return np.stack(
        [
            index / n,
            np.log1p(index) / 5,
            np.log1p(n - 1 - index) / 5,
            ones * log1p(n) / 6,
            ones * log1p(total) / 4,
            ones * float(prose.astype(bool).mean()),
            ones * float((own[:, -1] > 0.3).mean()),
            inside,
            np.log1p(np.maximum(start - index, 0)) / 5,
            np.log1p(np.maximum(index + 1 - end, 0)) / 5,
            (np.cumsum(prose) - prose) / total,
            ones * (float(prose[start:end].sum()) / total),
        ],
        axis=1,
    ).astype(np.float32)
