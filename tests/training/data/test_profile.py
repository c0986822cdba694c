import json
from pathlib import Path

import pytest

from copydesk.training.data.profile import LabelCount, Profile, Together, profile_stories

TOPICS = ("tariff duty export import", "heroin fentanyl cartel seizure", "rain sun wind snow")


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def make_rows(n: int) -> list[dict[str, object]]:
    labels: tuple[list[str], ...] = (["trade"], ["drugs"], [])
    return [
        {"id": f"s{i}", "text": f"{TOPICS[i % 3]} about number{i} and word{i % 7}", "labels": labels[i % 3]}
        for i in range(n)
    ]


LONG = " ".join(f"word{n}" for n in range(60))


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    more: list[dict[str, object]] = [
        {"id": "both", "text": f"{TOPICS[0]} {TOPICS[1]}", "labels": ["trade", "drugs"], "unsure": []},
        {"id": "one", "text": LONG, "labels": [], "unsure": ["trade"]},
        {"id": "two", "text": f"{LONG} <p>again", "labels": ["trade"]},
        {"id": "bad", "text": "", "labels": []},
        {"id": "rare", "text": "A vote.", "labels": ["<b>elections</b>"]},
        {"id": "twice", "text": "A VOTE!", "labels": ["<b>elections</b>"]},
        {"id": "wrong", "text": f"{TOPICS[1]} and more", "labels": []},
    ]
    files = [write(tmp_path / "a.jsonl", make_rows(90)), write(tmp_path / "b.jsonl", more)]
    return profile_stories(files, ())


def test_counts_are_those_of_the_stories_that_remain(profile: Profile, tmp_path: Path) -> None:
    assert profile.files == {str(tmp_path / "a.jsonl"): 90, str(tmp_path / "b.jsonl"): 6}
    assert profile.n_stories == 95
    counts = {label: (count.n_stories, count.n_unsure) for label, count in profile.labels.items()}
    assert counts == {"drugs": (31, 0), "trade": (32, 1)}
    assert profile.stories_by_n_labels == {0: 32, 1: 62, 2: 1}
    assert profile.together == [Together("drugs", "trade", 1, 1 / 31)]
    assert profile.length_quantiles()["longest"] == 62


def test_faults_are_told_apart_by_kind(profile: Profile, tmp_path: Path) -> None:
    kinds = [fault.kind for fault in profile.faults]
    assert kinds == ["rows that do not read", "repeated texts", "rare labels"]
    assert str(profile.faults[1]) == f"{tmp_path}/b.jsonl:6: the same text as {tmp_path}/b.jsonl:5"


def test_a_missing_label_is_doubted(profile: Profile) -> None:
    assert [(error.id, error.label) for error in profile.doubted][:1] == [("wrong", "drugs")]
    assert isinstance(profile.labels["drugs"], LabelCount)
    assert (profile.labels["drugs"].average_precision or 0) > 0.9


def test_near_duplicates_with_other_labels_and_html_are_noted(profile: Profile, tmp_path: Path) -> None:
    assert [(v.places, v.same_labels, v.n_files) for v in profile.near_duplicates] == [
        ([f"{tmp_path}/b.jsonl:2", f"{tmp_path}/b.jsonl:3"], False, 1)
    ]
    notes = "\n".join(profile.notes)
    assert "2 stories are near-duplicates of each other, in 1 group; no split parts them" in notes
    assert "1 group of near-duplicates with different labels, first " in notes
    assert f"1 text seems to hold HTML, first {tmp_path}/b.jsonl:3" in notes


def test_a_near_duplicate_in_another_file_is_called_a_leak(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", [*make_rows(60), {"text": LONG, "labels": []}])
    test = write(tmp_path / "test.jsonl", [{"text": f"{LONG} updated", "labels": []}])
    notes = "\n".join(profile_stories([train, test], ()).notes)
    assert f"in several files, first {train}:61 and {test}:1: a leak if one of the files is a test set" in notes


def test_a_later_file_corrects_an_earlier_one_as_in_training(tmp_path: Path) -> None:
    old = write(tmp_path / "old.jsonl", make_rows(90))
    corrected = [row | {"labels": ["trade"]} for row in make_rows(6)]
    found = profile_stories([old, write(tmp_path / "new.jsonl", corrected)], ())
    assert (found.faults, found.n_stories, found.n_corrected) == ([], 90, 4)
    assert {label: count.n_stories for label, count in found.labels.items()} == {"drugs": 28, "trade": 34}
    assert found.notes[0] == "6 stories stand in a later file too, whose labels count: 4 were corrected by it"
    assert list(found.files.values()) == [90, 6]


def test_one_file_that_contradicts_itself_has_a_fault(tmp_path: Path) -> None:
    rows = [*make_rows(90), make_rows(1)[0] | {"labels": ["drugs"]}]
    assert {fault.kind for fault in profile_stories([write(tmp_path / "a.jsonl", rows)], ()).faults} == {
        "contradictions"
    }


def test_what_a_label_lacks_to_be_judged_is_said_in_numbers(tmp_path: Path) -> None:
    notes = profile_stories([write(tmp_path / "a.jsonl", make_rows(63))], ()).notes
    assert "each label needs about 80 stories to be judged: drugs has 21, trade has 21" in notes
