"""The labelled stories that a run learns from: read, checked, and split."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console

from copydesk.model.errors import DataError
from copydesk.training.config import TrainingConfig
from copydesk.training.data.check import CheckedStories, check_stories
from copydesk.training.data.duplicates import group_texts
from copydesk.training.data.notes import find_notes, find_versions
from copydesk.training.data.plain import Reading
from copydesk.training.data.splits import FrozenTest, Split
from copydesk.training.data.stories import LabelledStory, ReadStories, count_labels, read_labelled, split_stories

_console = Console(stderr=True)
_N_NAMED = 12  # labels that a line names


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


def load_tag_data(config: TrainingConfig, *, skip_bad: bool = False, frozen: FrozenTest | None = None) -> TagData:
    """The labelled stories of the configuration, checked and split by content; `frozen` takes its share for testing.

    Raises DataError for faulty stories; `skip_bad` leaves them out.
    """
    read = _read_corrected(config.tags.files, Reading.of(config.tags))
    checked = check_stories(read.stories, config.tags.labels, read.faults, skip_bad=skip_bad)
    if checked.faults:
        _show_left_out(checked, len(read.stories) - len(checked.stories) + len(read.faults))
    if not checked.labels:
        raise DataError(f"{', '.join(config.tags.files)}: no label to learn; at least one is needed")
    versions = find_versions(checked.stories, group_texts([story.text for story in checked.stories]))
    for note in (*read.notes, *find_notes(checked.stories, checked.labels, versions)):
        _say(f"note: {note}")
    split = _split(checked.stories, config.tags.held_out, frozen)
    data = TagData(checked.labels, split.train, split.held_out, split.test)
    _check_labels(data)
    return data


def _read_corrected(names: Sequence[str], reading: Reading) -> ReadStories:
    """The stories of all sources; a text that a later source holds too has the labels it has there."""
    parts = [read_labelled([name], reading) for name in names] or [read_labelled([])]
    later: set[str] = set()
    kept: list[LabelledStory] = []
    n_corrected = 0
    for part in reversed(parts):
        fresh = [story for story in part.stories if story.fingerprint not in later]
        n_corrected += len(part.stories) - len(fresh)
        later.update(story.fingerprint for story in part.stories)
        kept = fresh + kept
    if n_corrected:
        _say(f"{n_corrected} stories stand in a later file too, and have the labels they have there")
    return ReadStories(
        kept, [text for part in parts for text in part.faults], [n for part in parts for n in part.notes]
    )


def _show_left_out(checked: CheckedStories, n_stories: int) -> None:
    rare = [fault.label for fault in checked.faults if fault.label]
    if rare:
        more = f" and {len(rare) - _N_NAMED} more" if len(rare) > _N_NAMED else ""
        _say(f"left out {len(rare)} labels with too few stories: {', '.join(rare[:_N_NAMED])}{more}")
    others = [fault for fault in checked.faults if not fault.label]
    if others:
        _say(f"left out for {len(others)} faults: {n_stories} stories; the first: {others[0]}")


def _split(stories: Sequence[LabelledStory], held_out: float, frozen: FrozenTest | None) -> Split:
    if frozen is not None:
        return frozen.split(stories, held_out)
    return Split(*split_stories(stories, held_out), test=[])


def _check_labels(data: TagData) -> None:
    for label, n in data.label_counts.items():
        if not n:
            raise DataError(f"label {label!r}: no story to learn from carries it; add some or leave the label out")
    tested = f", {len(data.test)} to test on" if data.test else ""
    _say(f"{len(data.train)} stories to learn from, {len(data.held_out)} held out{tested}")
    _say(f"labels: {', '.join(_count(data.label_counts.items()))}")


def _count(counts: Iterable[tuple[str, int]]) -> Iterable[str]:
    return (f"{label} {n}" for label, n in counts)


def _say(text: str) -> None:
    _console.print(text, markup=False, highlight=False)
