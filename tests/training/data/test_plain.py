import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from copydesk.model.errors import DataError
from copydesk.model.files.dialect import Dialect
from copydesk.training.data.plain import Reading
from copydesk.training.data.stories import ReadStories, read_labelled, read_stories
from support.tiny import CASES

ROWS = [{"text": "It rained.\nA lot.", "labels": ["a"]}, {"text": "It did not.", "labels": []}]


def labels_of(path: Path, **reading: Any) -> list[list[str]]:
    return [sorted(story.labels) for story in read_stories([str(path)], Reading(**reading))]


def read(path: Path, content: str, **reading: Any) -> ReadStories:
    path.write_text(content, encoding="utf-8")
    return read_labelled([str(path)], Reading(**reading))


def test_csv_names_the_line_where_a_row_begins(tmp_path: Path) -> None:
    stories = read(tmp_path / "a.csv", 'text,labels\n"one\ntwo",a;b\n\nthree,\n').stories
    assert [(s.where, s.text, s.labels) for s in stories] == [
        (f"{tmp_path}/a.csv:2", "one\ntwo", {"a", "b"}),
        (f"{tmp_path}/a.csv:5", "three", frozenset()),
    ]


def test_all_endings_give_the_same_rows(tmp_path: Path) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    (tmp_path / "a.jsonl").write_bytes(lines)
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    (tmp_path / "a.csv").write_text('text,labels\n"It rained.\nA lot.",a\nIt did not.,\n', encoding="utf-8-sig")
    (tmp_path / "a.tsv").write_text('text\tlabels\n"It rained.\nA lot."\ta\nIt did not.\t\n', encoding="utf-16")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines))
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.compress(lines))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    for path in list(tmp_path.iterdir()):
        stories = read_stories([str(path)])
        assert [(s.text, sorted(s.labels)) for s in stories] == [(row["text"], row["labels"]) for row in ROWS], path
    assert len(read_stories([str(tmp_path)])) == 16


@pytest.mark.parametrize(
    ("name", "content", "n_read", "message"),
    [
        ("a.jsonl", b'{"text": "a", "labels": []}\n{"b"\n', 1, ":2: not JSON"),
        ("a.jsonl", b'{"text": "a", "labels": []}\n{"text": "M\xe4rz"}\n', 1, ":2: not UTF-8; convert the file"),
        ("a.csv", b"text,labels\nok,a\nM\xe4rz,a\n", 1, ":3: not UTF-8; convert the file"),
        ("a.json", b'[{"text": "a", "labels": []},\n {"a"}]', 1, ":2: not JSON"),
        ("a.json", b'[{"text": "a", "labels": []}', 1, ":1: the list has no end"),
        ("a.csv", b"text,labels\nx,a\ny,a,b\nz,a\n", 2, ":3: 3 fields, the header has 2; quote cells that hold ','"),
        ("a.csv", b'text,labels\nx,a\n"y,a\nz,a\n', 2, ":3: not CSV: quote never closed"),
    ],
)
def test_a_row_that_does_not_read_is_named_with_its_line_and_spoils_no_other(
    tmp_path: Path, name: str, content: bytes, n_read: int, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_labelled([str(tmp_path / name)])
    assert len(found.stories) == n_read
    (fault,) = found.faults
    assert fault.startswith(f"{tmp_path / name}{message}")
    with pytest.raises(DataError, match=r"a\.\w+:\d: "):
        read_stories([str(tmp_path / name)])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"PAR1 no", ": does not read (Parquet file size is 7 bytes"),
        ("a.jsonl.gz", b"no gzip", ": does not read ("),
        ("a.xlsx", b"PK", ": the extension is not known; expected .jsonl"),
        ("a.csv", "text,labels\nMärz,a\n".encode("utf-16-le"), ":1: not UTF-8; convert the file"),
    ],
)
def test_a_file_that_does_not_read_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as error:
        read_labelled([str(tmp_path / name)])
    assert f"{tmp_path / name}{message}" in str(error.value)


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(DataError, match=r"data/nowhere\.jsonl: no such file; expected \.jsonl"):
        read_stories(["data/nowhere.jsonl"])


@pytest.mark.parametrize(
    ("case", "labels"),
    [
        ("l01_strlist.csv", [["security", "trade"], ["drugs"], []]),
        ("l03_onehot.csv", [["trade"], ["drugs"], ["security"]]),
        ("l07_doccano.jsonl", [["trade"], ["drugs"], ["security"]]),
        ("l08_semi.csv", [["security", "trade"], ["drugs"], ["security"]]),
        ("l14_bomquote.csv", [["trade"]]),
    ],
)
def test_every_case_of_labels_is_read_as_it_is_meant(case: str, labels: list[list[str]]) -> None:
    assert labels_of(CASES / case) == labels


