"""Rows of Parquet."""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow.parquet as pq

from copydesk.model.files.formats import Format, open_input
from copydesk.model.files.row import Row

_MAX_BATCH = 64  # rows decoded at a time
_PAGE_BUFFER = 2**20  # bytes read ahead in each column


def parquet_columns(raw: IO[bytes], format: Format) -> list[str]:
    """The names of the columns."""
    with _seekable(raw, format) as file:
        return list(pq.ParquetFile(file).schema_arrow.names)


def parquet_rows(raw: IO[bytes], format: Format, columns: Collection[str] | None, *, max_row: int) -> Iterator[Row]:
    """Every row by its number; of the columns those that are named, where names are given.

    A few bytes can unpack to any number of rows that share one large value: no more rows are decoded at a time than
    would hold `max_row` bytes if each held the whole of its column in its row group.
    """
    with _seekable(raw, format) as file:
        table = pq.ParquetFile(file, buffer_size=_PAGE_BUFFER)
        there = [name for name in table.schema_arrow.names if columns is None or name in columns]
        number = 0
        for group in range(table.num_row_groups):
            n_rows = max(1, min(_MAX_BATCH, max_row // max(1, _largest_column(table.metadata.row_group(group)))))
            for batch in table.iter_batches(n_rows, row_groups=[group], columns=there):
                for values in batch.to_pylist():
                    number += 1
                    yield _row(values, number, max_row)


def _largest_column(group: Any) -> int:  # Any: pyarrow has no types
    """Bytes of the row group's largest column, unpacked: no value of it is larger."""
    return max((group.column(i).total_uncompressed_size for i in range(group.num_columns)), default=0)


def _row(values: dict[str, Any], number: int, max_row: int) -> Row:  # Any: cells
    if sum(len(value) for value in values.values() if isinstance(value, str | bytes)) > max_row:
        return Row(number, problem=f"the row is longer than {max_row} bytes")
    return Row(number, values)


@contextmanager
def _seekable(raw: IO[bytes], format: Format) -> Iterator[IO[bytes]]:
    """Parquet is read from its end: a compressed file is unpacked first, into a file that has no name."""
    if format.compression is None:
        yield raw
        return
    with open_input(raw, format) as packed, tempfile.TemporaryFile() as unpacked:
        shutil.copyfileobj(packed, unpacked)
        yield unpacked
