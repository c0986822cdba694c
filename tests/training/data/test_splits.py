import random
from dataclasses import replace
from pathlib import Path

import pytest

from copydesk.model.errors import DataError
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.stories import LabelledStory, split_stories

WORDS = [f"word{n}" for n in range(400)]


def make_story(seed: int, *labels: str) -> LabelledStory:
    """A story of 90 words that no other shares."""
    words = random.Random(seed).choices(WORDS, k=90)
    return LabelledStory(" ".join(words), frozenset(labels or {"trade"}), id=str(seed))


def edit(story: LabelledStory) -> LabelledStory:
    """The same story with one other word in its middle."""
    words = story.text.split()
    return LabelledStory(" ".join([*words[:45], "edited", *words[46:]]), story.labels, id=f"{story.id}-edited")


STORIES = [make_story(n) for n in range(400)]


def ids(stories: list[LabelledStory]) -> set[str]:
    return {story.id for story in stories}


def test_every_story_is_on_one_side() -> None:
    split = FrozenTest().split(STORIES)
    sides = [ids(split.train), ids(split.held_out), ids(split.test)]
    assert set.union(*sides) == ids(STORIES)
    assert sum(map(len, sides)) == len(STORIES)
    assert 0.06 < len(split.test) / len(STORIES) < 0.14


def test_the_rest_is_held_out_as_without_a_test_set() -> None:
    split = FrozenTest().split(STORIES, 0.2)
    _, out = split_stories(STORIES, 0.2)
    assert ids(split.held_out) == ids(out) - ids(split.test)


def test_a_text_stays_on_its_side_whatever_comes_with_it(tmp_path: Path) -> None:
    frozen = FrozenTest()
    first = frozen.split(STORIES[:200])
    frozen.save(tmp_path / "test.jsonl")
    later = FrozenTest.load(tmp_path / "test.jsonl", share=0.5)
    second = later.split([*STORIES[100:], *map(edit, STORIES[:200])])
    assert ids(second.test) & ids(STORIES[:200]) == ids(first.test) & ids(STORIES[100:200])
    assert len(later) > len(frozen)


def test_a_near_duplicate_follows_the_text_that_was_there_first(tmp_path: Path) -> None:
    frozen = FrozenTest()
    first = frozen.split(STORIES[:200])
    frozen.save(tmp_path / "test.jsonl")
    edited = FrozenTest.load(tmp_path / "test.jsonl").split([edit(story) for story in STORIES[:200]])
    assert ids(edited.test) == {f"{id_}-edited" for id_ in ids(first.test)}


def test_near_duplicates_stand_together_from_the_start() -> None:
    pairs = [*STORIES, *map(edit, STORIES)]
    split = FrozenTest().split(pairs)
    for side in (split.train, split.held_out, split.test):
        names = ids(side)
        assert {name.removesuffix("-edited") for name in names} == names & ids(STORIES)


def test_a_near_duplicate_joins_the_story_that_is_held_out() -> None:
    _, out = split_stories(STORIES, 0.2)
    _, with_copies = split_stories([*STORIES, *map(edit, STORIES)], 0.2)
    assert ids(out) <= ids(with_copies)
    kept, _ = split_stories([*STORIES, *map(edit, out)], 0.2)
    assert ids(kept) == ids(STORIES) - ids(out)


def test_a_rare_label_has_its_share_of_the_test_set() -> None:
    rare = [make_story(1000 + n, f"rare{n % 10}") for n in range(100)]
    split = FrozenTest(share=0.2).split([*STORIES, *rare])
    for n in range(10):
        assert sum(f"rare{n}" in story.labels for story in split.test) >= 2


def test_the_file_holds_no_text(tmp_path: Path) -> None:
    frozen = FrozenTest()
    frozen.split(STORIES)
    frozen.save(tmp_path / "test.jsonl")
    written = (tmp_path / "test.jsonl").read_text()
    assert "word" not in written
    assert len(written.splitlines()) == 1 + len(STORIES)
    assert [path.name for path in tmp_path.iterdir()] == ["test.jsonl"]


@pytest.mark.parametrize("damage", [lambda text: text[:-100], lambda text: text.replace("true", "false", 1), str.upper])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: object) -> None:
    frozen = FrozenTest()
    frozen.split(STORIES)
    path = tmp_path / "test.jsonl"
    frozen.save(path)
    assert callable(damage)
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataError, match=r"test\.jsonl: .*damaged"):
        FrozenTest.load(path)


def test_two_runs_at_once_cannot_lose_a_text(tmp_path: Path) -> None:
    one, other = FrozenTest.load(tmp_path / "t.jsonl"), FrozenTest.load(tmp_path / "t.jsonl")
    one.split(STORIES[:100])
    other.split(STORIES[100:200])
    one.save(tmp_path / "t.jsonl")
    before = (tmp_path / "t.jsonl").read_bytes()
    with pytest.raises(DataError, match="another run has split 100 texts meanwhile"):
        other.save(tmp_path / "t.jsonl")
    assert (tmp_path / "t.jsonl").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    frozen = FrozenTest()
    frozen.split(STORIES)
    with pytest.raises(DataError, match=r"t\.jsonl: (cannot be written|does not read)"):
        frozen.save(tmp_path / "file" / "t.jsonl")


def test_rows_that_name_their_side_are_on_it() -> None:
    drawn = [replace(story, for_test=i % 5 == 0) for i, story in enumerate(STORIES[:100])]
    split = FrozenTest().split([*drawn, *STORIES[100:]])
    tested = {story.id for story in drawn if story.for_test}
    assert ids(split.test) & ids(drawn) == tested
    assert 0.05 < len(split.test) / len(STORIES) < 0.2


def test_a_row_cannot_move_a_text_that_was_learned_from() -> None:
    frozen = FrozenTest()
    learned = frozen.split([replace(story, for_test=False) for story in STORIES[:50]])
    assert learned.test == []
    again = frozen.split([replace(story, for_test=True) for story in STORIES[:100]])
    assert ids(again.test) == ids(STORIES[50:100])
