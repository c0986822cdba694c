import json
from pathlib import Path

import pytest

pytest.importorskip("peft")

from copydesk.model.errors import DataError
from copydesk.training.config import TagsSection, TrainingConfig
from copydesk.training.console import SILENT, Progress
from copydesk.training.data.splits import FrozenTest
from copydesk.training.data.tag_data import TagData, load_tag_data
from support.progress import Heard
from support.tiny import write_stories


def load(
    *files: Path, skip_bad: bool = False, frozen: FrozenTest | None = None, progress: Progress = SILENT
) -> TagData:
    config = TrainingConfig(tags=TagsSection(files=tuple(map(str, files)), held_out=0.2))
    return load_tag_data(config, skip_bad=skip_bad, frozen=frozen, progress=progress)


def labels_by_text(data: TagData) -> dict[str, list[str]]:
    return {story.text: sorted(story.labels) for part in (data.train, data.held_out) for story in part}


def test_a_later_file_corrects_the_labels_of_an_earlier_one(tmp_path: Path) -> None:
    stories = write_stories(tmp_path / "a.jsonl")
    rows = [json.loads(line) for line in stories.read_text().splitlines()]
    corrections = tmp_path / "b.jsonl"
    corrections.write_text(json.dumps(rows[0] | {"labels": ["drugs", "trade"]}) + "\n")
    heard = Heard()
    before, after = labels_by_text(load(stories)), labels_by_text(load(stories, corrections, progress=heard))
    assert before[rows[0]["text"]] == ["trade"]
    assert after == before | {rows[0]["text"]: ["drugs", "trade"]}
    assert "1 story stands in a later file too, whose labels count: 1 was corrected by it" in heard.said


def test_one_file_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    stories = write_stories(tmp_path / "a.jsonl")
    first = json.loads(stories.read_text().splitlines()[0])
    stories.write_text(stories.read_text() + json.dumps(first | {"labels": []}) + "\n")
    with pytest.raises(DataError, match=r"a\.jsonl:1: a text with different labels, also at .*a\.jsonl:57"):
        load(stories)


def test_eight_stories_of_each_label_are_enough(tmp_path: Path) -> None:
    data = load(write_stories(tmp_path / "a.jsonl", n_each=8))
    assert data.labels == ("drugs", "security", "trade")
    assert min(data.label_counts.values()) >= 4
    assert len(data.train) + len(data.held_out) == 32


def test_rare_labels_are_named_when_they_are_left_out(tmp_path: Path) -> None:
    stories = write_stories(tmp_path / "a.jsonl")
    rare = "".join(json.dumps({"text": f"Wheat {n}.", "labels": [f"grain-{n}"]}) + "\n" for n in range(14))
    stories.write_text(stories.read_text() + rare)
    with pytest.raises(DataError, match="label 'grain-0': only 1 story carries it, at least 8 are needed"):
        load(stories)
    heard = Heard()
    assert load(stories, skip_bad=True, progress=heard).labels == ("drugs", "security", "trade")
    assert heard.said[0].startswith("left out 14 labels with too few stories: grain-0, grain-1, grain-10")
    assert heard.said[0].endswith("and 2 more")


def test_a_frozen_test_takes_its_share(tmp_path: Path) -> None:
    stories = write_stories(tmp_path / "a.jsonl", n_each=100)
    data = load(stories, frozen=FrozenTest())
    assert 30 <= len(data.test) <= 60
    assert {story.text for story in data.test}.isdisjoint(labels_by_text(data))
    assert load(stories).test == []


def test_two_splits_have_two_fingerprints(tmp_path: Path) -> None:
    stories = write_stories(tmp_path / "a.jsonl", n_each=100)
    with_test = load(stories, frozen=FrozenTest())
    assert with_test.fingerprint == load(stories, frozen=FrozenTest()).fingerprint
    assert with_test.fingerprint != load(stories).fingerprint
