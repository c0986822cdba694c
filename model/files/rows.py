"""Rows of any source, one at a time; a row that does not read says why and stops nothing."""

import csv
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.model.errors import DataError
from copydesk.model.files.formats import JSONL, Format, format_of, open_input
from copydesk.model.files.sources import HubDataset, Source
from copydesk.model.installation import need_extra

_MAX_LINE = 64 * 2**20  # bytes; a longer one is no article but a file of another format
_PARQUET_BATCH = 64  # rows decoded at a time


@dataclass(frozen=True)
class Row:
    """A row and where it stands: its file and the line it begins on (in Parquet and on the hub, its number)."""

    file: str
    line: int
    values: Mapping[str, Any] = field(default_factory=dict)  # Any: a row of anybody's file
    problem: str | None = None


@dataclass
class Position:
    """How many bytes of the source have been read so far, decompressed or not."""

    n_bytes: int = 0


def read_rows(source: Source, columns: Sequence[str], position: Position) -> Iterator[Row]:
    """Every row; `columns` are those that are needed. Moves `position` on. Raises DataError."""
    if source.hub:
        yield from _dataset_rows(source.hub)
    elif source.is_stdin:
        yield from _json_rows(sys.stdin.buffer, source.name)
    for path in source.files:
        yield from _file_rows(path, columns, position)


def _file_rows(path: Path, columns: Sequence[str], position: Position) -> Iterator[Row]:
    format, before = format_of(path.name) or JSONL, position.n_bytes
    try:
        with path.open("rb") as raw:
            for row in _format_rows(raw, path, format, columns):
                position.n_bytes = before + raw.tell()
                yield row
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: does not read ({_reason(error)}); restore the file or leave it out") from error


def _format_rows(raw: IO[bytes], path: Path, format: Format, columns: Sequence[str]) -> Iterator[Row]:
    if format.kind == "parquet":
        with _seekable(raw, format) as file:
            yield from _parquet_rows(file, path.name, columns)
        return
    read = _json_rows if format.kind == "jsonl" else _csv_rows
    with open_input(raw, format) as file:
        yield from read(file, path.name)


def _json_rows(file: IO[bytes], name: str) -> Iterator[Row]:
    number = 0
    while line := file.readline(_MAX_LINE):
        number += 1
        if len(line) == _MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(_MAX_LINE)
            yield Row(name, number, problem=f"the line is longer than {_MAX_LINE} bytes; expected one object per line")
        elif line.strip():
            yield _json_row(line, name, number)


def _json_row(line: bytes, name: str, number: int) -> Row:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return Row(name, number, problem="not JSON; expected an object with the text")
    if not isinstance(values, dict):
        return Row(name, number, problem=f"{type(values).__name__}, expected an object with the text")
    return Row(name, number, values)


def _csv_rows(file: IO[bytes], name: str) -> Iterator[Row]:
    csv.field_size_limit(_MAX_LINE)
    with io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader = csv.reader(lines)
        header = next(reader, [])
        number = reader.line_num + 1
        while (fields := _next_fields(reader)) is not None:
            if isinstance(fields, str):
                yield Row(name, number, problem=fields)
            elif len(fields) == len(header):
                yield Row(name, number, dict(zip(header, fields, strict=True)))
            elif fields:
                yield Row(name, number, problem=f"{len(fields)} fields, the header has {len(header)}")
            number = reader.line_num + 1


def _next_fields(reader: Iterator[list[str]]) -> list[str] | str | None:
    """The fields of the next row, what is wrong with it, or None at the end."""
    try:
        return next(reader, None)
    except csv.Error as error:
        return f"not CSV: {error}"


def _parquet_rows(file: Any, name: str, columns: Sequence[str]) -> Iterator[Row]:  # Any: whatever pyarrow reads
    table = pq.ParquetFile(file)
    there = [column for column in columns if column in table.schema_arrow.names]
    number = 0
    for batch in table.iter_batches(_PARQUET_BATCH, columns=there):
        for values in batch.to_pylist():
            number += 1
            yield Row(name, number, values)


def _dataset_rows(hub: HubDataset) -> Iterator[Row]:
    need_extra("train", f"the hub dataset {hub.name}")
    import datasets

    try:
        rows = datasets.load_dataset(hub.name, hub.config, split=hub.split, revision=hub.revision, streaming=True)
        for number, values in enumerate(rows, 1):
            yield Row(hub.name, number, values)
    except (OSError, ValueError) as error:
        raise DataError(f"{hub.name}: the hub does not give split {hub.split!r}: {_reason(error)}") from error


@contextmanager
def _seekable(raw: IO[bytes], format: Format) -> Iterator[IO[bytes]]:
    """Parquet is read from its end: a compressed file is unpacked first, into a file that has no name."""
    if format.compression is None:
        yield raw
        return
    with open_input(raw, format) as packed, tempfile.TemporaryFile() as unpacked:
        shutil.copyfileobj(packed, unpacked)
        yield unpacked


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
