"""Rows of any source, one at a time; a row that does not read says why and stops nothing."""

import io
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO

import pyarrow as pa

from copydesk.model.errors import DataError
from copydesk.model.files.csv_rows import csv_columns, csv_rows
from copydesk.model.files.dialect import DELIMITERS, Dialect, to_utf8
from copydesk.model.files.formats import JSONL, MAX_ROW, Format, format_of, open_input
from copydesk.model.files.hub import hub_rows
from copydesk.model.files.json_rows import json_rows
from copydesk.model.files.parquet_rows import parquet_columns, parquet_rows
from copydesk.model.files.row import Row as Row
from copydesk.model.files.sources import Source

_N_SAMPLED = 100  # values of JSON whose keys count as the file's columns: a key may be left out


@dataclass
class Position:
    """How many bytes of the source have been read so far, decompressed or not."""

    n_bytes: int = 0


def read_rows(
    source: Source, wanted: Collection[str], position: Position | None = None, *, all_columns: bool = False
) -> Iterator[Row]:
    """Every row. Moves `position` on. Raises DataError.

    wanted: the columns that are needed; in a table's header they tell its delimiter, and of Parquet only they are read
    unless `all_columns` are.
    """
    position = position or Position()
    if source.hub:
        for row in hub_rows(source.hub):
            yield replace(row, file=source.hub.name, where=f"{source.hub.name}: row {row.line}")
    elif source.is_stdin:
        with _reading(source.name, source.dialect):
            for row in json_rows(to_utf8(sys.stdin.buffer, source.name, source.dialect.encoding), MAX_ROW):
                yield replace(row, file=source.name, where=f"{source.name}:{row.line}")
    for path in source.files:
        yield from _file_rows(path, source.dialect, wanted, position, all_columns=all_columns)


def read_bytes(content: bytes, name: str, wanted: Collection[str], dialect: Dialect = Dialect()) -> Iterator[Row]:  # noqa: B008  # a frozen value
    """Every row of a file that is in memory; its name tells its format. Raises DataError."""
    with _reading(name, dialect):
        yield from _open_rows(io.BytesIO(content), Path(name), dialect, wanted, all_columns=True)


def find_columns(path: Path, dialect: Dialect, wanted: Collection[str]) -> list[str]:
    """The columns of a file; of JSON those of its first values. None where it holds nothing. Raises DataError."""
    format = format_of(path.name) or JSONL
    with _reading(str(path), dialect), path.open("rb") as raw:
        if format.kind == "parquet":
            return parquet_columns(raw, format)
        with open_input(raw, format) as packed:
            file = to_utf8(packed, str(path), dialect.encoding)
            if format.kind in ("csv", "tsv"):
                return csv_columns(file, str(path), wanted, _delimiters(format, dialect), MAX_ROW)
            values = [row.values for row in islice(json_rows(file, MAX_ROW), _N_SAMPLED)]
    return list(dict.fromkeys(str(key) for value in values if isinstance(value, Mapping) for key in value))


def _file_rows(
    path: Path, dialect: Dialect, wanted: Collection[str], position: Position, *, all_columns: bool
) -> Iterator[Row]:
    before = position.n_bytes
    with _reading(str(path), dialect), path.open("rb") as raw:
        for row in _open_rows(raw, path, dialect, wanted, all_columns=all_columns):
            position.n_bytes = before + raw.tell()
            yield row


def _open_rows(
    raw: IO[bytes], path: Path, dialect: Dialect, wanted: Collection[str], *, all_columns: bool
) -> Iterator[Row]:
    format = format_of(path.name) or JSONL
    if format.kind == "parquet":
        mark, rows = ": row ", parquet_rows(raw, format, None if all_columns else wanted, max_row=MAX_ROW)
    else:
        mark, rows = ":", _text_rows(raw, path, format, dialect, wanted)
    for row in rows:
        yield replace(row, file=path.name, where=f"{path}{mark}{row.line}")


def _text_rows(raw: IO[bytes], path: Path, format: Format, dialect: Dialect, wanted: Collection[str]) -> Iterator[Row]:
    with open_input(raw, format) as packed:
        file = to_utf8(packed, str(path), dialect.encoding)
        if format.kind in ("csv", "tsv"):
            delimiters = _delimiters(format, dialect)
            yield from csv_rows(file, str(path), wanted, delimiters, MAX_ROW)
        else:
            yield from json_rows(file, MAX_ROW)


def _delimiters(format: Format, dialect: Dialect) -> tuple[str, ...]:
    """Those that there may be, the likeliest first."""
    if dialect.delimiter is not None:
        return (dialect.delimiter,)
    return ("\t", *DELIMITERS) if format.kind == "tsv" else DELIMITERS


@contextmanager
def _reading(name: str, dialect: Dialect) -> Iterator[None]:
    """One place for what a file may say that does not read."""
    try:
        yield
    except UnicodeError as error:
        encoding = dialect.encoding or "the UTF-16 or UTF-32 that its first bytes announce"
        raise DataError(f"{name}: not {encoding}; name its encoding with --encoding") from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{name}: does not read ({_reason(error)}); restore the file or leave it out") from error


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
