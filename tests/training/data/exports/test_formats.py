import json
from pathlib import Path
from typing import Any

import pytest

from copydesk.model.errors import DataError
from copydesk.training.data.exports.formats import find_format
from copydesk.training.data.stories import LabelledStory, read_stories

TEXT = "Ministers cut the duty on steel."
STORY = LabelledStory(TEXT, frozenset({"trade", "security"}))


def choices(*labels: str, **more: object) -> dict[str, object]:
    """An annotation of Label Studio."""
    result = {"value": {"choices": list(labels)}, "from_name": "topic", "to_name": "text", "type": "choices"}
    return {"id": 5, "completed_by": 1, "was_cancelled": False, "result": [result], "created_at": "2026-01-02", **more}


def task(*annotations: object) -> dict[str, object]:
    return {"id": 7, "data": {"text": TEXT}, "annotations": list(annotations), "predictions": []}


def argilla(*answers: object, **more: object) -> dict[str, object]:
    """A record of Argilla 2."""
    return {
        "id": "r7",
        "fields": {"text": TEXT},
        "metadata": {},
        "suggestions": {"topic": {"value": ["drugs"], "score": None, "agent": "m"}},
        "responses": {"topic": [{"value": answer, "user_id": "u"} for answer in answers]},
        "vectors": {},
        **more,
    }


FEEDBACK = {
    "fields": {"text": TEXT},
    "responses": [
        {"user_id": "u", "status": "submitted", "values": {"topic": {"value": ["trade", "security"]}}},
        {"user_id": "v", "status": "draft", "values": {"topic": {"value": ["drugs"]}}},
    ],
    "suggestions": [{"question_name": "topic", "value": ["drugs"]}],
    "external_id": "r7",
}
MIN = {
    "text": TEXT, "id": 7, "topic": {"choices": ["trade", "security"]}, "annotator": 1, "annotation_id": 5,
    "created_at": "2026-01-02", "updated_at": "2026-01-02", "lead_time": 3.2,
}  # fmt: skip
FLAT = {
    "id": "r7", "status": "completed", "_server_id": "s", "text": TEXT, "topic.responses": [["trade", "security"]],
    "topic.responses.users": ["u"], "topic.responses.status": ["submitted"], "topic.suggestion": ["drugs"],
}  # fmt: skip
OLD = {
    "text": TEXT, "inputs": {"text": TEXT}, "prediction": [["drugs", 0.9]], "annotation": ["trade", "security"],
    "multi_label": True, "id": "r7", "metadata": {}, "status": "Validated",
}  # fmt: skip


def write(path: Path, rows: list[Any]) -> str:
    text = json.dumps(rows, indent=2) if path.suffix == ".json" else "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("ending", ["json", "jsonl"])
