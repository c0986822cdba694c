"""What a page's markup says of it, in data for search engines and meta tags: author, date, outlet, language.

For the worker process.
"""

import contextlib
import re
from typing import TypedDict

import trafilatura
from lxml.html import HtmlElement

_CODE = re.compile(r"[a-zA-Z]{2,3}(?=[-_]|$)")
_MAX_LENGTH = 300  # characters of what is one name or several


class Stated(TypedDict):
    """Fields of a `Markup`."""

    byline: str | None
    date: str | None
    outlet: str | None
    language: str | None


def find_stated(tree: HtmlElement) -> Stated:
    """What the markup states; none where it says nothing, or what it says cannot be read."""
    stated = Stated(byline=None, date=None, outlet=None, language=_find_language(tree))
    with contextlib.suppress(Exception):  # whatever is wrong with it: the text can be read all the same
        found = trafilatura.extract_metadata(tree, extensive=False)
        names = "; ".join(dict.fromkeys((found.author or "").split("; ")))
        stated["byline"], stated["date"], stated["outlet"] = map(_cut, (names, found.date, found.sitename))
    return stated


def _find_language(tree: HtmlElement) -> str | None:
    code = _CODE.match(next(iter(tree.xpath("/html/@lang")), "").strip())
    return code[0].lower() if code else None


def _cut(text: str | None) -> str | None:
    """The text, where it is no longer than it may be."""
    return text if text and len(text) <= _MAX_LENGTH else None
