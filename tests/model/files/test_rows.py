import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from copydesk.model.errors import DataError
from copydesk.model.files.rows import Position, Row, read_rows
from copydesk.model.files.sources import find_source

ROWS = [{"id": str(n), "text": f'Zürich, line {n}\nand more; "so" he said.'} for n in range(150)]


def content(kind: str) -> bytes:
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    if kind == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, ["id", "text"])
        writer.writeheader()
        writer.writerows(ROWS)
        return out.getvalue().encode()
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink, row_group_size=40)
    return sink.getvalue()


def rows_of(name: str | Path) -> list[Row]:
    return list(read_rows(find_source(str(name)), ["id", "text", "title"], Position()))


PACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"in.{kind}{suffix}"
    path.write_bytes(PACK[suffix](content(kind)))
    assert [dict(row.values) for row in rows_of(path)] == ROWS


def test_a_folder_and_a_glob_are_read_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a.jsonl"):
        (tmp_path / name).write_bytes(content(name.split(".")[1]))
    (tmp_path / "notes.txt").write_text("none of ours")
    names = [row.file for row in rows_of(tmp_path)]
    assert names == ["a.jsonl"] * 150 + ["b.csv"] * 150
    assert len(rows_of(tmp_path / "*.csv")) == 150


def test_a_bad_line_has_its_number_and_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"text": "a"}\n\n{"text": \n[1]\n{"text": "\xff"}\n' + b"[" * 100_000 + b"\n" + b'{"text": "b"}')
    rows = rows_of(path)
    assert [row.line for row in rows] == [1, 3, 4, 5, 6, 7]
    assert [bool(row.problem) for row in rows] == [False, True, True, True, True, False]


def test_a_csv_row_of_another_width_has_its_line_number(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b'\xef\xbb\xbfid,text\n1,"two\nlines"\n2,a,b\n3,c\n')
    rows = rows_of(path)
    assert [(row.line, row.problem) for row in rows] == [(2, None), (4, "3 fields, the header has 2"), (5, None)]
    assert rows[0].values == {"id": "1", "text": "two\nlines"}


def test_a_line_longer_than_any_article_is_skipped_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.model.files.rows._MAX_LINE", 64)
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": "x" * 1000}) + '\n{"text": "b"}\n')
    assert [(row.line, row.problem is None) for row in rows_of(path)] == [(1, False), (2, True)]


def test_a_cut_off_archive_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress(content("jsonl"))[:-300])
    with pytest.raises(DataError, match=r"in.jsonl.gz: does not read"):
        rows_of(path)


@pytest.mark.parametrize(("name", "reason"), [("none.jsonl", "no such file"), ("in.txt", "extension is not known")])
def test_an_input_that_is_none_says_what_was_expected(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "in.txt").write_text("text")
    with pytest.raises(DataError, match=reason):
        find_source(str(tmp_path / name))


def test_the_position_ends_at_the_size_of_the_source(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.parquet"):
        (tmp_path / name).write_bytes(content(name.split(".")[1]))
    source, position = find_source(str(tmp_path)), Position()
    list(read_rows(source, ["id", "text"], position))
    assert position.n_bytes >= (tmp_path / "a.jsonl").stat().st_size
    assert source.n_bytes is not None
    assert position.n_bytes <= source.n_bytes