def test_a_file_of_lists_in_cells_is_read_as_lists() -> None:
    lines = (CASES / "l15_strlist_many.csv").read_text().splitlines()[1:]
    meant = [json.loads(line.split('"')[3].replace("'", '"')) for line in lines]
    assert labels_of(CASES / "l15_strlist_many.csv") == [sorted(labels) for labels in meant]
    assert ["security", "trade"] in labels_of(CASES / "l15_strlist_many.csv")


@pytest.mark.parametrize(
    ("case", "n_read", "fault"),
    [
        ("l02_pipe.csv", 1, ":3: the labels look like several with ',' between"),
        ("l16_pipe_many.csv", 24, ":3: the labels look like several with ',' between"),
        ("l18_null.jsonl", 20, ":1: not labelled: its labels are null"),
    ],
)
def test_every_case_of_doubtful_labels_is_a_fault_of_its_line(case: str, n_read: int, fault: str) -> None:
    found = read_labelled([str(CASES / case)])
    assert len(found.stories) == n_read
    assert found.faults[0].startswith(f"{CASES / case}{fault}")


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("l04_int.jsonl", ":1: labels is int, expected a list of label names"),
        ("l17_int01.jsonl", ":1: labels is int, expected a list of label names"),
        ("l04b_onehot.jsonl", ":1: labels is a list that holds int, expected a list of label names"),
    ],
)
def test_numbers_are_no_labels(case: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        read_labelled([str(CASES / case)])
    assert f"{CASES / case}{message}" in str(error.value)


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["a|b", "c", "b"], [["a", "b"], ["c"], ["b"]]),
        (['"a, b"', "c", '"b,c"'], [["a", "b"], ["c"], ["b", "c"]]),
        (['"Arts, Culture;Sport"', "Sport"], [["Arts, Culture", "Sport"], ["Sport"]]),
        (["\"['a' 'b']\"", "[]", "\"('c',)\"", "\"{'d', 'e'}\""], [["a", "b"], [], ["c"], ["d", "e"]]),
        (['"[""it\'s"", \'b\']"', "c"], [["b", "it's"], ["c"]]),
        (["AT&T", "C#", "and/or"], [["AT&T"], ["C#"], ["and/or"]]),
        (["04000000", "11000000"], [["04000000"], ["11000000"]]),
    ],
)
def test_cells_are_read_by_the_convention_of_their_file(
    tmp_path: Path, cells: list[str], labels: list[list[str]]
) -> None:
    content = "text,labels\n" + "".join(f"story {n},{cell}\n" for n, cell in enumerate(cells))
    assert [sorted(story.labels) for story in read(tmp_path / "a.csv", content).stories] == labels


@pytest.mark.parametrize(
    ("cells", "faulty", "message"),
    [
        (["a;b", '"b, c"', "c"], {3}, "look like several with ',' between; separate by ;, or name what separates"),
        (["a|b", "a", '"c, d"'], {4}, "look like several with ',' between"),
        (['"a, b"', "c"], {2}, "look like several with ',' between"),
        (["a", "b", "a/b"], {4}, "look like several with '/' between"),
        (['"[a, b]"', "c"], {2}, "look like a list and do not read as one"),
        (["nan", "a", "NULL"], {2, 4}, "not labelled: "),
        (["0", "1", "0"], {2, 3, 4}, "the labels are numbers, expected names"),
    ],
)
def test_a_cell_that_may_mean_something_else_is_a_fault(
    tmp_path: Path, cells: list[str], faulty: set[int], message: str
) -> None:
    content = "text,labels\nsure,x y\n" if cells[0] != "0" else "text,labels\nsure,\n"
    content += "".join(f"story {n},{cell}\n" for n, cell in enumerate(cells))
    found = read(tmp_path / "a.csv", content)
    assert [fault.split(": ")[0] for fault in found.faults] == [f"{tmp_path}/a.csv:{n + 1}" for n in sorted(faulty)]
    assert all(message in fault for fault in found.faults)


def test_a_named_separator_takes_every_cell_at_its_word(tmp_path: Path) -> None:
    content = 'text,labels\nx,"Arts, Culture"\ny,1\nz,a/b\n'
    stories = read(tmp_path / "a.csv", content, label_separator=";").stories
    assert [story.labels for story in stories] == [{"Arts, Culture"}, {"1"}, {"a/b"}]
    content = json.dumps({"text": "x", "labels": "a / b"})
    assert read(tmp_path / "a.jsonl", content, label_separator="/").stories[0].labels == {"a", "b"}


