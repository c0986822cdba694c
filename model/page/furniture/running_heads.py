"""Numbers and running heads of printed pages in a text that was taken from them, and numbers of chapters."""

import re
from collections.abc import Sequence

from copydesk.model.page.lines import Line

_NUMBER = re.compile(r"(?:page|p\.|pg\.?)? ?[-–—|]? ?(\d{1,4}) ?[-–—|]?(?: ?(?:of|/) ?\d{1,4})?", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_MIN_APART = 3  # lines from one page's number to the next
_MAX_APART = 200
_MAX_HEAD = 100  # characters
_MIN_HEADS = 2


def find_running_heads(lines: Sequence[Line]) -> dict[int, str]:
    """The kind of each line that numbers a page, and of those beside it that stand beside other numbers too."""
    numbers = _find_numbers(lines)
    beside = {i + step for i in numbers for step in (-1, 1)} - set(numbers)
    heads: dict[str, list[int]] = {}
    for i in sorted(beside & set(range(len(lines)))):
        if len(lines[i].text) <= _MAX_HEAD:
            heads.setdefault(_DIGITS.sub("0", lines[i].text.casefold()), []).append(i)
    repeated = [i for places in heads.values() if len(places) >= _MIN_HEADS for i in places]
    return dict.fromkeys([*numbers, *repeated], "other")


def _find_numbers(lines: Sequence[Line]) -> list[int]:
    """Lines that are a number and nothing else, each one more than the last."""
    found: list[int] = []
    places: dict[int, int] = {}
    for i, line in enumerate(lines):
        match = _NUMBER.fullmatch(line.text) if len(line.text) <= 16 else None
        if match is None:
            continue
        number = int(match[1])
        before = places.get(number - 1)
        if before is not None and _MIN_APART <= i - before <= _MAX_APART:
            found += (before, i)
        places[number] = i
    return sorted(set(found))
