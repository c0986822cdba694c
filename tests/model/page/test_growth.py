"""No text makes the page reader slow: four times as much of it takes about four times as long."""

import numpy as np
import pytest

from copydesk.model.page.lines import split_lines
from copydesk.model.page.reader import read_page
from copydesk.model.page.roles.classifier import ROLES
from copydesk.model.page.stories import group_lines
from support.growth import MAX_GROWTH, growth

PROSE = "The council met on Monday and agreed to pay for the crane, said the harbour master, who had asked for it. "
FOOD = {
    "one long line": PROSE,
    "lines of prose": PROSE + "\n",
    "teasers": f"Council pays for crane\n{PROSE * 3}\n2 hours ago\nRead more\n",
    "prose and furniture in turn": f"{PROSE}\nShare this\nTweet\nPrint\nComments\n",
    "a story taken up again": f"{PROSE * 4}\n\nAdvertisement\nShare this\nSign up\n\n",
    "numbered lines": "1. Cut the duty\n",
    "menu": "Home\nNews\nSport\nLog in\n",
    "brackets": "[](){}<>",
    "placeholders": "[[image]] ",
    "quotes": '"“‘',
    "closing quotes": '."',
    "credits": "Photo: A Name ",
    "invitations on one line": "Subscribe to our newsletter and follow us on Facebook today. ",
    "wrapped paragraphs": (PROSE[:70] + "\n") * 5 + "\n",
    "dates": "12:30 1.1.2020 2 hours ago ",
    "blank lines": "\n \n",
    "exotic line ends": "a\x85b\u2028c\r\n",
}


@pytest.mark.parametrize("name", FOOD)
def test_four_times_as_much_takes_about_four_times_as_long(name: str) -> None:
    assert growth(read_page, FOOD[name]) <= MAX_GROWTH


SHAPES = {
    "teasers": f"{PROSE}\n" + "#related\n" * 3,
    "stories under headlines": "#headline\n" + f"{PROSE}\n" * 4 + "#timestamp\n",
    "a story taken up again": f"{PROSE}\n" * 4 + "#related\n" * 8,
}


@pytest.mark.parametrize("name", SHAPES)
def test_grouping_lines_takes_time_in_proportion(name: str) -> None:
    assert growth(_group, SHAPES[name], 100_000) <= MAX_GROWTH


def _group(text: str) -> object:
    """The stories of lines whose roles are known: the line says it, or it is body."""
    lines = split_lines(text)
    roles = np.zeros((len(lines), len(ROLES)), np.float32)
    for i, line in enumerate(lines):
        roles[i, ROLES.index(line.text[1:]) if line.text.startswith("#") else 0] = 1
    return group_lines(lines, roles)