def test_a_separator_that_was_found_out_is_said(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "text,labels\nx,a|b\n")
    assert found.notes == [f"{tmp_path}/a.csv: labels are read with '|' between; --label-separator names another"]
    assert read(tmp_path / "b.csv", "text,labels\nx,a;b\n").notes == []
    assert read(tmp_path / "c.csv", "text,labels\nx,a|b\n", label_separator="|").notes == []


def test_columns_of_0_and_1_are_labels_and_that_is_said(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "id,title,text,trade,drugs\n1,T,x,1,0\n2,T,y,0,0\n3,T,z,1.0,1\n")
    assert [sorted(story.labels) for story in found.stories] == [["trade"], [], ["drugs", "trade"]]
    assert found.notes == [f"{tmp_path}/a.csv: the columns trade, drugs hold 0 and 1, and are read as labels"]
    rows = [{"text": "x", "trade": 1, "drugs": False}, {"text": "y", "trade": 0, "drugs": True}]
    found = read(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert [sorted(story.labels) for story in found.stories] == [["trade"], ["drugs"]]


@pytest.mark.parametrize("header", ["text,url,trade", "text,trade,drugs"])
def test_another_column_than_0_and_1_is_no_label(tmp_path: Path, header: str) -> None:
    with pytest.raises(DataError, match=f"keys text and labels .*found {header.replace(',', ', ')}"):
        read(tmp_path / "a.csv", f"{header}\nx,2,1\n")


def annotated(*rows: tuple[int, int, str]) -> str:
    """A CSV of Label Studio: a row per annotation, of (task, annotator, choices)."""
    head = "text,id,topic,annotator,annotation_id,lead_time\n"
    lines = (f"story {task},{task},{choices},{who},{n},3\n" for n, (task, who, choices) in enumerate(rows))
    return head + "".join(lines)


@pytest.mark.parametrize(
    ("first", "second"),
    [('"{""choices"": [""a"", ""b""]}"', '"{""choices"": [""b"", ""c""]}"'), ('"[""a"", ""b""]"', '"[""b"", ""c""]"')],
)
def test_annotators_of_one_task_make_one_story(tmp_path: Path, first: str, second: str) -> None:
    rows = annotated((7, 1, first), (8, 1, "a"), (7, 2, second), (8, 2, "a"), (9, 2, "b"))
    stories = read(tmp_path / "a.csv", rows).stories
    assert [(s.id, sorted(s.labels), sorted(s.unsure)) for s in stories] == [
        ("7", ["b"], ["a", "c"]),
        ("8", ["a"], []),
        ("9", ["b"], []),
    ]


@pytest.mark.parametrize("value", [0, 1, True, False, 0.5])
def test_a_number_is_no_label(tmp_path: Path, value: object) -> None:
    with pytest.raises(DataError, match=rf":1: labels is {type(value).__name__}, expected a list of label names"):
        read(tmp_path / "a.jsonl", json.dumps({"text": "x", "label": value}))


@pytest.mark.parametrize("row", ['{"text": "x", "label": null}', '{"text": "x", "labels": NaN}'])
def test_null_is_not_labelled(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError, match=r":1: not labelled: its labels are null; give a list \(\[\] where none"):
        read(tmp_path / "a.jsonl", row)


def test_the_columns_are_those_that_were_named(tmp_path: Path) -> None:
    content = "body,text,topics,labels\nIt rained.,teaser,a;b,x\n"
    (story,) = read(tmp_path / "a.csv", content, text_column="body", label_column="topics").stories
    assert (story.text, sorted(story.labels)) == ("It rained.", ["a", "b"])
    with pytest.raises(DataError, match=r"a\.csv: no column 'bodi'; it has body, text, topics, labels"):
        read(tmp_path / "a.csv", content, text_column="bodi")


def test_delimiter_and_encoding_are_those_that_were_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text:labels\nMüller:a\n".encode("cp1252"))
    assert read_stories([str(tmp_path / "a.csv")], Reading(Dialect(":", "cp1252")))[0].text == "Müller"


def test_a_cell_as_long_as_a_book_is_read(tmp_path: Path) -> None:
    (story,) = read(tmp_path / "a.csv", f"text,labels\n{'x' * 200_000},a\n").stories
    assert len(story.text) == 200_000


def test_a_row_of_a_compressed_file_that_is_no_row_costs_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.model.files.rows.MAX_ROW", 64)
    pack: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": zstandard.compress}
    for suffix, compress in pack.items():
        path = tmp_path / f"a.jsonl{suffix}"
        path.write_bytes(compress(json.dumps({"text": "x" * 1000}).encode() + b'\n{"text": "b", "labels": []}\n'))
        found = read_labelled([str(path)])
        assert [story.text for story in found.stories] == ["b"]
        assert found.faults == [f"{path}:1: the line is longer than 64 bytes; expected one object per line"]
