"""Which lines of a page make which story."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from copydesk.model.page.lines import Line
from copydesk.model.page.roles.borders import rate_echo
from copydesk.model.page.roles.classifier import ROLES
from copydesk.model.page.roles.cues import words_of
from copydesk.model.page.roles.features import Matrix
from copydesk.model.page.runs import dense_runs

_COST = 100.0  # characters of body that a line of furniture outweighs; on 90 real pages 50 costs 0.01 F1, 80 to 110 are level
_CAP = 600  # characters after which a line weighs no more
_IS_BODY = 0.5  # probability from which a line is body
_MIN_STORY = 300  # characters of a story that is not the main one
_MIN_BRIEF = 120  # the same under a headline that is sure to begin a story
_MAIN_SHARE = 0.3  # of the greatest gain, which the main story must have when another part has no headline either
_SURE = 0.95  # mean probability of the body of a main story that needs no headline: 0.99 in articles, 0.7 in lists of teasers
_HEAD_REACH = 5  # lines between a headline and its story: byline, date, share bar, caption
_SAME_STORY = 0.35  # share of words in common that tells a subheading from another story's headline
_OTHER_STORY = 0.2  # the same for a headline of which the lines under it hold no word
_MEMORY = 40  # lines of a body that the next story is compared with
_TAKEN_UP = 0.3  # share of words in common that tells a story going on from a remark on it
_FOLLOWING = 3  # lines of a body that its headline is compared with
_MAX_BETWEEN = 3  # stories set into another one
_INTERRUPTION = 25  # lines that may stand between the parts of a story
_IS_HEADLINE = 0.3  # probability from which the likeliest line above a body is its headline; 0.5 loses one story in ten
_IS_BREAK = 0.3  # probability from which a line speaks for the end of a story
_IS_BREAK_OF_PAGE = 0.8  # the same on a page full of such lines: with 0.3 two of 90 real pages lose half of their story
_ENDS = re.compile(r"(?<!\.\.)[.!?][\"'”’)\]]*$")
_HEADLINE = ROLES.index("headline")
_BREAKS = [
    ROLES.index(role) for role in ("timestamp", "byline", "related", "share", "subscribe", "comments", "copyright")
]


@dataclass(frozen=True)
class StoryLines:
    """The body lines of a story, and its headline's line if it has one."""

    body: tuple[int, ...]
    headline: int | None


def group_lines(
    lines: Sequence[Line], roles: Matrix, borders: Sequence[int] = (), *, is_page: bool = False
) -> list[StoryLines]:
    """The stories of a page, the main one first and the others in order.

    roles: float32 [lines, roles]; borders: headlines at which a story is sure to begin; is_page: much is no story.
    """
    gains = _gains(lines, roles)
    runs = [
        (start + first, start + last)
        for start, end in _sections(lines, roles, borders, _IS_BREAK_OF_PAGE if is_page else _IS_BREAK)
        for first, last in dense_runs(gains[start:end].tolist())
    ]
    if not runs:
        return []
    stories = _join(lines, [_story(lines, roles, run) for run in runs])
    sure = [float(roles[list(story.body), 0].mean()) >= _SURE for story in stories]
    main = _main_story(stories, [float(gains[list(story.body)].sum()) for story in stories], sure)
    others = [story for story in stories if story is not main]
    headed = [story for story in others if story.headline is not None and _is_long_enough(lines, story, borders)]
    return [main, *headed]


def _join(lines: Sequence[Line], parts: Sequence[StoryLines]) -> list[StoryLines]:
    """The stories, each with the parts without a headline that take it up again after an interruption."""
    stories: list[list[StoryLines]] = []
    for part in parts:
        near = stories[: -_MAX_BETWEEN - 1 : -1]
        before = next((story for story in near if _takes_up(lines, story[-1], part)), None)
        if before is None:
            stories.append([part])
        else:
            before.append(part)
    return [StoryLines(tuple(i for part in story for i in part.body), story[0].headline) for story in stories]


def _takes_up(lines: Sequence[Line], last: StoryLines, part: StoryLines) -> bool:
    """The part has no headline, stands near below the last one of a story, and the shorter has many words of the other."""
    if part.headline is not None or part.body[0] - last.body[-1] > _INTERRUPTION:
        return False
    if not (_is_long_enough(lines, part) and _is_long_enough(lines, last)):
        return False
    old, new = (_long_words(lines, body) for body in (last.body[-_MEMORY:], part.body[:_MEMORY]))
    return len(new & old) >= _TAKEN_UP * min(len(new), len(old))


