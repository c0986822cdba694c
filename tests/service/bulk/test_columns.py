from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.model.errors import DataError
from copydesk.model.files.sources import find_source
from copydesk.service.bulk.columns import Columns, check_columns
from support.tiny import CASES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("id;body;url\n1;It rained.;u\n")
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{"id": 2, "body": "It rained.", "url": "u"}\n')
    pq.write_table(pa.table({"id": [1], "body": ["It rained."], "url": ["u"]}), tmp_path / "a.parquet")
    return tmp_path


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (Columns(), "no column 'text' or 'html'; it has 'id', 'body', 'url'; name the column with --text-column"),
        (Columns(text="bodi"), "no column 'bodi'; it has 'id', 'body', 'url'; name one of these"),
        (Columns(text="body", keep=("url", "date")), "no column 'date'; it has 'id', 'body', 'url'"),
        (Columns(text="body", title="headline"), "no column 'headline'; it has"),
    ],
)
def test_a_column_that_is_not_there_stops_at_the_header(
    folder: Path, name: str, columns: Columns, message: str
) -> None:
    with pytest.raises(DataError) as error:
        check_columns(find_source(str(folder / name)), columns)
    assert str(error.value).startswith(f"{folder / name}: {message}")


def test_columns_that_are_there_pass_in_every_file(folder: Path) -> None:
    check_columns(find_source(str(folder)), Columns(text="body", keep=("url",)))
    (folder / "b.csv").write_text("id,text\n")
    with pytest.raises(DataError, match=r"b\.csv: no column 'body' or 'url'; it has 'id', 'text'"):
        check_columns(find_source(str(folder)), Columns(text="body", keep=("url",)))


@pytest.mark.parametrize(
    "case", ["d02_semicolon.csv", "d12_nested.jsonl", "d05_array.json", "d15_utf16.csv", "d04.tsv"]
)
def test_the_cases_have_their_columns(case: str) -> None:
    check_columns(find_source(str(CASES / case)), Columns())


def test_a_file_without_rows_has_nothing_that_could_be_missing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    check_columns(find_source(str(tmp_path / "a.jsonl")), Columns(text="body"))
