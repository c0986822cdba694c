import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from copydesk.model.analysis import Span
from copydesk.model.errors import DataError
from copydesk.training.data.editors import EditedStory, EditorsChoice, read_editors, scan_editors

TEXT = "Ministers cut the duty. It was late. Read more."
SPANS = [[0, 23], [24, 36], [37, 47]]
CHOICE = {"key": [1], "also": [2], "furniture": [3], "dangling": [2]}
ROW = {"id": "a1", "title": "Duty cut", "text": TEXT, "spans": SPANS, "annotations": [CHOICE]}


def _write(path: Path, *rows: Any) -> Path:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["editors.jsonl", "editors.jsonl.gz"])
def test_the_file_counts_sentences_from_1_and_the_story_from_0(tmp_path: Path, name: str) -> None:
    assert read_editors(_write(tmp_path / name, ROW)) == [
        EditedStory(
            id="a1",
            title="Duty cut",
            text=TEXT,
            spans=(Span(0, 23), Span(24, 36), Span(37, 47)),
            choices=(EditorsChoice((0,), frozenset({1}), frozenset({2}), frozenset({1})),),
        )
    ]


def test_labels_are_those_of_every_editor_and_the_others_are_open(tmp_path: Path) -> None:
    first = {**CHOICE, "topics": ["trade", "drugs", "taiwan"], "unsure": ["taiwan"]}
    second = {**CHOICE, "topics": ["trade", "taiwan"], "unsure": []}
    (story,) = read_editors(_write(tmp_path / "a.jsonl", {**ROW, "annotations": [first, second, CHOICE]}))
    assert story.labels == frozenset({"trade", "taiwan"})
    assert story.unsure == {"taiwan", "drugs"}


def test_no_labels_are_known_where_no_editor_was_asked(tmp_path: Path) -> None:
    assert read_editors(_write(tmp_path / "a.jsonl", ROW))[0].labels is None


def test_an_article_needs_neither_title_nor_id(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", {key: ROW[key] for key in ("text", "spans", "annotations")})
    assert [(story.title, story.id) for story in read_editors(path)] == [(None, f"{path}:1")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": None}, "no text; expected text, spans, annotations"),
        ({"spans": None}, "no spans; expected text, spans, annotations"),
        ({"annotations": None}, "no annotations; expected text, spans, annotations"),
        ({"annotations": []}, "no annotation; expected a list of them, each with key, also, furniture, dangling"),
        ({"text": " "}, "text is empty or no string; correct the row or leave it out"),
        ({"title": 7}, "title is int, expected a string"),
        ({"spans": []}, "spans is empty or no list; expected [start, end) of each sentence, in code points"),
        ({"spans": [[0, 23, 1]]}, "span 1 is no pair of integers; expected [start, end)"),
        ({"spans": [[0, True]]}, "span 1 is no pair of integers; expected [start, end)"),
        (
            {"spans": [[0, 23], [24, 48]]},
            "span 2 [24, 48) does not fit the text of 47 characters; count code points, not bytes",
        ),
        (
            {"spans": [[-1, 23]]},
            "span 1 [-1, 23) does not fit the text of 47 characters; count code points, not bytes",
        ),
        (
            {"spans": [[23, 0]]},
            "span 1 [23, 0) does not fit the text of 47 characters; count code points, not bytes",
        ),
        (
            {"spans": [[0, 23], [22, 36]]},
            "span 2 [22, 36) begins before the end of the one before, 23; put them in order, apart",
        ),
        (
            {"spans": [SPANS[1], SPANS[0]]},
            "span 2 [0, 23) begins before the end of the one before, 36; put them in order, apart",
        ),
        ({"spans": [[0, 0]]}, "span 1 [0, 0) holds no text; leave it out and number the sentences again"),
        ({"spans": [[23, 24]]}, "span 1 [23, 24) holds no text; leave it out and number the sentences again"),
    ],
)
def test_an_article_that_does_not_fit_names_its_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = _write(tmp_path / "a.jsonl", ROW, {**ROW, "id": "a2", **changes})
    with pytest.raises(DataError) as raised:
        read_editors(path)
    assert str(raised.value) == f"{path}:2: {message}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": None}, ": no key; expected key, also, furniture, dangling"),
        ({"dangling": None}, ": no dangling; expected key, also, furniture, dangling"),
        ({"key": []}, ": key is empty; expected the numbers of the sentences to print, best first"),
        ({"key": [4]}, ": key: no sentence 4; spans has 3, numbered from 1"),
        ({"also": [0]}, ": also: no sentence 0; spans has 3, numbered from 1"),
        ({"furniture": ["3"]}, ": furniture is no list of integers; expected numbers of sentences, from 1"),
        ({"dangling": 2}, ": dangling is no list of integers; expected numbers of sentences, from 1"),
        ({"key": [1, 2, 1]}, ": key names sentence 1 twice; name each once"),
        ({"key": [1, 3]}, ": sentence 3 is in key and in furniture; take it out of one of them"),
        ({"topics": "trade"}, ': topics is str, expected a list of label names, such as ["trade"]'),
    ],
)
def test_a_choice_that_does_not_fit_names_its_line_and_place(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = _write(tmp_path / "a.jsonl", {**ROW, "annotations": [CHOICE, {**CHOICE, **changes}]})
    with pytest.raises(DataError) as raised:
        read_editors(path)
    assert str(raised.value) == f"{path}:1: annotation 2{message}"


def test_what_is_no_object_is_a_fault(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", 1, {**ROW, "annotations": ["key"]})
    assert scan_editors(path).faults == [
        f"{path}:1 is int, expected an object with text, spans, annotations",
        f"{path}:2: annotation 1 is str, expected an object with key, also, furniture, dangling",
    ]


def test_an_id_that_is_given_again_names_both_lines(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", ROW, ROW)
    with pytest.raises(DataError, match=r"a\.jsonl:2: id 'a1' is also at .*a\.jsonl:1; give each article its own"):
        read_editors(path)


def test_every_fault_is_found_and_the_other_articles_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{no JSON\n" + json.dumps(ROW) + "\n" + json.dumps({**ROW, "spans": []}) + "\n")
    read = scan_editors(path)
    assert [story.id for story in read.stories] == ["a1"]
    assert [fault.split(": ")[0] for fault in read.faults] == [f"{path}:1", f"{path}:3"]


def test_a_file_without_articles_says_so(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl")
    with pytest.raises(DataError, match=r"a\.jsonl: no article; expected rows with text, spans, annotations"):
        read_editors(path)


def test_the_editors_files_read_without_a_fault(shared: Path) -> None:
    dev, train = (read_editors(shared / name) for name in ("editors-dev.jsonl", "editors-train.jsonl.gz"))
    assert (len(dev), {len(story.choices) for story in dev}) == (105, {2})
    assert (len(train), {len(story.choices) for story in train}) == (801, {1})