def _main_story(stories: Sequence[StoryLines], gains: Sequence[float], sure: Sequence[bool]) -> StoryLines:
    """The first story that is one by its headline, its place at the top or its sure body; else the one of greatest gain.

    A headline counts for less where a far longer part has none: it is that of a teaser.
    """
    greatest = int(np.argmax(gains))
    share = _MAIN_SHARE * gains[greatest]
    least = share if stories[greatest].headline is None else min(_MIN_STORY, gains[greatest])
    for story, gain, is_sure in zip(stories, gains, sure, strict=True):
        is_at_head = story.headline is not None or story.body[0] <= _HEAD_REACH
        enough = least if story.headline is not None else share
        if (is_at_head and gain >= enough) or (is_sure and gain >= share):
            return story
    return stories[greatest]


def _gains(lines: Sequence[Line], roles: Matrix) -> NDArray[np.float32]:
    widths = np.array([min(len(line.text), _CAP) for line in lines], dtype=np.float32)
    body = roles[:, 0]
    return np.where(body > _IS_BODY, widths, 0) * body - _COST * (1 - body)


def _sections(lines: Sequence[Line], roles: Matrix, borders: Sequence[int], is_break: float) -> list[tuple[int, int]]:
    """The page cut before each headline of another story.

    is_break: probability from which a line speaks for the end of one.
    """
    bodies = np.flatnonzero(roles[:, 0] > _IS_BODY).tolist()
    cuts = [0, *borders]
    first = 0  # of this section's bodies
    for i in np.flatnonzero(np.diff(bodies) > 1).tolist():
        headline = _headline_above(lines, roles, bodies[i + 1])
        is_broken = roles[bodies[i] + 1 : bodies[i + 1]][:, _BREAKS].max() >= is_break
        if headline is None or not is_broken:
            continue
        if _starts_story(lines, headline, bodies[max(first, i + 1 - _MEMORY) : i + 1], bodies[i + 1 : i + 4]):
            cuts.append(headline)
            first = i + 1
    return list(pairwise([*sorted(set(cuts)), len(lines)]))


def _starts_story(lines: Sequence[Line], headline: int, body: Sequence[int], following: Sequence[int]) -> bool:
    """True when the lines that follow tell of something else than the body before them, and of what the headline says."""
    new, old = _long_words(lines, following), _long_words(lines, body)
    n_old = len(new & old)
    is_of_headline = not new.isdisjoint(_long_words(lines, [headline]))
    return n_old < (_SAME_STORY if is_of_headline else _OTHER_STORY) * len(new)


def _long_words(lines: Sequence[Line], indices: Sequence[int]) -> set[str]:
    return {word for i in indices for word in words_of(lines[i].text[:2000]) if len(word) > 4}


def _story(lines: Sequence[Line], roles: Matrix, run: tuple[int, int]) -> StoryLines:
    body = tuple(i for i in range(*run) if roles[i, 0] > _IS_BODY)
    return StoryLines(body, _headline_above(lines, roles, body[0]))


def _headline_above(lines: Sequence[Line], roles: Matrix, first: int) -> int | None:
    """The line of a story's headline: among a few above its first line, back to the body of the story before."""
    top = max(0, first - _HEAD_REACH - 1)
    bodies = np.flatnonzero(roles[top:first, 0] > _IS_BODY)
    start = top + int(bodies[-1]) + 1 if len(bodies) else top
    above = [i for i in range(start, first) if roles[i, _HEADLINE] > _IS_HEADLINE]
    if len(above) < 2:
        return above[0] if above else None
    told = _long_words(lines, range(first, min(first + _FOLLOWING, len(lines))))
    return max(above, key=lambda i: float(roles[i, _HEADLINE]) * rate_echo(_long_words(lines, [i]), told))


def _is_long_enough(lines: Sequence[Line], story: StoryLines, borders: Sequence[int] = ()) -> bool:
    """It is no teaser: long, or, where stories are sure to be told, a brief that ends with a sentence's end."""
    width = sum(len(lines[i].text) for i in story.body)
    if story.headline in borders and _ENDS.search(lines[story.body[-1]].text):
        return width >= _MIN_BRIEF
    return width >= _MIN_STORY
