"""The labelled stories that a run learns from: read, checked, and split."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copydesk.model.errors import DataError
from copydesk.training.config import TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.check import CheckedStories, check_stories
from copydesk.training.data.notes import find_near_duplicates, find_notes
from copydesk.training.data.plain import Reading
from copydesk.training.data.splits import FrozenTest, Split
from copydesk.training.data.stories import LabelledStory, count_labels, group_stories, read_labelled, split_stories

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


def load_tag_data(
    config: TrainingConfig, *, skip_bad: bool = False, frozen: FrozenTest | None = None, progress: Progress = SILENT
) -> TagData:
    """The labelled stories of the configuration, checked and split by content; `frozen` takes its share for testing.

    Raises DataError for faulty stories; `skip_bad` leaves them out.
    """
    reading = Reading.of(config.tags)
    read = [read_labelled([name], reading) for name in config.tags.files] or [read_labelled([])]
    stories = _correct([part.stories for part in read])
    if n_corrected := sum(len(part.stories) for part in read) - len(stories):
        progress.say(f"{n_corrected} stories stand in a later file too, and have the labels they have there")
    unread = [fault for part in read for fault in part.faults]
    checked = check_stories(stories, config.tags.labels, unread, skip_bad=skip_bad)
    progress.say(*_describe_left_out(checked, len(stories) - len(checked.stories) + len(unread)))
    if not checked.labels:
        raise DataError(f"{', '.join(config.tags.files)}: no label to learn; at least one is needed")
    near_duplicates = find_near_duplicates(checked.stories, group_stories(checked.stories))
    notes = (
        *(note for part in read for note in part.notes),
        *find_notes(checked.stories, checked.labels, near_duplicates),
    )
    progress.say(*(f"note: {note}" for note in notes))
    split = _split(checked.stories, config.tags.held_out, frozen)
    data = TagData(checked.labels, split.train, split.held_out, split.test)
    _check_labels(data)
    progress.say(*_describe(data))
    return data


def _correct(sources: Sequence[Sequence[LabelledStory]]) -> list[LabelledStory]:
    """The stories of all sources; a text that a later source holds too has the labels it has there."""
    later: set[str] = set()
    kept: list[LabelledStory] = []
    for stories in reversed(sources):
        kept = [story for story in stories if story.fingerprint not in later] + kept
        later.update(story.fingerprint for story in stories)
    return kept


def _describe_left_out(checked: CheckedStories, n_stories: int) -> Iterator[str]:
    rare = [fault.label for fault in checked.faults if fault.label]
    if rare:
        more = f" and {len(rare) - _N_NAMED} more" if len(rare) > _N_NAMED else ""
        yield f"left out {len(rare)} labels with too few stories: {', '.join(rare[:_N_NAMED])}{more}"
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
