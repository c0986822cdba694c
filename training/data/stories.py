"""Labelled stories: read from files, checked, split."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from copydesk.model.errors import DataError
from copydesk.model.files.rows import Row
from copydesk.model.files.sources import find_source
from copydesk.training.data.duplicates import Signature, group_signatures, sign_text
from copydesk.training.data.plain import Reading, read_plain
from copydesk.training.metrics.quality import Floats

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_LABEL_LENGTH = 40  # characters; a longer string is more likely a text


@dataclass(frozen=True)
class LabelledStory:
    """A text with its labels; a label under `unsure` is neither a positive nor a negative.

    for_test: whoever drew the story has said whether it is to be tested on, never learned from, or never tested on.
    """

    text: str
    labels: frozenset[str]
    unsure: frozenset[str] = frozenset()
    title: str | None = None
    id: str = ""
    where: str = ""  # file and line
    for_test: bool | None = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the words of the text: the same whatever its case, spacing and punctuation."""
        return hashlib.sha256(" ".join(re.findall(r"\w+", self.text.lower())).encode()).hexdigest()

    @cached_property
    def signature(self) -> Signature:
        """What near-duplicates of the text are known by; computed once, for it takes longer than all else here."""
        return sign_text(self.text)


@dataclass(frozen=True)
class ReadStories:
    """The stories of some files.

    faults: rows that are no labelled story, by file, line and remedy. notes: what a person should know of the reading.
    """

    stories: list[LabelledStory]
    faults: list[str]
    notes: list[str]


def read_labelled(names: Sequence[str], reading: Reading | None = None) -> ReadStories:
    """Every story of the files, folders, globs and hub datasets, and what does not read.

    Raises DataError for a file that does not read, or without any story.
    """
    reading = reading or Reading()
    stories, faults, notes = list[LabelledStory](), list[str](), list[str]()
    for file in (file for name in names for file in read_plain(find_source(name, reading.dialect), reading)):
        notes += file.notes
        for row in file.rows:
            try:
                stories.append(_story(row))
            except DataError as error:  # a row that fails is no error of the others
                faults.append(str(error))
    if not stories and faults:
        raise DataError(f"no row is a labelled story; the first: {faults[0]}")
    if not stories:
        raise DataError(f"{', '.join(names) or 'no file'}: no labelled story; name a file with --data")
    return ReadStories(stories, faults, notes)


def read_stories(names: Sequence[str], reading: Reading | None = None) -> list[LabelledStory]:
    """`read_labelled` for files without faults: the first one raises DataError naming file and line."""
    read = read_labelled(names, reading)
    if read.faults:
        raise DataError(read.faults[0])
    return read.stories


def collect_labels(stories: Iterable[LabelledStory], order: Sequence[str] = ()) -> tuple[str, ...]:
    """The labels that occur, in the given order or sorted. Raises DataError for one outside a given order."""
    found = {label for story in stories for label in story.labels | story.unsure}
    if not order:
        return tuple(sorted(found))
    for label in sorted(found - set(order)):
        raise DataError(
            f"label {label!r} is not among the {len(order)} labels of the configuration: {', '.join(order)}"
        )
    return tuple(order)


def split_stories(stories: Sequence[LabelledStory], held_out: float) -> tuple[list[LabelledStory], list[LabelledStory]]:
    """Stories to learn from and stories held out, by content: a text falls on the same side in every run.

    Near-duplicates stand together: all are held out where one of them would be.
    """
    groups = group_stories(stories)
    is_out = [int(story.fingerprint[:8], 16) < held_out * 16**8 for story in stories]
    groups_out = {group for group, out in zip(groups, is_out, strict=True) if out}
    kept = [story for story, group in zip(stories, groups, strict=True) if group not in groups_out]
    out = [story for story, group in zip(stories, groups, strict=True) if group in groups_out]
    for name, part in (("to learn from", kept), ("held out", out)):
        if not part:
            raise DataError(f"{len(stories)} stories leave none {name}; give more stories or change tags.held_out")
    return kept, out


def group_stories(stories: Sequence[LabelledStory]) -> list[int]:
    """For each story the index of the first of its near-duplicates; without any it is its own."""
    return group_signatures([story.signature for story in stories])


def count_labels(stories: Iterable[LabelledStory]) -> Counter[str]:
    """How many stories carry each label."""
    return Counter(label for story in stories for label in story.labels)


def story_targets(stories: Sequence[LabelledStory], labels: Sequence[str]) -> Floats:
    """Targets, float64 [stories, labels]: 1, 0, or -1 where the annotator was unsure."""
    return np.array([[-1.0 if label in s.unsure else float(label in s.labels) for label in labels] for s in stories])


def read_text(row: Row) -> tuple[str, str | None]:
    """A row's text, and its title if it has one. Raises DataError for what is no text."""
    text, title = row.values["text"], row.values.get("title") or None
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{row.where}: text is empty or no string; correct the row or leave it out")
    if not isinstance(title, str | None):
        raise DataError(f"{row.where}: title is {type(title).__name__}, expected a string")
    if _HALF_CHARACTER.search(text) or _HALF_CHARACTER.search(title or ""):
        raise DataError(
            f"{row.where}: the text holds half a character (a lone surrogate); export the file again as UTF-8"
        )
    return text, title


def label_set(value: Any, where: str) -> frozenset[str]:  # Any: a cell of anybody's file
    """The labels of a row. Raises DataError for what is no list of names."""
    if isinstance(value, list | tuple) and all(isinstance(label, str) and label.strip() for label in value):
        return frozenset(value)
    kind = type(value).__name__
    if isinstance(value, list | tuple):
        kind = f"a list that holds {type(next(x for x in value if not isinstance(x, str) or not x.strip())).__name__}"
    raise DataError(f"{where} is {kind}, expected a list of label names, such as {_as_list(value)}")


def _story(row: Row) -> LabelledStory:
    if row.problem:
        raise DataError(f"{row.where}: {row.problem}")
    text, title = read_text(row)
    return LabelledStory(
        text=text,
        title=title,
        labels=label_set(row.values["labels"], f"{row.where}: labels"),
        unsure=label_set(row.values.get("unsure") or [], f"{row.where}: unsure"),
        id=str(row.values.get("id") or row.where),
        where=row.where,
        for_test=_for_test(row),
    )


def _for_test(row: Row) -> bool | None:
    value = row.values.get("for_test")
    if not isinstance(value, bool | None):
        raise DataError(f"{row.where}: for_test is {type(value).__name__}, expected true or false, or none at all")
    return value


def _as_list(value: Any) -> str:
    """The list that a string stands for, if that is plain; else an example."""
    names = [name.strip() for name in re.split(r"[;,|#]", value)] if isinstance(value, str) else []
    is_plain = names and all(0 < len(name) <= _LABEL_LENGTH for name in names)
    return json.dumps(names if is_plain else ["trade"], ensure_ascii=False)
