"""Where one story of a text ends and another begins: at a line that may be a headline, when the prose below it tells of
something else than the prose above."""

from bisect import bisect_right
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from copydesk.model.page.lines import Line
from copydesk.model.page.roles.classifier import ROLES, load_classifier
from copydesk.model.page.roles.cues import words_of
from copydesk.model.page.roles.features import NAME, Matrix
from copydesk.model.page.roles.marks import number_of

N_FEATURES = 14  # of a border
_PROSE = 100  # characters of a line that tells something
_LONGEST = 200  # characters of a headline
_MAYBE = 0.03  # probability of a headline from which a line is looked at
_OPENING = 0.15  # the same for the first story of several
_REACH = 6  # lines between a headline and its story
_ABOVE, _BELOW = 40, 8  # lines of prose that are compared
_SURE = 0.95  # probability that a text has any border; 7 of 2,855 articles have a higher one, most of them lists
_SIGNED = 0.5  # the same of a border with a byline or date under it
_LIKELY = 0.3  # probability of a single border in such a text
_SEEN = 2_000  # characters of a line that are looked at
_NUMBERED, _ENDED, _BEGUN = 7, 8, 10  # of the features
_IS_BEGUN = 0.9  # probability of a byline or date under a headline
_IS_ENDED = 0.3
_SIGNS_REACH = 3  # lines above and below a headline in which signs of a border stand
_BODY = 0.5  # probability from which a line is body
_ENDS = [ROLES.index(role) for role in ("related", "share", "subscribe", "comments", "copyright")]
_RULES = [ROLES.index(role) for role in ("other", "navigation")]
_BEGINS = [ROLES.index(role) for role in ("byline", "timestamp")]
_HEADLINE = ROLES.index("headline")
_ECHO = 2.0  # weight of the words that a headline shares with its story
_EVEN = 0.3  # share of names in common where there is none to compare


def find_borders(lines: Sequence[Line], roles: Matrix) -> list[int]:
    """The headlines at which another story begins, in order. roles: float32 [lines, roles]"""
    candidates, features = describe_borders(lines, roles)
    if not candidates:
        return []
    probabilities = _rate(features)
    is_signed = bool((probabilities[features[:, _BEGUN] >= _IS_BEGUN] >= _SIGNED).any())
    is_sure = is_signed or 1 - np.prod(1 - probabilities) >= _SURE
    if not is_sure or _is_list(lines, features):
        return []
    found = [i for i, probability in zip(candidates, probabilities, strict=True) if probability >= _LIKELY]
    return [*find_opening(lines, roles), *found]


def find_sure_borders(lines: Sequence[Line], roles: Matrix, least: float) -> list[int]:
    """Those that are one with this probability, each by itself: most headlines of scraped pages are of teasers."""
    candidates, features = describe_borders(lines, roles)
    return [i for i, probability in zip(candidates, _rate(features), strict=True) if probability >= least]


def find_opening(lines: Sequence[Line], roles: Matrix) -> list[int]:
    """The headline of the first story, where one stands above it."""
    first = next((i for i, line in enumerate(lines) if len(line.text) >= _PROSE), 0)
    gap = [i for i in range(max(0, first - _REACH), first) if roles[i, _HEADLINE] > _OPENING]
    return [_choose(lines, roles, gap, _Words(lines[first].text[:_SEEN]))] if gap else []


def describe_borders(lines: Sequence[Line], roles: Matrix) -> tuple[list[int], Matrix]:
    """The lines that may be a border, one between two lines of prose, and what speaks for it: float32 [borders, 14]"""
    prose = [i for i, line in enumerate(lines) if len(line.text) >= _PROSE]
    gaps = _find_gaps(lines, roles, prose)
    words = [_Words(lines[i].text[:_SEEN]) for i in prose] if gaps else []
    candidates = [_choose(lines, roles, gap, words[here]) for here, gap in gaps.items()]
    places = [0, *gaps, len(prose)]
    rows = []
    for i, (last, here), next_ in zip(candidates, pairwise(places), places[2:], strict=False):
        near, far = words[max(last, here - _ABOVE) : here], words[max(0, here - _ABOVE) : here]
        shared = _compare(words[here : min(next_, here + _BELOW)], near, far)
        rows.append([_log_odds(roles[i]), *shared, *_describe_gap(lines, roles, i)])
    own = np.array(rows, dtype=np.float32).reshape(len(rows), 11)
    return candidates, np.hstack([own, np.tile(_describe_page(own, len(prose)), (len(own), 1))])


