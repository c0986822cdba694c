"""The labelled stories that a run learns from: read, checked, and split."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copydesk.model.errors import DataError
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.check import CheckedStories, check_stories
from copydesk.training.data.notes import find_near_duplicates, find_notes, list_first
from copydesk.training.data.plain import Reading
from copydesk.training.data.splits import FrozenTest, Split
from copydesk.training.data.stories import LabelledStory, count_labels, group_stories, read_labelled, split_stories


@dataclass(frozen=True)
class CorrectedStories:
    """The stories of all files, each text with the labels of the last file that holds it.

    read: all that was read, superseded stories too. n_later: stories that stand in a later file too; n_changed: those
    of them that have other labels there.
    """

    stories: list[LabelledStory]
    read: list[LabelledStory]
    n_later: int
    n_changed: int
    faults: list[str]
    notes: list[str]

    def describe(self) -> Iterator[str]:
        """How many were corrected, as a line for a person; none where nothing was."""
        if self.n_later:
            stand = "1 story stands" if self.n_later == 1 else f"{self.n_later:,} stories stand"
            changed = "1 was" if self.n_changed == 1 else f"{self.n_changed:,} were"
            yield f"{stand} in a later file too, whose labels count: {changed} corrected by it"


@dataclass(frozen=True)
class TagData:
    """The labelled stories, split, and their labels in order; without a frozen test none is set aside for one."""

    labels: tuple[str, ...]
    train: list[LabelledStory]
    held_out: list[LabelledStory]
    test: list[LabelledStory]

    @property
    def label_counts(self) -> dict[str, int]:
        """How many stories to learn from carry each label."""
        counts = count_labels(self.train)
        return {label: counts[label] for label in self.labels}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the texts to learn from and those held out."""
        sides = ([story.fingerprint for story in part] for part in (self.train, self.held_out))
        return hashlib.sha256(repr(list(sides)).encode()).hexdigest()


def read_corrected(names: Sequence[str], reading: Reading | None = None) -> CorrectedStories:
    """The stories of the files, folders, globs and hub datasets. Raises DataError as `read_labelled` does for each."""
    parts = [read_labelled([name], reading) for name in names] or [read_labelled([])]
    last: dict[str, LabelledStory] = {}
    kept, superseded = list[LabelledStory](), list[LabelledStory]()
    for part in reversed(parts):
        kept = [story for story in part.stories if story.fingerprint not in last] + kept
        superseded += [story for story in part.stories if story.fingerprint in last]
        last = {story.fingerprint: story for story in part.stories} | last
    return CorrectedStories(
        stories=kept,
        read=[story for part in parts for story in part.stories],
        n_later=len(superseded),
        n_changed=sum(_tags(story) != _tags(last[story.fingerprint]) for story in superseded),
        faults=[fault for part in parts for fault in part.faults],
        notes=[note for part in parts for note in part.notes],
    )


def load_tag_data(
    config: TrainingConfig, *, skip_bad: bool = False, frozen: FrozenTest | None = None, progress: Progress = SILENT
) -> TagData:
    """The labelled stories of the configuration, checked and split by content; `frozen` takes its share for testing.

    Raises DataError for faulty stories; `skip_bad` leaves them out.
    """
    read = read_corrected(config.tags.files, Reading.of(config.tags))
    progress.say(*read.describe())
    checked = check_stories(read.stories, config.tags.labels, read.faults, skip_bad=skip_bad)
    progress.say(*_describe_left_out(checked, len(read.stories) - len(checked.stories) + len(read.faults)))
    if not checked.labels:
        raise DataError(f"{', '.join(config.tags.files)}: no label to learn; at least one is needed")
    near_duplicates = find_near_duplicates(checked.stories, group_stories(checked.stories))
    notes = (*read.notes, *find_notes(checked.stories, checked.labels, near_duplicates))
    progress.say(*(f"note: {note}" for note in notes))
    split = _split(checked.stories, config.tags.held_out, frozen)
    data = TagData(checked.labels, split.train, split.held_out, split.test)
    _check_labels(data)
    progress.say(*_describe(data))
    return data


def _tags(story: LabelledStory) -> tuple[frozenset[str], frozenset[str]]:
    return story.labels, story.unsure


def _describe_left_out(checked: CheckedStories, n_stories: int) -> Iterator[str]:
    rare = [fault.label for fault in checked.faults if fault.label]
    if rare:
        yield f"left out {len(rare)} labels with too few stories: {list_first(rare)}"
    others = [fault for fault in checked.faults if not fault.label]
    if others:
        yield f"left out for {len(others)} faults: {n_stories} stories; the first: {others[0]}"


def _split(stories: Sequence[LabelledStory], held_out: float, frozen: FrozenTest | None) -> Split:
    if frozen is not None:
        return frozen.split(stories, held_out)
    return Split(*split_stories(stories, held_out), test=[])


def _check_labels(data: TagData) -> None:
    for label, n in data.label_counts.items():
        if not n:
            raise DataError(f"label {label!r}: no story to learn from carries it; add some or leave the label out")


def _describe(data: TagData) -> Iterator[str]:
    tested = f", {len(data.test)} to test on" if data.test else ""
    yield f"{len(data.train)} stories to learn from, {len(data.held_out)} held out{tested}"
    yield f"labels: {', '.join(f'{label} {n}' for label, n in data.label_counts.items())}"
