"""What each line of a page is: body of a story, or one of the kinds of furniture.

The classifier sees lines one by one. Here a text as a whole has its say: what may be a story and little else keeps its
lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.model.page.lines import Line
from copydesk.model.page.roles.borders import find_borders, find_opening, find_sure_borders
from copydesk.model.page.roles.classifier import ROLES, load_classifier
from copydesk.model.page.roles.features import OWN, Matrix, describe_lines

_CUED = OWN.index("cued")
_CUE = 0.5  # share of a line's words that give it away
_MIN_CUED = 3  # such lines in a page: 1-113 of 90 real pages, 0-2 of articles
_MIN_CUED_SHARE = 0.03  # of all lines; a fifth of a page's
# Share of a text's characters that are body from which it is taken for stories and little else. At 0.96 three of 90
# real pages are read better (F1 0.938 -> 0.943), but of composed pages with several stories 4 in 100 lose one, not 2.
_PLAIN = 0.8
_SURE_BORDER = 0.95  # probability of a border that parts the stories of a page; with 0.5 F1 of real pages is 0.005 less
_PLAINLY = 0.97  # probability of furniture that counts in such a text
_MAYBE = 0.05  # probability from which a line under a date is a headline; 0.1 loses one story in a hundred
_MIN_RUN = 3  # lines of furniture on end that are no doubt a part of a page
_LONG = 150  # characters; no headline, and seldom furniture, is longer
_WHOLE_STORY = 2_000  # characters
_HEADLINE, _TIMESTAMP = ROLES.index("headline"), ROLES.index("timestamp")
_SIGNS = [
    ROLES.index(role) for role in ("byline", "share", "subscribe", "related", "timestamp", "comments", "copyright")
]


@dataclass(frozen=True)
class LineRoles:
    """How likely each line plays each of ROLES, float32 [lines, roles], which are headlines of further stories, and
    whether the text is a page of which much is no story."""

    probabilities: Matrix
    borders: tuple[int, ...]
    is_page: bool = False


def read_roles(lines: Sequence[Line], known: Mapping[int, str], *, is_parted: bool = False) -> LineRoles:
    """The roles of the lines of a text. known: those that are certain, by line; is_parted: no border is to be found."""
    features = describe_lines(lines)
    classifier = load_classifier()
    roles = classifier.probabilities(features)
    _keep_long_lines(lines, roles)
    _settle(roles, known)
    is_cued = features[:, _CUED] >= _CUE
    if _is_page_with_more(lines, is_cued, roles):
        parted = [] if is_parted else find_sure_borders(lines, roles, _SURE_BORDER)
        roles = classifier.tell_body(features, roles)
        _keep_long_lines(lines, roles)
        _settle(roles, known)
        return LineRoles(roles, tuple(parted), is_page=True)
    borders = [] if is_parted else find_borders(lines, roles)
    known = {**known, **dict.fromkeys(borders, "headline")}
    _give_benefit_of_doubt(lines, is_cued, roles, known, has_borders=bool(borders))
    _settle(roles, known)
    return LineRoles(roles, tuple(borders))


def _is_page(is_cued: NDArray[np.bool_]) -> bool:
    """Many lines speak of the page itself."""
    return bool(is_cued.sum() >= _MIN_CUED and is_cued.mean() >= _MIN_CUED_SHARE)


def _is_page_with_more(lines: Sequence[Line], is_cued: NDArray[np.bool_], roles: Matrix) -> bool:
    """The text is a page, and much of it no body: there each line counts as what it looks like."""
    widths = np.array([len(line.text) for line in lines])
    return _is_page(is_cued) and bool((widths * roles[:, 0]).sum() < _PLAIN * widths.sum())


def _settle(roles: Matrix, known: Mapping[int, str]) -> None:
    for i, role in known.items():
        roles[i] = 0
        roles[i, ROLES.index(role)] = 1


def _keep_long_lines(lines: Sequence[Line], roles: Matrix) -> None:
    """Makes body of each line that is a whole story by its length."""
    is_story = [len(line.text) >= _WHOLE_STORY for line in lines]
    roles[is_story] = 0
    roles[is_story, 0] = 1


def _give_benefit_of_doubt(
    lines: Sequence[Line], is_cued: NDArray[np.bool_], roles: Matrix, known: Mapping[int, str], *, has_borders: bool
) -> None:
    """Lets a text keep lines as body unless they are plainly furniture, when it may be a story and little else.

    A page speaks of itself: among its lines are many like "Share" or "Privacy", or one story ends and another begins. A
    text that does neither is no page, however short its lines. A text that does, but is nearly all body, may still
    lose what stands together.
    """
    widths = np.array([len(line.text) for line in lines])
    is_headline = roles.argmax(axis=1) == _HEADLINE
    is_plainly = (roles[:, 1:].max(axis=1) >= _PLAINLY) & (widths <= _LONG) & ~is_headline
    first = next((i for i in range(len(lines)) if i not in known), 0)
    is_title = (np.arange(len(lines)) == first) & is_headline & (widths <= _LONG)
    if has_borders or _has_break(widths, roles):
        _find_headlines(widths, roles)
        opening = find_opening(lines, roles)
        roles[opening] = np.eye(len(ROLES), dtype=np.float32)[_HEADLINE]
        is_title[opening] = True
        lost = is_plainly | _in_gaps(roles, 2, at_ends=True)
    elif _is_page(is_cued):
        lost = is_plainly | _in_gaps(roles, _MIN_RUN, at_ends=False)
    else:
        lost = is_plainly & is_cued
    keep = ~is_title & ~lost
    roles[keep] = 0
    roles[keep, 0] = 1


def _has_break(widths: NDArray[np.int64], roles: Matrix) -> bool:
    """True when one story ends and another begins: short lines amid the text with a date, say, and a headline at last.

    None of 1,405 articles has such a place; three quarters of those where stories meet on composed pages look so.
    """
    for start, end in _gaps(roles):
        if start == 0 or end == len(roles) or end - start == 1 or widths[start:end].max() > _LONG:
            continue
        headline = roles[max(start, end - 3) : end, _HEADLINE].max()
        is_dated = roles[start:end, _TIMESTAMP].max() > 0.3
        if (headline > 0.3 and is_dated) or (headline > 0.5 and roles[start:end][:, _SIGNS].max() > 0.7):
            return True
    return False


def _find_headlines(widths: NDArray[np.int64], roles: Matrix) -> None:
    """Makes a headline of each short line under a date amid the text that may be one, where none stands above it."""
    for start, end in _gaps(roles.copy()):
        if start == 0 or end == len(roles) or widths[end] > _LONG:
            continue
        is_dated = roles[start:end, _TIMESTAMP].max() > 0.5
        if is_dated and roles[start:end, _HEADLINE].max() < 0.3 and roles[end, _HEADLINE] > _MAYBE:
            roles[end] = 0
            roles[end, _HEADLINE] = 1


def _in_gaps(roles: Matrix, n_least: int, *, at_ends: bool) -> NDArray[np.bool_]:
    """True for lines of furniture with so many on end, or at either end of the text if that counts too."""
    flags = np.zeros(len(roles), dtype=np.bool_)
    for start, end in _gaps(roles):
        flags[start:end] = end - start >= n_least or (at_ends and (start == 0 or end == len(roles)))
    return flags


def _gaps(roles: Matrix) -> Iterator[tuple[int, int]]:
    """The ranges of lines that are no body."""
    edges = np.flatnonzero(np.diff(roles[:, 0] <= 0.5, prepend=False, append=False))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