def _rate(features: Matrix) -> Matrix:
    """The probability of each border. features: float32 [borders, 14]; float32 [borders]"""
    *weights, bias = load_classifier().border
    probabilities: Matrix = 1 / (1 + np.exp(-(features @ np.array(weights, dtype=np.float32) + bias)))
    return probabilities


def _is_list(lines: Sequence[Line], features: Matrix) -> bool:
    """The points of one story: numbered after an introduction, with nothing at their ends."""
    if features[:, _NUMBERED].mean() < 0.5 or features[:, _ENDED].mean() > _IS_ENDED:
        return False
    first = next((i for i, line in enumerate(lines) if number_of(line.text) == 1), len(lines))
    return any(len(line.text) >= _PROSE for line in lines[:first])


def _describe_gap(lines: Sequence[Line], roles: Matrix, i: int) -> list[float]:
    """Whether the line has a number, and the likeliest signs of an end above it and of a beginning below it."""
    top, bottom = max(0, i - _SIGNS_REACH), i + 1 + _SIGNS_REACH
    above, below = (roles[part][roles[part, 0] < _BODY] for part in (slice(top, i), slice(i + 1, bottom)))
    return [
        float(number_of(lines[i].text) is not None),
        float(above[:, _ENDS].max(initial=0)),
        float(above[:, _RULES].max(initial=0)),
        float(below[:, _BEGINS].max(initial=0)),
    ]


def _describe_page(own: Matrix, n_prose: int) -> Matrix:
    """What all borders of a page say of each: how many lines of prose have one, and what they have in common. [3]"""
    means = own[:, 2:4].mean(axis=0) if len(own) else np.zeros(2)
    return np.array([len(own) / max(1, n_prose), *means], dtype=np.float32)


class _Words:
    """The longer words of a line, and its names."""

    def __init__(self, text: str) -> None:
        self.words = frozenset(word for word in words_of(text) if len(word) > 4)
        self.names = frozenset(NAME.findall(text))


def _compare(below: Sequence[_Words], near: Sequence[_Words], far: Sequence[_Words]) -> list[float]:
    """Which share of the words and names below the prose above has too, and how many words there are."""
    new, new_names = _words(below), _names(below)
    old, older = _words(near), _words(far)
    return [
        len(new & old) / max(1, len(new)),
        len(new & older) / max(1, len(new)),
        len(new_names & _names(far)) / len(new_names) if new_names else _EVEN,
        float(np.log1p(len(new))),
        float(np.log1p(len(old))),
        float(np.log1p(len(older))),
    ]


def _words(lines: Sequence[_Words]) -> frozenset[str]:
    return frozenset().union(*(line.words for line in lines))


def _names(lines: Sequence[_Words]) -> frozenset[str]:
    return frozenset().union(*(line.names for line in lines))


def _find_gaps(lines: Sequence[Line], roles: Matrix, prose: Sequence[int]) -> dict[int, list[int]]:
    """The lines that may be headlines between two lines of prose, by the number of the one below."""
    gaps: dict[int, list[int]] = {}
    for i in np.flatnonzero(roles[:, _HEADLINE] > _MAYBE).tolist():
        below = bisect_right(prose, i)
        is_followed = below < len(prose) and prose[below] - i <= _REACH
        is_headline = len(lines[i].text) <= _LONGEST and lines[i].text[0] not in "(["
        if prose and prose[0] < i and is_followed and is_headline:
            gaps.setdefault(below, []).append(i)
    return gaps


def _choose(lines: Sequence[Line], roles: Matrix, gap: Sequence[int], below: "_Words") -> int:
    """The likeliest headline of a gap."""
    if len(gap) == 1:
        return gap[0]
    own = {i: _Words(lines[i].text).words for i in gap}
    return max(gap, key=lambda i: float(roles[i, _HEADLINE]) * rate_echo(own[i], below.words))


def rate_echo(words: AbstractSet[str], told: AbstractSet[str]) -> float:
    """How much sooner a line is a headline for what it shares with the story below: a section's name shares nothing."""
    return 1.0 + _ECHO * len(words & told) / max(1, len(words))


def _log_odds(roles: NDArray[np.float32]) -> float:
    """Of a headline against a line of body."""
    return float(np.log((roles[_HEADLINE] + 1e-4) / (roles[0] + 1e-4)))
