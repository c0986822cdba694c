"""Teasers: headlines of other stories, each over a few words that break off or under a label that says so."""

import re
from collections.abc import Sequence

from copydesk.model.page.lines import Line

_CUT = re.compile(r"[^.](?:\.\.\.|…|\[(?:\.\.\.|…)\])(?: ?(?:read more|more|continued?))?$", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:related|recommended|read (?:also|more|next)|see also|also read|more)"
    r"(?: (?:article|story|video|post|reading))?:?",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?:;,…][\"'”’)\]]*$")
_MIN_SNIPPET, _MAX_SNIPPET = 40, 450  # characters
_MAX_HEADLINE = 160
_MIN_PROSE = 100
_MIN_TEASERS = 2  # on a page: one sentence that breaks off under a heading may tell something


def find_teasers(lines: Sequence[Line]) -> dict[int, str]:
    """The kind of each line of the teasers of a page."""
    cut = [i for i in range(1, len(lines)) if _is_snippet(lines[i].text) and _is_headline(lines[i - 1].text)]
    named = [i for i in range(1, len(lines) - 1) if _LABEL.fullmatch(lines[i - 1].text) and _is_inset(lines, i)]
    pairs = [*named, *cut] if len(cut) >= _MIN_TEASERS else named
    return dict.fromkeys((j for i in pairs for j in (i - 1, i)), "related")


def _is_inset(lines: Sequence[Line], i: int) -> bool:
    """The line is a headline between two paragraphs, but for the label above it."""
    return _is_headline(lines[i].text) and i > 1 and all(len(lines[j].text) >= _MIN_PROSE for j in (i - 2, i + 1))


def _is_snippet(text: str) -> bool:
    return _MIN_SNIPPET <= len(text) <= _MAX_SNIPPET and _CUT.search(text) is not None


def _is_headline(text: str) -> bool:
    return len(text) <= _MAX_HEADLINE and _END.search(text) is None
