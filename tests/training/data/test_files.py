import gzip
import json
from pathlib import Path

import pytest

from copydesk.model.errors import DataError
from copydesk.training.data.files import expand_source, read_rows

ROWS = [{"text": "It rained.\nA lot.", "labels": ["a"]}, {"text": "It did not.", "labels": []}]


def test_a_list_names_the_line_of_each_item(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\n[\n {"a": 1},\n\n {"b":\n  2}, {"c": 3}]\n')
    assert list(read_rows(str(path))) == [(f"{path}:3", {"a": 1}), (f"{path}:5", {"b": 2}), (f"{path}:6", {"c": 3})]


def test_csv_names_the_line_where_a_row_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,labels\n"one\ntwo",a;b\n\nthree,\n')
    expected = [
        (f"{path}:2", {"text": "one\ntwo", "labels": ["a", "b"]}),
        (f"{path}:5", {"text": "three", "labels": []}),
    ]
    assert list(read_rows(str(path))) == expected


def test_all_endings_give_the_same_rows(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "a.jsonl").write_text(lines)
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    (tmp_path / "a.csv").write_text('text,labels\n"It rained.\nA lot.",a\nIt did not.,\n', encoding="utf-8-sig")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    for path in tmp_path.iterdir():
        assert [row for _, row in read_rows(str(path))] == ROWS, path


def test_a_cell_as_long_as_a_book_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,labels\n{'x' * 200_000},a\n")
    assert len(next(read_rows(str(path)))[1]["text"]) == 200_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "M\xe4rz"}\n', ":1: not UTF-8; convert the file"),
        ("a.csv", "text,labels\nMärz,a\n".encode("utf-16"), ":1: not UTF-8; convert the file"),
        ("a.csv", b"text,labels\nok,a\nM\xe4rz,a\n", ":3: not UTF-8; convert the file"),
        ("a.json", b'[{"a": 1},\n {"a"}]', ":2: this item of the list is not JSON"),
        ("a.json", b'[{"a": 1}', ":1: this item of the list is not JSON"),
        ("a.parquet", b"PAR1 no", ": not Parquet"),
        ("a.jsonl.gz", b"no gzip", ": does not read: Not a gzipped file"),
        ("a.xlsx", b"PK", ": unknown ending; rename it to .jsonl"),
    ],
)
def test_a_file_that_does_not_read_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        list(read_rows(str(path)))
    assert f"{path}{message}" in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"a": 1}\n{"b"\n{"c": 3}\n', ":2: not JSON"),
        ("a.csv", "text,labels\nx,a\ny,a,b\nz,a\n", ":3: 3 cells under 2 columns; quote cells that hold commas"),
    ],
)
def test_a_line_that_does_not_read_spoils_no_other(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    (bad,) = [row for _, row in read_rows(str(path)) if isinstance(row, DataError)]
    assert f"{path}{message}" in str(bad)
    assert len(list(read_rows(str(path)))) >= 3


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(DataError, match=r"nowhere\.jsonl: no such file; expected \.jsonl"):
        expand_source("nowhere.jsonl")
