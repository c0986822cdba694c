"""A text as a page: its stories and what stands around them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from copydesk.model.analysis import ARTICLE, Furniture, PageKind, Span, Stories
from copydesk.model.page.furniture.contents import find_contents
from copydesk.model.page.furniture.live_blog import find_posts
from copydesk.model.page.furniture.mail import find_mail_parts, subject_start
from copydesk.model.page.furniture.notices import find_kind
from copydesk.model.page.furniture.running_heads import find_running_heads
from copydesk.model.page.furniture.teasers import find_teasers
from copydesk.model.page.furniture.trim import trim_line
from copydesk.model.page.kinds import bullet_end, find_headlines, judge_page
from copydesk.model.page.lines import Line, split_lines
from copydesk.model.page.roles.classifier import ROLES
from copydesk.model.page.roles.features import Matrix
from copydesk.model.page.roles.marks import mark_end
from copydesk.model.page.roles.roles import read_roles
from copydesk.model.page.stories import StoryLines, group_lines

# Kinds of certain lines that the others are read beside: they belong to a story, or end one.
_PLACED = ("headline", "caption", "related")

_MAX_LISTED = 200  # headlines that are stories of their own: each has an answer of its own


@dataclass(frozen=True)
class Story:
    """One story of a page: its title, the range from headline to last line, and the ranges of its body.

    A listing's stories have no body. headline: where the title stands in the text, if it does.
    """

    title: str | None
    span: Span
    body: tuple[Span, ...]
    headline: Span | None = None


@dataclass(frozen=True)
class Page:
    """The stories of a text, the main one first, and everything in it that is no story.

    The bodies of the stories and the furniture together hold every character that is not white space, none of them
    twice.
    """

    stories: tuple[Story, ...]
    furniture: tuple[Furniture, ...]
    kind: PageKind = ARTICLE


def read_page(
    text: str, title: str | None = None, mode: Stories = "split", headlines: Sequence[int] | None = None
) -> Page:
    """The page that `text` is; a text without any sign of other parts is one story.

    A story takes its title from its headline in the text; the main one keeps the `title` that the user gave. With mode
    "whole" the text is one story, whatever it looks like. headlines: where lines begin that markup says are headlines;
    several part the text into stories. The headlines of a listing are stories without a body.
    """
    lines = split_lines(text)
    page = _read_lines(text, lines, title, mode, headlines)
    kind = judge_page(lines, len(page.stories), len(find_posts(lines)))
    heads = find_headlines(lines) if kind.kind == "listing" and mode == "split" else []
    return replace(_read_listing(lines, heads) if 0 < len(heads) <= _MAX_LISTED else page, kind=kind)


def _read_lines(
    text: str, lines: Sequence[Line], title: str | None, mode: Stories, headlines: Sequence[int] | None
) -> Page:
    sure = _find_sure(lines) | {i: "headline" for i, line in enumerate(lines) if line.start in (headlines or ())}
    aside = {i for i, kind in sure.items() if kind not in _PLACED}
    kept = [i for i in range(len(lines)) if i not in aside]
    if mode == "whole" or not kept:
        return _whole(text, title)
    told = [lines[i] for i in kept]
    known = {at: sure[i] for at, i in enumerate(kept) if i in sure}
    if headlines and len(headlines) > 1:
        roles, groups = _by_headlines(told, known)
    else:
        roles, groups = _by_lines(told, known, is_parted=headlines is not None)
    if not groups:
        return _whole(text, title)
    furniture = [Furniture(lines[i].start, lines[i].end, sure[i]) for i in aside]
    return _assemble(text, told, roles, groups, title, furniture)


def _read_listing(lines: Sequence[Line], heads: Sequence[int]) -> Page:
    """Each headline as a story, and everything as furniture."""
    spans = [Span(line.start, line.end) for line in lines]
    stories = [_list_story(lines[i]) for i in heads]
    kinds = dict.fromkeys(range(len(lines)), "other") | dict.fromkeys(heads, "headline") | _find_sure(lines)
    return Page(tuple(stories), tuple(Furniture(*spans[i], kind) for i, kind in sorted(kinds.items())))


def _list_story(line: Line) -> Story:
    title = Span(line.start + bullet_end(line.text), line.end)
    return Story(line.text[title.start - line.start :], Span(line.start, line.end), (), title)


def _find_sure(lines: Sequence[Line]) -> dict[int, str]:
    """The kind of each line that is furniture beyond doubt."""
    notices = {i: kind for i, line in enumerate(lines) if (kind := find_kind(line.text))}
    found = (find_running_heads, find_teasers, find_contents, find_mail_parts)
    return notices | {i: kind for find in found for i, kind in find(lines).items()}


def _by_lines(lines: Sequence[Line], known: Mapping[int, str], *, is_parted: bool) -> tuple[Matrix, list[StoryLines]]:
    """The roles of the lines and the stories that they make, as if nothing else stood between them.

    is_parted: markup that had several stories would have said so.
    """
    posts = find_posts(lines)
    read = read_roles(lines, {**known, **posts}, is_parted=is_parted)
    roles = read.probabilities
    if posts:
        return roles, [_live_blog(roles, posts)]
    groups = group_lines(lines, roles, read.borders, is_page=read.is_page)
    if groups and groups[0].headline is None:
        above = [i for i, role in known.items() if role == "headline" and i < groups[0].body[0]]
        groups[0] = replace(groups[0], headline=max(above, default=None))
    return roles, groups


def _by_headlines(lines: Sequence[Line], known: Mapping[int, str]) -> tuple[Matrix, list[StoryLines]]:
    """The same where the headlines are known, and what stands under each is its story."""
    heads = [i for i, role in known.items() if role == "headline"]
    body = {i: "body" for i in range(heads[0], len(lines)) if i not in known}
    roles = read_roles(lines, {**known, **body}, is_parted=True).probabilities
    parts = [(head, tuple(i for i in range(head, end) if i in body)) for head, end in pairwise([*heads, len(lines)])]
    return roles, [StoryLines(own, head) for head, own in parts if own]


def _whole(text: str, title: str | None) -> Page:
    start = len(text) - len(text.lstrip())
    span = Span(start, max(start, len(text.rstrip())))
    return Page((Story(title, span, (span,)),), ())


def _live_blog(roles: Matrix, posts: Mapping[int, str]) -> StoryLines:
    """All posts as one story, under the likeliest headline above them."""
    body = tuple(i for i, role in posts.items() if role == "body")
    above = roles[: min(posts), ROLES.index("headline")]
    return StoryLines(body, int(above.argmax()) if len(above) else None)


def _assemble(
    text: str,
    lines: Sequence[Line],
    roles: Matrix,
    groups: Sequence[StoryLines],
    title: str | None,
    aside: Iterable[Furniture],
) -> Page:
    told = {i for group in groups for i in group.body}
    furniture = [*aside]
    furniture += [Furniture(line.start, line.end, _kind(roles[i])) for i, line in enumerate(lines) if i not in told]
    stories = []
    for group in groups:
        trimmed = [trim_line(lines[i], is_last=i == group.body[-1]) for i in group.body]
        furniture += [piece for part in trimmed for piece in part.furniture]
        stories.append(_story(lines, group, _merge(text, [span for part in trimmed for span in part.body])))
    if title and title != stories[0].title:
        stories[0] = replace(stories[0], title=title, headline=None)
    return Page(tuple(stories), tuple(sorted(furniture, key=lambda piece: piece.start)))


def _story(lines: Sequence[Line], group: StoryLines, body: tuple[Span, ...]) -> Story:
    if group.headline is None:
        return Story(None, Span(body[0].start, body[-1].end), body)
    line = lines[group.headline]
    title = Span(line.start + (subject_start(line.text) or mark_end(line.text)), line.end)
    return Story(line.text[title.start - line.start :], Span(line.start, body[-1].end), body, title)


def _merge(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans of a story's lines, with those between which only white space stands as one."""
    merged = [spans[0]]
    for span in spans[1:]:
        if text[merged[-1].end : span.start].isspace():
            merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return tuple(merged)


def _kind(roles: NDArray[np.float32]) -> str:
    """The likeliest role but body."""
    return ROLES[1 + int(roles[1:].argmax())]
