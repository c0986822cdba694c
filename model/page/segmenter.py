"""Where the sentences of a line start, as sentencex sees it, at a cost that is linear in the line's length.

sentencex (Rust, 1.0.32) takes a time that grows with a line's length times the quotes it opens and the Chinese
sentences it holds, and no other Python code runs meanwhile. So a long line is read in windows. Each begins where a
sentence starts that the window before showed well before its own end.
"""

import re
from itertools import accumulate

import sentencex

_WINDOW, _SMALL_WINDOW = 10_000, 1_000  # characters: 0.2 and 0.02 ms of ordinary text, 3 and 0.8 ms of the worst
_COSTLY = "“‘„«‹`「《。！？｡"
_MAX_COSTLY = 300  # of these signs in a large window
_WIDE_SPACES = "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_WIDE_SPACE = re.compile(f"[{_WIDE_SPACES}]")
_PLAIN_END = re.compile(r"[.!?。！？]++[\"'”’)\]]*+\s*+")


def narrow_spaces(text: str) -> str:
    """The text with a space for each space beyond ASCII: after "A" and before a full stop they make sentencex panic."""
    if text.isascii() or not any(space in text for space in _WIDE_SPACES):
        return text
    return _WIDE_SPACE.sub(" ", text)


def find_starts(line: str) -> list[int]:
    """Offsets in the line at which sentences start, in order, without the first one (0).

    A space in the line is a plain one (`narrow_spaces`).
    """
    if len(line) <= _SMALL_WINDOW:
        return _ask(line)
    starts: list[int] = []
    begin, window = 0, _window_at(line, 0)
    while begin + len(window) < len(line):
        half, sure = len(window) // 2, len(window) - len(window) // 8
        found = [start for start in _ask(window) if start <= sure]
        starts += [begin + start for start in found]
        begin += found[-1] if found and found[-1] > half else window.rfind(" ", half, sure) + 1 or sure
        window = _window_at(line, begin)
    return starts + [begin + start for start in _ask(window)]


def _window_at(line: str, begin: int) -> str:
    """The window that begins there: large unless it holds many of the signs that cost time.

    It ends before a quotation that it does not close, since sentencex would then pair the quotes before it anew.
    """
    window = line[begin : begin + _WINDOW]
    if sum(map(window.count, _COSTLY)) > _MAX_COSTLY:
        window = window[:_SMALL_WINDOW]
    if begin + len(window) == len(line):
        return window
    end = len(window)
    for opening, closing in ("“”", "‘’", '""'):
        last = window.rfind(opening)
        is_open = window.count(opening) % 2 == 1 if opening == closing else window.find(closing, last) < 0
        if len(window) // 2 < last < end and is_open:
            end = last
    return window[:end]


def _ask(piece: str) -> list[int]:
    try:
        sentences = sentencex.segment("en", piece)
    except BaseException as error:  # a panic in Rust: pyo3 derives its class from BaseException and exports it nowhere
        if type(error).__name__ != "PanicException":
            raise
        return [match.end() for match in _PLAIN_END.finditer(piece) if match.end() < len(piece)]
    return list(accumulate(map(len, sentences[:-1]))) if len(sentences) > 1 else []
