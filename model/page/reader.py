"""A text as a page: its stories and what stands around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analysis import Furniture, Span
from copydesk.model.page.classifier import ROLES
from copydesk.model.page.features import Matrix
from copydesk.model.page.lines import Line, split_lines
from copydesk.model.page.roles import role_probabilities
from copydesk.model.page.stories import StoryLines, group_lines
from copydesk.model.page.trim import trim_line


@dataclass(frozen=True)
class Story:
    """One story of a page: its title, the range from headline to last line, and the ranges of its body."""

    title: str | None
    span: Span
    body: tuple[Span, ...]


@dataclass(frozen=True)
class Page:
    """The stories of a text, the main one first, and everything in it that is no story.

    The bodies of the stories and the furniture together hold every character that is not white space, none of them
    twice.
    """

    stories: tuple[Story, ...]
    furniture: tuple[Furniture, ...]


def read_page(text: str, title: str | None = None, mode: Literal["split", "whole"] = "split") -> Page:
    """The page that `text` is; a text without any sign of other parts is one story.

    A story takes its title from its headline in the text; the main one keeps the `title` that the user gave. With mode
    "whole" the text is one story, whatever it looks like.
    """
    lines = split_lines(text)
    if mode == "whole" or not lines:
        return _whole(text, title)
    roles = role_probabilities(lines)
    groups = group_lines(lines, roles)
    if not groups:
        return _whole(text, title)
    return _assemble(lines, roles, groups, title)


def _whole(text: str, title: str | None) -> Page:
    start = len(text) - len(text.lstrip())
    span = Span(start, max(start, len(text.rstrip())))
    return Page((Story(title, span, (span,)),), ())


def _assemble(lines: Sequence[Line], roles: Matrix, groups: Sequence[StoryLines], title: str | None) -> Page:
    told = {i for group in groups for i in group.body}
    furniture = [Furniture(line.start, line.end, _kind(roles[i])) for i, line in enumerate(lines) if i not in told]
    stories = []
    for group in groups:
        trimmed = {i: trim_line(lines[i]) for i in group.body}
        furniture += [piece for part in trimmed.values() for piece in part.furniture]
        stories.append(_story(lines, group, _merge(lines, {i: part.body for i, part in trimmed.items()})))
    stories[0] = replace(stories[0], title=title or stories[0].title)
    return Page(tuple(stories), tuple(sorted(furniture, key=lambda piece: piece.start)))


def _story(lines: Sequence[Line], group: StoryLines, body: tuple[Span, ...]) -> Story:
    headline = None if group.headline is None else lines[group.headline]
    start = body[0].start if headline is None else headline.start
    return Story(None if headline is None else headline.text, Span(start, body[-1].end), body)


def _merge(lines: Sequence[Line], spans: Mapping[int, Span]) -> tuple[Span, ...]:
    """The spans of a story's lines, with lines that follow each other as one."""
    merged: list[Span] = []
    for i, span in spans.items():
        follows = i - 1 in spans and spans[i - 1].end == lines[i - 1].end and span.start == lines[i].start
        if follows:
            merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return tuple(merged)


def _kind(roles: NDArray[np.float32]) -> str:
    """The likeliest role but body."""
    return ROLES[1 + int(roles[1:].argmax())]
