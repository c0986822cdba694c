"""Which lines of a page make which story."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.line_features import Matrix, densest_run
from model.line_roles import ROLES
from model.line_words import words_of
from model.lines import Line

_COST = 100.0  # characters of body that a line of furniture outweighs; on 90 real pages 50 costs 0.01 F1, 80 to 110 are level
_CAP = 600  # characters after which a line weighs no more
_IS_BODY = 0.5  # probability from which a line is body
_MIN_STORY = 300  # characters of a story that is not the main one
_MAIN_SHARE = 0.4  # of the longest story's size, which the main one, the first, must have
_HEAD_REACH = 5  # lines between a headline and its story: byline, date, share bar, caption
_SAME_STORY = 0.35  # share of words in common that tells a subheading from another story's headline
_TAKEN_UP = 0.3  # share of words in common that tells a story going on from a remark on it
_INTERRUPTION = 25  # lines that may stand between the parts of a story
_HEADLINE = ROLES.index("headline")
_BREAKS = [
    ROLES.index(role) for role in ("timestamp", "byline", "related", "share", "subscribe", "comments", "copyright")
]


@dataclass(frozen=True)
class StoryLines:
    """The body lines of a story, and its headline's line if it has one."""

    body: tuple[int, ...]
    headline: int | None


def group_lines(lines: Sequence[Line], roles: Matrix) -> list[StoryLines]:
    """The stories of a page, the main one first and the others in order. roles: float32 [lines, roles]"""
    gains = _gains(lines, roles)
    runs = [run for start, end in _sections(lines, roles) for run in _dense_runs(gains, start, end)]
    if not runs:
        return []
    stories = [_story(lines, roles, run) for run in runs]
    main = _main_story(stories, [_size(gains, run) for run in runs])
    others = [story for story in stories if story is not main]
    headed = [story for story in others if story.headline is not None and _is_long_enough(lines, story)]
    body = sum((story.body for story in others if _goes_on(lines, main, story)), main.body)
    return [StoryLines(tuple(sorted(body)), main.headline), *headed]


def _goes_on(lines: Sequence[Line], main: StoryLines, part: StoryLines) -> bool:
    """True when a part without a headline is the main story, taken up again after an interruption."""
    distance = part.body[0] - main.body[-1]
    if part.headline is not None or not 0 < distance <= _INTERRUPTION or not _is_long_enough(lines, part):
        return False
    new = _long_words(lines, part.body)
    return len(new & _long_words(lines, main.body)) >= _TAKEN_UP * len(new)


def _main_story(stories: Sequence[StoryLines], sizes: Sequence[float]) -> StoryLines:
    """The first story with a headline that is not much shorter than the longest one; else the longest."""
    for story, size in zip(stories, sizes, strict=True):
        if story.headline is not None and size >= _MAIN_SHARE * max(sizes):
            return story
    return stories[int(np.argmax(sizes))]


def _gains(lines: Sequence[Line], roles: Matrix) -> NDArray[np.float32]:
    widths = np.array([min(len(line.text), _CAP) for line in lines], dtype=np.float32)
    body = roles[:, 0]
    return np.where(body > _IS_BODY, widths, 0) * body - _COST * (1 - body)


def _sections(lines: Sequence[Line], roles: Matrix) -> list[tuple[int, int]]:
    """The page cut before each headline of another story."""
    cuts = [0]
    last_body: list[int] = []
    for i in np.flatnonzero((roles[:, 0] > _IS_BODY) | (roles[:, _HEADLINE] > 0.5)).tolist():
        if roles[i, 0] > _IS_BODY:
            last_body.append(i)
        elif last_body and _starts_story(lines, roles, last_body, i):
            cuts.append(i)
            last_body = []
    return list(zip(cuts, [*cuts[1:], len(lines)], strict=True))


def _starts_story(lines: Sequence[Line], roles: Matrix, body: list[int], headline: int) -> bool:
    """True when a headline stands apart from the body before it, and tells of something else than that body."""
    following = np.flatnonzero(roles[headline + 1 : headline + 1 + _HEAD_REACH, 0] > _IS_BODY)
    between = roles[body[-1] + 1 : headline][:, _BREAKS]
    if not len(following) or not len(between) or between.max() < 0.5:
        return False
    first = headline + 1 + int(following[0])
    new = _long_words(lines, range(first, min(first + 3, len(lines))))
    old = _long_words(lines, body[-40:])
    return len(new & old) < _SAME_STORY * len(new)


def _long_words(lines: Sequence[Line], indices: Sequence[int]) -> set[str]:
    return {word for i in indices for word in words_of(lines[i].text[:2000]) if len(word) > 4}


def _dense_runs(gains: NDArray[np.float32], start: int, end: int) -> list[tuple[int, int]]:
    """Disjoint ranges of greatest gain between start and end, in order."""
    first, last = densest_run(gains[start:end])
    if last == first:
        return []
    first, last = start + first, start + last
    return [*_dense_runs(gains, start, first), (first, last), *_dense_runs(gains, last, end)]


def _size(gains: NDArray[np.float32], run: tuple[int, int]) -> float:
    part = gains[run[0] : run[1]]
    return float(part[part > 0].sum())


def _story(lines: Sequence[Line], roles: Matrix, run: tuple[int, int]) -> StoryLines:
    body = tuple(i for i in range(*run) if roles[i, 0] > _IS_BODY)
    above = _lines_above(roles, body[0])
    best = max(above, key=lambda i: float(roles[i, _HEADLINE]), default=None)
    return StoryLines(body, best if best is not None and roles[best, _HEADLINE] > 0.5 else None)


def _lines_above(roles: Matrix, first: int) -> range:
    """The lines that may hold a story's headline: a few, back to the body of the story before."""
    top = max(0, first - _HEAD_REACH - 1)
    bodies = np.flatnonzero(roles[top:first, 0] > _IS_BODY)
    return range(top + int(bodies[-1]) + 1 if len(bodies) else top, first)


def _is_long_enough(lines: Sequence[Line], story: StoryLines) -> bool:
    return sum(len(lines[i].text) for i in story.body) >= _MIN_STORY
