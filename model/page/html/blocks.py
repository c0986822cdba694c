"""A page as blocks: the innermost elements that hold text of their own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import unescape

from lxml.etree import iterwalk
from lxml.html import HtmlElement

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS = ("ul", "ol")
_TEXT = (*HEADINGS, "p", "li", "blockquote", "pre", "dd", "dt", "figcaption", "td", "th", "div", "section")
_ASIDE = frozenset(("nav", "aside", "footer", "form", "figure", "button", "select", "noscript", "header"))
_KEY = 40  # letters and digits that tell a block


@dataclass(frozen=True)
class Block:
    """An element and its text, white space squeezed."""

    element: HtmlElement
    text: str

    @property
    def tag(self) -> str:
        """The element's name."""
        return str(self.element.tag)

    @property
    def line(self) -> str:
        """The block as a line of text."""
        return f"- {self.text}" if self.tag == "li" else self.text

    @cached_property
    def linked(self) -> float:
        """Share of its text that stands inside links."""
        inside = sum(len(squeeze(link.text_content())) for link in self.element.iter("a"))
        return inside / max(1, len(self.text))

    @cached_property
    def is_aside(self) -> bool:
        """Inside a part of the page that is no text."""
        return any(parent.tag in _ASIDE for parent in self.element.iterancestors())


def find_blocks(root: HtmlElement) -> Iterator[Block]:
    """The blocks of the element in order; what sites escape twice is read as they meant it."""
    is_inner = [True]  # for each open block: no other one was inside it
    for event, element in iterwalk(root, events=("start", "end"), tag=(*_TEXT, *LISTS)):
        if event == "start":
            is_inner[-1] = False
            is_inner.append(True)
        elif is_inner.pop() and element.tag not in LISTS and (text := squeeze(unescape(element.text_content()))):
            yield Block(element, text)


def squeeze(text: str) -> str:
    """The text with its white space as single spaces."""
    return " ".join(text.split())


def key_of(line: str) -> str:
    """What a line and its block have in common, however it was marked: its first letters and digits."""
    return re.sub(r"\W+", "", line[: 2 * _KEY]).lower()[:_KEY]
