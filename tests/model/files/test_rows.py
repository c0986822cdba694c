import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from copydesk.model.errors import DataError
from copydesk.model.files.dialect import Dialect
from copydesk.model.files.rows import Position, Row, find_columns, read_bytes, read_rows
from copydesk.model.files.sources import find_source
from support.tiny import CASES

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
    assert [bool(row.problem) for row in rows] == [False, True, False, True, True, False]
    assert rows[2].values == [1]
    assert "not UTF-8; convert the file" in str(rows[3].problem)


def test_a_csv_row_of_another_width_has_its_line_number(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b'\xef\xbb\xbfid,text\n1,"two\nlines"\n2,a,b\n3,c\n')
    rows = rows_of(path)
    too_wide = "3 fields, the header has 2; quote cells that hold ','"
    assert [(row.line, row.problem) for row in rows] == [(2, None), (4, too_wide), (5, None)]
    assert rows[0].values == {"id": "1", "text": "two\nlines"}


def test_a_line_longer_than_any_article_is_skipped_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.model.files.rows.MAX_ROW", 64)
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


def read_case(name: str) -> list[tuple[int, object]]:
    """The line of each row, and its text or what is wrong with it."""
    return [(row.line, row.problem or row.values["text"]) for row in rows_of(CASES / name)]


STEEL = "Ministers agreed on Monday to cut the duty on imported steel. Mills protested."
HEROIN = "Customs seized forty kilograms of heroin in a container of tiles. Two men were held."
UNCLOSED = "not CSV: quote never closed"


@pytest.mark.parametrize(
    ("case", "rows"),
    [
        (
            "d01_bom_crlf.csv",
            [
                (2, "Ministers agreed\r\non Monday to cut the duty."),
                (4, 'Customs seized "forty" kilograms of heroin, police said.'),
            ],
        ),
        (
            "d02_semicolon.csv",
            [
                (2, "Ministers agreed on Monday to cut the duty; mills protested."),
                (3, "Customs seized forty kilograms of heroin."),
            ],
        ),
        ("d04.tsv", [(2, "Ministers agreed on Monday to cut the duty.")]),
        ("d05_array.json", [(2, STEEL), (6, HEROIN)]),
        ("d05_array.jsonl", [(2, STEEL), (6, HEROIN)]),
        (
            "d09_cr.csv",
            [(2, "Ministers agreed on Monday to cut the duty."), (3, "Customs seized forty kilograms of heroin.")],
        ),
        (
            "d11_quotes.csv",
            [
                (2, 'The 12" pipe duty fell on Monday.'),
                (3, 'Ministers said "no" on Tuesday.'),
                (4, "Customs seized heroin."),
                (5, UNCLOSED),
                (6, "Gunmen attacked."),
            ],
        ),
        ("d15_utf16.csv", [(2, STEEL)]),
        (
            "d18_unclosed_quote.csv",
            [
                (2, "Ministers cut the duty on steel."),
                (3, UNCLOSED),
                (4, "Gunmen attacked a convoy."),
                (5, "Mills protested."),
            ],
        ),
        (
            "d07_cp1252.csv",
            [(2, "not UTF-8; convert the file, for example with iconv -t utf-8, or name its encoding with --encoding")],
        ),
    ],
)
def test_every_case_of_rows_is_read_as_it_is_meant(case: str, rows: list[tuple[int, object]]) -> None:
    assert read_case(case) == rows


def test_members_of_gzip_and_kinds_of_parquet_are_read() -> None:
    assert [row.values["id"] for row in rows_of(CASES / "d06_members.jsonl.gz")] == [0, 1, 2]
    assert [row.values["id"] for row in rows_of(CASES / "d08.parquet")] == [1, 2, 3]
    assert [row.values["text"] for row in rows_of(CASES / "d08c_view.parquet")] == [STEEL, HEROIN]


def test_an_encoding_that_was_named_is_read() -> None:
    source = find_source(str(CASES / "d07_cp1252.csv"), Dialect(encoding="cp1252"))
    (row,) = read_rows(source, ["text"])
    assert row.values["text"] == "The café owner said “no deal” – and left. Müller agreed."


def test_a_row_knows_its_place(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.parquet"):
        (tmp_path / name).write_bytes(content(name.split(".")[1]))
    rows = rows_of(tmp_path)
    assert (rows[2].file, rows[2].where) == ("a.jsonl", f"{tmp_path}/a.jsonl:3")
    assert (rows[152].file, rows[152].where) == ("b.parquet", f"{tmp_path}/b.parquet: row 3")


@pytest.mark.parametrize(
    ("name", "data", "columns"),
    [
        ("a.csv", b"id;body\n", ["id", "body"]),
        ("a.tsv", b"id\tbody, all\n1\tx\n", ["id", "body, all"]),
        ("a.jsonl", b'{"id": 1}\n[2]\n{"body": "x", "id": 2}\n', ["id", "body"]),
        ("a.json", b'[{"id": 1},\n{"body": "x"}]', ["id", "body"]),
        ("a.csv", b"", []),
        ("a.jsonl", b"", []),
        ("a.parquet", content("parquet"), ["id", "text"]),
        ("a.parquet.gz", gzip.compress(content("parquet")), ["id", "text"]),
    ],
)
def test_the_columns_of_a_file_are_found_without_its_rows(
    tmp_path: Path, name: str, data: bytes, columns: list[str]
) -> None:
    (tmp_path / name).write_bytes(data)
    assert find_columns(tmp_path / name, Dialect(), ["text"]) == columns


def test_a_value_that_many_rows_of_parquet_share_is_not_multiplied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"text": "x" * 100_000}] * 40 + [{"text": "short"}]
    pq.write_table(pa.Table.from_pylist(rows), path)
    monkeypatch.setattr("copydesk.model.files.rows.MAX_ROW", 150_000)
    sizes: list[int] = []
    original = pq.ParquetFile.iter_batches

    def count(table: pq.ParquetFile, n_rows: int, **options: object) -> object:
        for batch in original(table, n_rows, **options):
            sizes.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", count)
    assert len(rows_of(path)) == 41
    assert set(sizes) == {1}
    monkeypatch.setattr("copydesk.model.files.rows.MAX_ROW", 50_000)
    assert [row.problem for row in rows_of(path)[39:]] == ["the row is longer than 50000 bytes", None]


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv"])
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_line_of_a_small_archive_that_unpacks_without_end_is_never_held_whole(
    tmp_path: Path, kind: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.model.files.rows.MAX_ROW", 10**6)
    opening = {"jsonl": b'{"text": "', "json": b'[{"text": "', "csv": b'id,text\n1,"'}[kind]
    path = tmp_path / f"a.{kind}{suffix}"
    path.write_bytes(PACK[suffix](opening + b"x" * 50_000_000))
    tracemalloc.start()
    rows = rows_of(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "longer than 1000000 bytes" in str(rows[0].problem)
    assert peak < 10_000_000


def test_a_file_in_memory_reads_as_it_does_on_disk(tmp_path: Path) -> None:
    for name in ("d02_semicolon.csv", "d05_array.json", "d06_members.jsonl.gz", "d08.parquet"):
        rows = list(read_bytes((CASES / name).read_bytes(), name, ("text",)))
        on_disk = list(read_rows(find_source(str(CASES / name)), ("text",), all_columns=True))
        assert [(row.line, row.values, row.problem) for row in rows] == [
            (row.line, row.values, row.problem) for row in on_disk
        ]
        assert rows[0].where.startswith(name)
