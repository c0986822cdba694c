"""Real pages and articles to learn from, where somebody has them: their lines are described, their texts are not kept.

What is known of a real line is only whether it is body. Of which kind its furniture is, a classifier says that has
learned from composed pages.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.model.files.rows import read_rows
from copydesk.model.files.sources import find_source
from copydesk.model.page.lines import Line, split_lines
from copydesk.model.page.roles.classifier import ROLES, RoleClassifier
from copydesk.model.page.roles.features import Matrix, describe_lines
from copydesk.training.line_roles.train import LabelledPage

_WORD = re.compile(r"\w+")
_END = re.compile(r"[.!?…:;,][\"'”’)\]]*$|[\"”]$")
_MAX_SCRAP = 100  # characters of a line without an end that is no sentence
_MIN_STORY = 600  # characters
_SHINGLE = 4  # words
_NEAR = 3  # lines
_SUBHEADS = [ROLES.index(role) for role in ("headline", "heading")]


def read_scraped(name: str, teacher: RoleClassifier) -> Iterator[LabelledPage]:
    """Pages of a JSONL file with the fields `page_text`, all that a browser shows, and `body`, the article in it."""
    for row in _read(name):
        lines = split_lines(row["page_text"])
        yield _label(lines, is_in(lines, row["body"]), teacher)


def read_edited(name: str, teacher: RoleClassifier) -> Iterator[LabelledPage]:
    """Articles of a JSONL file with the fields `text`, `spans` of its sentences and, in `annotations`, which of them,
    from 1, are `furniture`. Sub-headings are left out: elsewhere such lines are headlines, or body."""
    for row in _read(name):
        lines = split_lines(row["text"])
        numbers = {n for reading in row["annotations"] for n in reading["furniture"]}
        aside = [row["spans"][n - 1] for n in numbers]
        is_body = np.array([_told(line, aside) for line in lines])
        page = _label(lines, is_body, teacher)
        yield _without(page, np.isin(page.roles, _SUBHEADS) & ~is_body)


def read_plain(name: str) -> Iterator[LabelledPage]:
    """The articles of a JSONL file with the field `text`, each as one story from its first line to its last."""
    for row in _read(name):
        lines = split_lines(row["text"])
        whole = np.zeros(len(lines), dtype=np.int64)
        yield LabelledPage(lines, describe_lines(lines), whole, whole + 1)


def read_stories(name: str) -> Iterator[list[str]]:
    """The articles of a JSONL file with the fields `title` and `text`, as lines, the title first, without sub-headings
    and scraps."""
    for row in _read(name):
        lines = [line.strip() for line in row["text"].split("\n") if line.strip()]
        lines = [line for line in lines if len(line) > _MAX_SCRAP or _END.search(line)]
        if row["title"] and sum(map(len, lines)) >= _MIN_STORY:
            yield [row["title"], *lines]


def _without(page: LabelledPage, left_out: NDArray[np.bool_]) -> LabelledPage:
    kept = np.flatnonzero(~left_out)
    return LabelledPage([page.lines[i] for i in kept], page.features[kept], page.roles[kept], page.stories[kept])


def _read(name: str) -> Iterator[dict[str, Any]]:  # Any: JSON
    return (row.values for row in read_rows(find_source(name), ()) if row.values)


def _told(line: Line, aside: Sequence[Sequence[int]]) -> bool:
    """More than half of the line is no furniture."""
    return sum(max(0, min(end, line.end) - max(start, line.start)) for start, end in aside) <= 0.5 * len(line.text)


def is_in(lines: Sequence[Line], body: str) -> NDArray[np.bool_]:
    """Which lines stand in the body: most of their shingles of words; or whole, for a short one near such lines, since
    menus hold its words too."""
    known = set(_shingles(body))
    whole = {" ".join(_WORD.findall(line)) for line in body.split("\n")} - {""}
    shingles = [_shingles(line.text) for line in lines]
    is_told = np.array([2 * sum(s in known for s in own) > len(own) for own in shingles])
    is_whole = np.array([" ".join(_WORD.findall(line.text)) in whole for line in lines])
    told = np.flatnonzero(is_told)
    near = slice(max(0, told[0] - _NEAR), told[-1] + 1 + _NEAR) if len(told) else slice(0)
    is_told[near] |= is_whole[near]
    return is_told


def _shingles(text: str) -> list[tuple[str, ...]]:
    words = _WORD.findall(text)
    return [tuple(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1)]


def _label(lines: list[Line], is_body: NDArray[np.bool_], teacher: RoleClassifier) -> LabelledPage:
    features: Matrix = describe_lines(lines)
    kinds = 1 + teacher.probabilities(features)[:, 1:].argmax(axis=1)
    return LabelledPage(lines, features, np.where(is_body, 0, kinds), is_body.astype(np.int64))