@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Label Studio", task(choices("trade", "security"))),
        ("Label Studio", {"id": 7, "data": {"article": TEXT}, "completions": [choices("security", "trade")]}),
        ("Label Studio, JSON-MIN or CSV", MIN),
        ("Argilla", argilla(["trade", "security"])),
        ("Argilla", FEEDBACK),
        ("Argilla, flat", FLAT),
        ("Argilla 1", OLD),
        ("doccano", {"id": 7, "text": TEXT, "label": ["trade", "security"], "Comments": []}),
        ("plain", {"id": 7, "text": TEXT, "meta": {}, "annotation_approver": None, "labels": ["trade", "security"]}),
    ],
)
def test_every_tool_is_read(tmp_path: Path, name: str, row: dict[str, Any], ending: str) -> None:
    assert find_format(row).name == name
    story, other = read_stories([write(tmp_path / f"a.{ending}", [row, row])])
    assert (story.text, story.labels, story.unsure) == (TEXT, frozenset({"trade", "security"}), frozenset())
    assert story.id in ("7", "r7")
    assert other.labels == story.labels


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("text,labels", f"{TEXT},trade;security"),
        ("text;labels", f'{TEXT};"trade; security"'),
        ("text\tlabels", f"{TEXT}\ttrade;security"),
        ("id,text,label", f"7,{TEXT},trade#security"),  # doccano
        (
            "text,id,topic,annotator,annotation_id,created_at,updated_at,lead_time",  # Label Studio
            f'{TEXT},7,"{{""choices"": [""trade"", ""security""]}}",1,5,2026-01-02,2026-01-02,3.2',
        ),
    ],
)
def test_every_csv_is_read(tmp_path: Path, header: str, cells: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n{cells}\n")
    assert [(s.text, s.labels) for s in read_stories([str(tmp_path / "a.csv")])] == [(STORY.text, STORY.labels)]


def test_a_csv_of_label_studio_with_one_choice_is_read(tmp_path: Path) -> None:
    text = f"date,text,id,sentiment,annotator,annotation_id,lead_time\n2026,{TEXT},7,trade,1,5,3.2\n"
    (tmp_path / "a.csv").write_text(text)
    assert read_stories([str(tmp_path / "a.csv")])[0].labels == {"trade"}


def test_what_annotators_disagree_on_is_unsure(tmp_path: Path) -> None:
    rows = [
        task(choices("trade", "security"), choices("trade"), choices("drugs", was_cancelled=True)),
        argilla(["trade", "security"], "trade"),
    ]
    for story in read_stories([write(tmp_path / "a.jsonl", rows)]):
        assert (story.labels, story.unsure) == (frozenset({"trade"}), frozenset({"security"}))


def test_an_answer_without_labels_is_a_story_without_labels(tmp_path: Path) -> None:
    rows = [task({"id": 5, "result": []}), argilla([]), {"text": TEXT, "label": []}]
    assert [story.labels for story in read_stories([write(tmp_path / "a.jsonl", rows)])] == [frozenset()] * 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (task(), "nobody has labelled this text; finish it in the tool, or leave it out"),
        (task(choices("trade", was_cancelled=True)), "nobody has labelled this text"),
        (argilla(), "nobody has labelled this text"),
        ({**OLD, "annotation": None}, "nobody has labelled this text"),
        (
            {**argilla(), "responses": {"a": [{"value": "x"}], "b": [{"value": "y"}]}},
            "which of a, b holds the labels? rename that one to labels",
        ),
        ({**argilla(["x"]), "fields": {"a": "x", "b": "y"}}, "which of a, b is the text? rename that one to text"),
        (task("trade"), "not as Label Studio exports it; export it again"),
        ({"text": TEXT, "label": [[0, 9, "LOC"]]}, "labels is a list that holds list, expected a list of label names"),
        ({"text": TEXT, "labels": "trade; drugs"}, 'expected a list of label names, such as ["trade", "drugs"]'),
        ({"text": TEXT, "labels": ["a", 3]}, "labels is a list that holds int, expected a list of label names"),
        ({"text": TEXT, "label": "trade|drugs"}, 'labels is str, expected a list of label names, such as ["trade",'),
        ({"body": TEXT, "topics": []}, "the keys text and labels (title, unsure and id optional), found body, topics"),
        (["text"], "expected an object with the keys text and labels, found list"),
        ({"text": "a \ud83d b", "labels": []}, "the text holds half a character"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: Any, message: str) -> None:
    file = write(tmp_path / "a.jsonl", [{"text": TEXT, "labels": []}, row])
    with pytest.raises(DataError) as error:
        read_stories([file])
    assert str(error.value).startswith(f"{file}:2: ")
    assert message in str(error.value)
    assert TEXT not in str(error.value)


def test_a_long_string_of_labels_is_not_shown(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [{"text": TEXT, "labels": f"{TEXT} {TEXT}"}])
    with pytest.raises(DataError, match=r'labels is str, expected a list of label names, such as \["trade"\]$'):
        read_stories([file])
