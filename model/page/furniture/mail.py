"""An e-mail as text: its head, quoted lines and signature are furniture, its subject is the headline."""

import re
from collections.abc import Sequence

from copydesk.model.page.lines import Line

_FIELD = re.compile(
    r"(From|To|Cc|Bcc|Subject|Date|Sent|Reply-To|Message-ID|Return-Path|Delivered-To|Received|MIME-Version|Importance|"
    r"Content-Type|Content-Transfer-Encoding|X-[\w-]+)\s?:\s",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"Subject\s?:\s*(?:(?:Re|Fwd?|AW|WG)\s?:\s*)*", re.IGNORECASE)
_SENDER = frozenset({"from", "subject"})  # fields without which a text is no e-mail
_INTRODUCTION = re.compile(r"On .{4,80} wrote:$|-{3,} ?(?:Original|Forwarded) [Mm]essage ?-{3,}$")
_SIGNATURE = "--"
_MAX_SIGNATURE = 8  # lines under it


def find_mail_parts(lines: Sequence[Line]) -> dict[int, str]:
    """The kind of each line that is not what an e-mail tells; nothing for a text that is no e-mail.

    The subject's kind is "headline". Quoted lines stay a part of the story where nothing else is said.
    """
    head = _count_head(lines)
    if not head:
        return {}
    kinds = {i: "headline" if _SUBJECT.match(lines[i].text) else "other" for i in range(head)}
    kinds |= dict.fromkeys(_find_signature(lines, head), "byline")
    quoted = [i for i in range(head, len(lines)) if lines[i].text[0] == ">" or _INTRODUCTION.match(lines[i].text)]
    if len(kinds) + len(quoted) < len(lines):
        kinds |= dict.fromkeys(quoted, "other")
    return kinds


def subject_start(line: str) -> int:
    """Where a headline's own words begin: after "Subject:" and "Re:"."""
    match = _SUBJECT.match(line)
    return match.end() if match and match.end() < len(line) else 0


def _count_head(lines: Sequence[Line]) -> int:
    """How many lines at the top are fields of an e-mail."""
    names = []
    for line in lines:
        field = _FIELD.match(line.text)
        if field is None:
            break
        names.append(field.group(1).lower())
    return len(names) if len(names) > 1 and not _SENDER.isdisjoint(names) else 0


def _find_signature(lines: Sequence[Line], first: int) -> range:
    """The mark and the few lines under it, at the end."""
    last = range(max(first, len(lines) - _MAX_SIGNATURE - 1), len(lines))
    mark = next((i for i in last if lines[i].text == _SIGNATURE), len(lines))
    return range(mark, len(lines))
