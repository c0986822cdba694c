"""Rows of anybody's files, each with the place it stands at: JSON, CSV, Parquet, hub datasets."""

import csv
import glob
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from copydesk.model.errors import DataError
from copydesk.training.data.exports import split_cells

Row = Any  # a line of anybody's file: an object if all is well, a DataError if the line alone does not read
PlacedRow = tuple[str, Row]  # file and line, row

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_JSON = (".jsonl", ".json", ".ndjson")
_CSV = (".csv", ".tsv")
_DELIMITERS = ",;\t"
_MAX_CELL = 2**31 - 1  # the csv module's own limit would refuse an article of 131,073 characters


def expand_source(source: str) -> list[str]:
    """The files that a name or glob stands for, or a hub dataset itself. Raises DataError where there is none."""
    paths = [source] if Path(source).is_file() else sorted(path for path in glob.glob(source) if Path(path).is_file())
    if paths or HUB_NAME.fullmatch(source):
        return paths or [source]
    raise DataError(
        f"{source}: no such file; expected .jsonl, .json, .csv, .tsv (or .gz of these) or .parquet, or 'owner/name'"
    )


def read_rows(path: str) -> Iterator[PlacedRow]:
    """The rows of a file or hub dataset. Raises DataError naming file and line where it does not read."""
    name = path.removesuffix(".gz")
    try:
        if name.endswith(_JSON):
            yield from _json_rows(path)
        elif name.endswith(_CSV):
            yield from _csv_rows(path)
        elif name.endswith(".parquet"):
            yield from _parquet_rows(path)
        elif Path(path).exists():
            raise DataError(f"{path}: unknown ending; rename it to .jsonl, .json, .csv, .tsv or .parquet")
        else:
            yield from _hub_rows(path)
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: does not read: {error}") from error


def _json_rows(path: str) -> Iterator[PlacedRow]:
    """One value per line, or one list of values."""
    with _open(path) as file:
        lines = enumerate(_decoded(file, path), 1)
        full = ((number, line) for number, line in lines if line.strip())
        for n_before, (number, line) in enumerate(full):
            if n_before == 0 and line.lstrip().startswith("["):
                yield from _json_list(line + "".join(rest for _, rest in lines), path, number)
            else:
                yield f"{path}:{number}", _parse(line, f"{path}:{number}")


def _parse(line: str, where: str) -> Row:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return DataError(f"{where}: not JSON ({error}); expected one object per line, or one list of objects")


def _json_list(text: str, path: str, line: int) -> Iterator[PlacedRow]:
    """The items of a JSON list, each with the line where it begins."""
    decoder, space = json.JSONDecoder(), re.compile(r"[\s,]*")
    start = text.index("[") + 1
    while True:
        end = space.match(text, start).end()  # type: ignore[union-attr]  # matches nothing at least
        line += text.count("\n", start, end)
        if text[end : end + 1] == "]":
            return
        try:
            row, start = decoder.raw_decode(text, end)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{line}: this item of the list is not JSON; export the file again") from error
        yield f"{path}:{line}", row
        line += text.count("\n", end, start)


def _csv_rows(path: str) -> Iterator[PlacedRow]:
    csv.field_size_limit(_MAX_CELL)
    with _open(path) as file:
        lines = _decoded(file, path)
        header = next(lines, "")
        delimiter = max(_DELIMITERS, key=header.count)
        columns = next(csv.reader([header], delimiter=delimiter), [])
        reader = csv.reader(lines, delimiter=delimiter)
        line = 2
        try:
            for cells in reader:
                if cells:
                    yield f"{path}:{line}", _csv_row(columns, cells, f"{path}:{line}")
                line = reader.line_num + 2
        except csv.Error as error:
            raise DataError(f"{path}:{line}: not CSV: {error}") from error


def _csv_row(columns: list[str], cells: list[str], where: str) -> Row:
    if len(cells) > len(columns):
        return DataError(f"{where}: {len(cells)} cells under {len(columns)} columns; quote cells that hold commas")
    return split_cells(dict(zip(columns, cells, strict=False)))


def _parquet_rows(path: str) -> Iterator[PlacedRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows = (row for batch in file.iter_batches(256) for row in batch.to_pylist())
            for number, row in enumerate(rows, 1):
                yield f"{path}: row {number}", row
    except pa.ArrowException as error:
        raise DataError(f"{path}: not Parquet: {error}") from error


def _hub_rows(name: str) -> Iterator[PlacedRow]:
    import datasets

    try:
        data = datasets.load_dataset(name, split="train")
    except ValueError as error:
        raise DataError(f"{name}: does not load from the hub: {error}") from error
    classes = {key: kind for key, kind in data.features.items() if isinstance(kind, datasets.ClassLabel)}
    for number, row in enumerate(data, 1):
        names = {key: kind.int2str(row[key]) for key, kind in classes.items() if (row[key] or 0) >= 0}
        yield f"{name}: row {number}", {**row, **names}


def _open(path: str) -> IO[bytes]:
    return gzip.open(path, "rb") if path.endswith(".gz") else Path(path).open("rb")  # type: ignore[return-value]  # gzip's own type


def _decoded(file: IO[bytes], path: str) -> Iterator[str]:
    number = 0
    try:
        for number, line in enumerate(file, 1):
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}:{number}: not UTF-8; convert the file, for example with iconv -t utf-8") from error
