import json
from pathlib import Path

import pytest

from copydesk.model.errors import DataError
from copydesk.training.config import TagsSection, TrainingConfig
from copydesk.training.data.check import check_stories
from copydesk.training.data.stories import LabelledStory, count_labels, read_stories
from copydesk.training.data.tag_data import load_tag_data

GOOD: list[dict[str, object]] = [{"text": f"Ministers met for the {n}th time.", "labels": ["trade"]} for n in range(40)]


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def faults_of(*files: str, labels: tuple[str, ...] = ()) -> str:
    with pytest.raises(DataError) as error:
        check_stories(read_stories(files), labels)
    return str(error.value)


def test_good_stories_pass_unchanged(tmp_path: Path) -> None:
    stories = read_stories([write(tmp_path / "a.jsonl", GOOD)])
    checked = check_stories(stories, ())
    assert (checked.stories, checked.labels, checked.faults) == (stories, ("trade",), [])


def test_a_rare_label_is_named_with_its_first_story(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [*GOOD, {"text": "Heroin was found.", "labels": ["drugs"]}])
    assert f"{file}:41: label 'drugs': only 1 story carries it, at least 8 are needed" in faults_of(file)


def test_a_label_nobody_gave_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", GOOD)
    assert "label 'sport': no story carries it" in faults_of(file, labels=("trade", "sport"))


def test_a_label_outside_the_configuration_is_named_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [*GOOD, {"text": "Shares fell.", "labels": ["Tariffs"]}])
    assert f"{file}:41: label 'Tariffs' is not among the 1 labels trade" in faults_of(file, labels=("trade",))


def test_one_text_with_different_labels_names_both_places(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", GOOD)
    second = write(tmp_path / "b.jsonl", [{"text": "MINISTERS met for the 3th time", "labels": []}])
    message = faults_of(first, second)
    assert f"{first}:4: a text with different labels, also at {second}:1" in message
    assert f"{second}:1: a text with different labels, also at {first}:4" in message
    assert "inisters" not in message


def test_a_duplicate_across_files_names_both_places(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", GOOD), write(tmp_path / "b.jsonl", GOOD[:7])
    message = faults_of(first, second)
    assert f"{second}:1: the same text as {first}:1" in message
    assert message.endswith("and 2 more")


def test_skipping_leaves_out_what_is_faulty_and_no_more() -> None:
    stories = [LabelledStory(f"story {n}", frozenset({"trade"})) for n in range(9)]
    copy = LabelledStory("Story 1!", frozenset({"trade"}))
    contradiction = LabelledStory("Story 2!", frozenset())
    rare = LabelledStory("another", frozenset({"drugs"}))
    checked = check_stories([*stories, copy, contradiction, rare], (), skip_bad=True)
    assert checked.stories == [*stories[:2], *stories[3:], rare]
    assert checked.labels == ("trade",)
    assert len(checked.faults) == 4


def test_training_data_stops_at_an_empty_text_or_leaves_it_out(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [{"text": " ", "labels": []}, *GOOD])
    config = TrainingConfig(tags=TagsSection(files=(file,), held_out=0.3))
    with pytest.raises(DataError, match=r"a\.jsonl:1: text is empty"):
        load_tag_data(config)
    data = load_tag_data(config, skip_bad=True)
    assert len(data.train) + len(data.held_out) == 40


def test_spellings_of_one_label_stop_training_or_are_unified(tmp_path: Path) -> None:
    labels = ("Trade", "trade ", "Trade")
    strays: list[dict[str, object]] = [{"text": f"Another {n}", "labels": [labels[n]]} for n in range(3)]
    file = write(tmp_path / "a.jsonl", [*GOOD, *strays])
    message = faults_of(file)
    assert f"{file}:41: label 'Trade' (2 times) differs from 'trade' (40) only by case or space" in message
    assert f"{file}:42: label 'trade ' (once) differs from 'trade' (40)" in message
    assert "--skip-bad reads it as 'trade'" in message
    checked = check_stories(read_stories([file]), (), skip_bad=True)
    assert (len(checked.stories), checked.labels) == (43, ("trade",))
    assert count_labels(checked.stories) == {"trade": 43}
    assert len(checked.faults) == 2


def test_the_spelling_of_the_configuration_stands_for_the_others(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", GOOD)
    assert "label 'trade' (40 times) differs from 'Trade' (0) only by case or space" in faults_of(
        file, labels=("Trade",)
    )
    assert check_stories(read_stories([file]), ("Trade",), skip_bad=True).labels == ("Trade",)


def test_two_labels_that_were_both_asked_for_stay_two() -> None:
    stories = [LabelledStory(f"story {n}", frozenset({("US", "us")[n % 2]})) for n in range(20)]
    assert check_stories(stories, ("US", "us")).faults == []
