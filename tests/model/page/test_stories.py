"""Which lines of a page make which story, where their roles are given."""

import numpy as np

from copydesk.model.page.lines import split_lines
from copydesk.model.page.roles.classifier import ROLES
from copydesk.model.page.stories import group_lines

OPENING = "The council voted on Monday to pay for a second crane, and the harbour master thanked its members for it."
REST = "The harbour master said that a second crane would pay for itself, and the council members agreed with that."
OTHER = "Beekeepers in the valley lost a third of their hives over winter; a mite from overseas gets the blame now."


def _bodies(opening: str, rest: str, n_between: int) -> list[tuple[int, ...]]:
    text = "\n".join([opening] * 4 + ["Watch our video"] * n_between + [rest] * 12)
    lines = split_lines(text)
    kinds = ["related" if line.text.startswith("Watch") else "body" for line in lines]
    roles = np.eye(len(ROLES), dtype=np.float32)[[ROLES.index(kind) for kind in kinds]]
    return [story.body for story in group_lines(lines, roles)]


def test_an_opening_before_an_interruption_is_of_the_longer_story_below() -> None:
    assert _bodies(OPENING, REST, n_between=12) == [(*range(4), *range(16, 28))]


def test_what_tells_of_something_else_or_far_away_is_not_taken_up() -> None:
    assert _bodies(OPENING, OTHER, n_between=12) != [(*range(4), *range(16, 28))]
    assert _bodies(OPENING, REST, n_between=40) != [(*range(4), *range(44, 56))]


def test_on_a_page_full_of_furniture_only_a_sure_break_parts_stories() -> None:
    lines = split_lines("\n".join([OPENING] * 4 + ["Related", "A mite from overseas"] + [OTHER] * 4))
    roles = np.zeros((len(lines), len(ROLES)), np.float32)
    roles[:, 0] = 1
    for at, role in ((4, "related"), (5, "headline")):
        roles[at, [0, ROLES.index(role)]] = 0.4, 0.6
    assert [story.body for story in group_lines(lines, roles)] == [(0, 1, 2, 3), (6, 7, 8, 9)]
    (story,) = group_lines(lines, roles, is_page=True)
    assert story.body == (0, 1, 2, 3, 6, 7, 8, 9)
    assert [story.headline for story in group_lines(lines, roles, [5], is_page=True)] == [None, 5]
