"""A text as a page: its stories and what stands around them."""

from dataclasses import dataclass
from typing import Literal

from model.analysis import Furniture
from model.sentences import Span


@dataclass(frozen=True)
class Story:
    """One story of a page: its title, the range from headline to last line, and the ranges of its body."""

    title: str | None
    span: Span
    body: tuple[Span, ...]


@dataclass(frozen=True)
class Page:
    """The stories of a text, the main one first, and everything in it that is no story."""

    stories: tuple[Story, ...]
    furniture: tuple[Furniture, ...]


def read_page(text: str, title: str | None = None, mode: Literal["split", "whole"] = "split") -> Page:
    """The page that `text` is; a text without any sign of other parts is one story."""
    span = Span(len(text) - len(text.lstrip()), len(text.rstrip()))
    return Page((Story(title, span, (span,)),), ())
