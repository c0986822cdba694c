"""A live blog as text: posts under the time of day at which they were written, all of one story."""

import re
from collections.abc import Sequence
from itertools import pairwise

from copydesk.model.page.lines import Line

_ZONE = r"(?:GMT|BST|CES?T|EE?S?T|[ECMP][SD]T|UTC|IST|HKT|JST|AES?T|local time)"
_CLOCK = re.compile(
    rf"(?:(?:posted|published|updated)(?: at)? )?\d{{1,2}}[:.]\d\d\s?(?:[ap]\.?m\.?)?(?:\s?{_ZONE})?", re.IGNORECASE
)
_MIN_POSTS = 3
_MIN_POST = 60  # characters of a paragraph
_MAX_HEADING = 120
_REACH = 2  # lines between the time and a post's heading or first paragraph
_END = re.compile(r"[.!?…][\"'”’)\]]*$")


def find_posts(lines: Sequence[Line]) -> dict[int, str]:
    """The role of each line of the posts, "body" or "heading"; nothing for a text that is no live blog.

    A post begins with a line that is a time of day and nothing else, and ends where the next one does.
    """
    clocks = [i for i, line in enumerate(lines) if _CLOCK.fullmatch(line.text)]
    roles: dict[int, str] = {}
    n_posts = 0
    for start, end in pairwise([*clocks, len(lines)]):
        post = _read_post(lines, start + 1, end)
        n_posts += "body" in post.values()
        roles |= post
    return roles if n_posts >= _MIN_POSTS else {}


def _read_post(lines: Sequence[Line], start: int, end: int) -> dict[int, str]:
    """Its paragraphs up to a gap, and a short line above the first one as its heading."""
    body: list[int] = []
    for i in range(start, end):
        if len(lines[i].text) >= _MIN_POST and _END.search(lines[i].text):
            body.append(i)
        elif i - (body[-1] if body else start) > _REACH:
            break
    headings = [i for i in range(start, body[0]) if len(lines[i].text) <= _MAX_HEADING] if body else []
    return dict.fromkeys(headings[-1:], "heading") | dict.fromkeys(body, "body")
