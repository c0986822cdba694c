"""The stories of a frozen test, as they were labelled when they came in: new data cannot hide its faults from them.

They lie in their store as labelled stories, each with the labels it was asked for: nothing is known of others.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from copydesk.model.bundles.store import SPLITS_FILE, TEST_FILE
from copydesk.model.errors import DataError
from copydesk.model.files.disk import write_lines
from copydesk.model.files.rows import Row, read_rows
from copydesk.model.files.sources import find_source
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import LabelledStory, read_stories


@dataclass(frozen=True)
class FrozenStory:
    """A story of the test, and the labels that it was asked for."""

    story: LabelledStory
    asked: frozenset[str]

    def for_labels(self, labels: Iterable[str]) -> LabelledStory:
        """The story; unsure of the labels that it was not asked for."""
        return replace(self.story, unsure=self.story.unsure | (frozenset(labels) - self.asked))


def read_frozen(store: Path) -> list[FrozenStory]:
    """The frozen stories of the store in this directory; none before the first. Raises DataError for a damaged file."""
    path = store / TEST_FILE
    if not path.is_file():
        return []
    asked = [_asked(row) for row in read_rows(find_source(str(path)), ())]
    return [FrozenStory(story, own) for story, own in zip(read_stories([str(path)]), asked, strict=True)]


def add_frozen(store: Path, stories: Sequence[LabelledStory], labels: Sequence[str]) -> None:
    """Add stories that were labelled with `labels`; one that is there takes on what is new of these labels."""
    frozen = {one.story.fingerprint: one for one in read_frozen(store)}
    for story in stories:
        one = FrozenStory(story, frozenset(labels))
        old = frozen.get(story.fingerprint)
        frozen[story.fingerprint] = _update(old, one) if old else one
    write_lines(store / TEST_FILE, (json.dumps(_to_row(one), ensure_ascii=False) for one in frozen.values()))


def keep_test(store: Path, stories: Sequence[LabelledStory], labels: Sequence[str]) -> int:
    """Make the stories the test of a store that has none, and return how many it then has.

    What a training for this store has learned from stays out, near-duplicates of it too; a test that is there stays as
    it is.
    """
    if (store / TEST_FILE).is_file():
        return len(read_frozen(store))
    splits = FrozenTest.load(store / SPLITS_FILE)
    kept = splits.keep(stories)
    if kept:
        splits.save(store / SPLITS_FILE)
        add_frozen(store, kept, labels)
    return len(read_frozen(store))


def _update(old: FrozenStory, new: FrozenStory) -> FrozenStory:
    labels = new.story.labels | (old.story.labels - new.asked)
    unsure = new.story.unsure | (old.story.unsure - new.asked)
    return FrozenStory(replace(old.story, labels=labels, unsure=unsure), old.asked | new.asked)


def _to_row(one: FrozenStory) -> dict[str, Any]:
    story = one.story
    return {
        "id": story.id,
        "title": story.title,
        "text": story.text,
        "labels": sorted(story.labels),
        "unsure": sorted(story.unsure),
        "asked": sorted(one.asked),
    }


def _asked(row: Row) -> frozenset[str]:
    asked = row.values.get("asked") if isinstance(row.values, dict) else None
    if not isinstance(asked, list) or not all(isinstance(label, str) for label in asked):
        raise DataError(f"{row.where}: not a story of a frozen test, or damaged; restore {TEST_FILE} from a copy")
    return frozenset(asked)
