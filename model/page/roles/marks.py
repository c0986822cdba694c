"""Marks that set lines apart: rules, numbers in a sequence, names of fields."""

import re
from collections.abc import Sequence

_RULE = re.compile(r"(?:[-–—=_*~•·.#+|<>]\s?){2,}|[-–—=_*~•·#§]")
_NUMBER = re.compile(
    r"\W{0,2}(?:(?:No|Nr|Story|Item|Part)\.? )?#?(\d{1,2})(?:\W{0,2}[.):|–—-]|:|\s)\W{0,3}(?=[^\W\d])", re.IGNORECASE
)
_MARK = re.compile(r"\(?#?\d{1,2}[.):]\s+(?=\S)")
_FIELD = re.compile(r"(?!https?:)[^\W\d_][\w -]{1,18}:\s+\S")


def is_rule(line: str) -> bool:
    """True for a line of nothing but dashes, stars or the like."""
    return _RULE.fullmatch(line) is not None


def has_field(line: str) -> bool:
    """True for a line that begins with the name of what it holds: "Title: ..."."""
    return _FIELD.match(line) is not None


def number_of(line: str) -> int | None:
    """The number that a line begins with, in a list: "3. ..."."""
    mark = _NUMBER.match(line)
    return None if mark is None else int(mark[1])


def mark_end(line: str) -> int:
    """Where a headline's own words begin: after "3. "."""
    mark = _MARK.match(line)
    return 0 if mark is None else mark.end()


def find_sequence(lines: Sequence[str]) -> list[bool]:
    """True for each line whose number goes on from the number of a line above, or is gone on from, in the same form."""
    places: dict[tuple[str, int], int] = {}
    flags = [False] * len(lines)
    for i, line in enumerate(lines):
        mark = _NUMBER.match(line)
        if mark is None:
            continue
        form, number = line[mark.end(1) : mark.end()] + line[: mark.start(1)], int(mark[1])
        if (before := places.get((form, number - 1))) is not None and i - before > 1:
            flags[before] = flags[i] = True
        places[form, number] = i
    return flags
