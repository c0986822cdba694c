"""A list of contents in a text: a heading that says so, and the lines under it that name the sections."""

import re
from collections import Counter
from collections.abc import Sequence

from copydesk.model.page.lines import Line

_HEADING = re.compile(
    r"(?:table of )?contents:?|in this (?:article|story|report|issue|guide):?|jump to:?", re.IGNORECASE
)
_MARK = re.compile(r"(?:[*+•·▪›»–-]|\d{1,2}(?:\.\d{1,2})*[.)]?|[ivx]{1,4}[.)])\s+", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"(?:\s?\.{2,}\s?|\s{2,}|\t)\d{1,3}$")
_SENTENCE_END = re.compile(r"[.!…][\"'”’)\]]*$")
_MAX_ENTRY = 100  # characters


def find_contents(lines: Sequence[Line]) -> dict[int, str]:
    """The kind of each line of a list of contents: its heading, and entries that have a mark or stand again below."""
    kinds: dict[int, str] = {}
    for heading in (i for i, line in enumerate(lines) if _HEADING.fullmatch(line.text)):
        entries = _count_entries(lines[heading + 1 :])
        if entries:
            kinds |= dict.fromkeys(range(heading, heading + 1 + entries), "navigation")
    return kinds


def _count_entries(lines: Sequence[Line]) -> int:
    """How many lines are entries: up to the first one that is none, or that names a section once more."""
    times = Counter(_name(line.text) for line in lines)
    seen: set[str] = set()
    for n, line in enumerate(lines):
        name = _name(line.text)
        is_marked = _MARK.match(line.text) or _PAGE_NUMBER.search(line.text)
        is_entry = len(line.text) <= _MAX_ENTRY and not _SENTENCE_END.search(line.text)
        if not is_entry or name in seen or not (is_marked or times[name] > 1):
            return n
        seen.add(name)
    return len(lines)


def _name(text: str) -> str:
    """A section's name without its mark and page number."""
    return _PAGE_NUMBER.sub("", _MARK.sub("", text, count=1)).casefold()
