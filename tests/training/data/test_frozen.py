from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from copydesk.model.errors import DataError
from copydesk.training.data.frozen import add_frozen, keep_test, read_frozen
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import LabelledStory, read_stories

RAIN = LabelledStory("It rained in Kyiv all week.", frozenset({"trade"}), frozenset({"drugs"}), "Rain", "a1")


def test_what_is_added_reads_back(tmp_path: Path) -> None:
    assert read_frozen(tmp_path) == []
    add_frozen(tmp_path, [RAIN], ["trade", "drugs"])
    (one,) = read_frozen(tmp_path)
    assert (one.story.text, one.story.title, one.story.id) == (RAIN.text, RAIN.title, RAIN.id)
    assert (one.story.labels, one.story.unsure) == (RAIN.labels, RAIN.unsure)
    assert one.asked == {"trade", "drugs"}
    assert [path.name for path in tmp_path.iterdir()] == ["test.jsonl"]
    assert read_stories([str(tmp_path / "test.jsonl")])[0].labels == {"trade"}  # a file of labelled stories


def test_nothing_is_known_of_a_label_that_a_story_was_not_asked_for(tmp_path: Path) -> None:
    add_frozen(tmp_path, [RAIN], ["trade", "drugs"])
    (one,) = read_frozen(tmp_path)
    assert one.for_labels(["trade", "energy"]).unsure == {"drugs", "energy"}


def test_a_story_takes_on_new_labels_and_keeps_those_it_was_not_asked_for_again(tmp_path: Path) -> None:
    add_frozen(tmp_path, [RAIN], ["trade", "drugs"])
    again = LabelledStory("it rained in kyiv, all week", frozenset({"drugs", "energy"}))
    add_frozen(tmp_path, [again], ["drugs", "energy"])
    (one,) = read_frozen(tmp_path)
    assert one.story.text == RAIN.text
    assert one.story.labels == {"trade", "drugs", "energy"}
    assert not one.story.unsure
    assert one.asked == {"trade", "drugs", "energy"}


def test_a_file_without_what_was_asked_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text('{"text": "It rained.", "labels": []}\n')
    with pytest.raises(DataError, match=r"test\.jsonl:1: not a story of a frozen test, or damaged; restore"):
        read_frozen(tmp_path)


def test_a_test_that_is_kept_holds_nothing_that_was_learned_from(tmp_path: Path) -> None:
    texts = (" ".join(sha256(f"{n} {word}".encode()).hexdigest()[:8] for word in range(60)) for n in range(40))
    stories = [LabelledStory(text, frozenset({"trade"})) for text in texts]
    splits = FrozenTest()
    learned = splits.split(stories[:30]).train
    splits.save(tmp_path / "splits.jsonl")
    nearly = replace(learned[1], text=f"{learned[1].text} more")
    assert keep_test(tmp_path, [learned[0], nearly, *stories[30:]], ["trade", "drugs"]) == 10
    assert [one.story.text for one in read_frozen(tmp_path)] == [story.text for story in stories[30:]]
    assert read_frozen(tmp_path)[0].asked == {"trade", "drugs"}
    again = FrozenTest.load(tmp_path / "splits.jsonl").split(stories)
    assert set(again.test) >= set(stories[30:])
    assert keep_test(tmp_path, [RAIN], ["trade"]) == 10  # a test that is there stays as it is
