"""The output made from finished shards: JSONL as it is, CSV and Parquet with flat columns."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.model.files.disk import whole_file
from copydesk.model.files.formats import Format, open_output
from copydesk.model.files.json import Json, JsonObject
from copydesk.service.bulk.records import flat_columns, score_column, to_line
from copydesk.service.bulk.shards import Parts, no_room
from copydesk.service.bulk.target import ERRORS, beside

_FORMULA = ("=", "+", "-", "@", "\t")  # how a cell begins that a spreadsheet runs
_ROW_GROUP = 1000  # rows of a Parquet row group


def assemble(parts: Parts, format: Format, table: "Table") -> None:
    """Write the output and OUTPUT.errors.jsonl from the shards, then remove them. Raises OutputError.

    The output appears only when it is complete; it needs as much room as the shards, which stay until then.
    """
    write = _WRITERS[format.kind]
    try:
        _write_errors(beside(parts.target, ERRORS), parts)
        with whole_file(parts.target, parts.folder) as temporary:
            write(parts, temporary, format, table)
    except OSError as error:
        raise no_room(parts.target, sum(path.stat().st_size for path in parts.folder.iterdir()), error) from error
    parts.remove()


class Table:
    """The columns of a flat output and their types; `raw_cells` leaves cells of CSV as they are."""

    def __init__(self, labels: Sequence[str], keep: Sequence[str], *, raw_cells: bool = False) -> None:
        self.names = flat_columns(labels, keep)
        self.keep = keep
        self.raw_cells = raw_cells
        self._scores = [score_column(label) for label in labels]

    def schema(self, kept: dict[str, pa.DataType]) -> pa.Schema:
        """The Parquet schema, with these types of the kept columns."""
        types = dict.fromkeys(self.names, pa.string()) | kept
        types |= dict.fromkeys(self._scores, pa.float64()) | {"labels": pa.list_(pa.string())}
        return pa.schema([(name, types[name]) for name in self.names])


def _write_errors(path: Path, parts: Parts) -> None:
    """A line per failed row; no file when there is none."""
    errors = parts.errors()
    first = next(errors, None)
    if first is None:
        path.unlink(missing_ok=True)
        return
    with whole_file(path, parts.folder) as temporary, temporary.open("wb") as file:
        file.write(to_line(first))
        file.writelines(map(to_line, errors))


def _write_jsonl(parts: Parts, path: Path, format: Format, _: Table) -> None:
    with open_output(path, format) as out:
        for line in parts.lines():
            out.write(line)


def _write_csv(parts: Parts, path: Path, format: Format, table: Table) -> None:
    with open_output(path, format) as out:
        lines = io.TextIOWrapper(out, "utf-8", newline="")
        writer = csv.DictWriter(
            lines, table.names, delimiter="\t" if format.kind == "tsv" else ",", lineterminator="\n"
        )
        writer.writeheader()
        for row in _rows(parts):
            cells = {name: _cell(value) for name, value in row.items()}
            writer.writerow(cells if table.raw_cells else {name: _tame(cell) for name, cell in cells.items()})
        lines.flush()
        lines.detach()


def _cell(value: Json) -> Json:
    """A value as CSV holds it: a list of names joined by semicolons, anything else that is nested as JSON."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ";".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _tame(cell: Any) -> Any:  # Any: JSON
    """Text that a spreadsheet would run as a formula, behind an apostrophe that makes it text. Source: OWASP."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _write_parquet(parts: Parts, path: Path, format: Format, table: Table) -> None:
    types = {name: _kept_type(parts, name) for name in table.keep}
    schema = table.schema(types)
    with open_output(path, format) as out, pq.ParquetWriter(out, schema, compression="zstd") as writer:
        rows = _rows(parts)
        while group := list(islice(rows, _ROW_GROUP)):
            columns = [_column(group, name, schema.field(name).type) for name in table.names]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _column(rows: Sequence[JsonObject], name: str, type: Any) -> Any:  # Any: pyarrow has no types
    values = [row.get(name) for row in rows]
    if type == pa.string():
        values = [v if isinstance(v, str | None) else json.dumps(v, ensure_ascii=False) for v in values]
    return pa.array(values, type)


def _kept_type(parts: Parts, name: str) -> Any:  # Any: pyarrow has no types
    """The type that holds every value of a kept column: numbers, booleans, lists of them; otherwise text."""
    found = pa.schema([(name, pa.null())])
    rows = _rows(parts)
    try:
        while group := list(islice(rows, _ROW_GROUP)):
            type = pa.array([row.get(name) for row in group]).type
            found = pa.unify_schemas([found, pa.schema([(name, type)])], promote_options="permissive")
    except (pa.ArrowException, OverflowError):
        return pa.string()
    type = found.field(name).type
    is_text = pa.types.is_null(type) or pa.types.is_struct(type)
    return pa.string() if is_text else type


def _rows(parts: Parts) -> Iterator[JsonObject]:
    return map(json.loads, parts.lines())


_WRITERS = {"jsonl": _write_jsonl, "csv": _write_csv, "tsv": _write_csv, "parquet": _write_parquet}
