"""Rows of labelled files as plain rows, whatever tool has written them: text, title, labels, unsure, id."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from copydesk.model.errors import DataError
from copydesk.model.files.dialect import Dialect
from copydesk.model.files.formats import format_of
from copydesk.model.files.rows import Row, read_rows
from copydesk.model.files.sources import Source
from copydesk.training.config import TagsSection
from copydesk.training.data.cells import LabelCells, learn_cells
from copydesk.training.data.exports import azure, comprehend
from copydesk.training.data.exports.agreement import agree
from copydesk.training.data.exports.formats import annotation_of, find_format, is_table_row, task_of
from copydesk.training.data.exports.prodigy import is_binary, join_binary

Values = Mapping[str, Any]  # Any: a row of anybody's file

_CELLS = ("labels", "unsure", "label")  # columns of labels
_NO_LABEL = {"text", "title", "headline", "id", "", "Unnamed: 0"}  # the last two: an index that pandas has written
_FLAGS = {"0": False, "1": True, "0.0": False, "1.0": True, "False": False, "True": True}  # by the value's text
_N_KEYS = 12  # of an unknown row that an error shows


@dataclass(frozen=True)
class Reading:
    """How labelled files are read, where they do not say it themselves."""

    dialect: Dialect = field(default_factory=Dialect)
    text_column: str | None = None
    label_column: str | None = None
    label_separator: str | None = None

    @classmethod
    def of(cls, tags: TagsSection) -> "Reading":
        """As the configuration says. Raises ConfigError."""
        dialect = Dialect.of(tags.delimiter, tags.encoding)
        return cls(dialect, tags.text_column, tags.label_column, tags.label_separator)

    @property
    def names_columns(self) -> bool:
        """Whether somebody has said what the columns are called: there is a header."""
        return bool(self.text_column or self.label_column)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that tell the delimiter of a header."""
        return (*filter(None, (self.text_column, self.label_column)), "text", "title", "id", *_CELLS)


@dataclass(frozen=True)
class PlainRows:
    """The rows of a file, each with plain values or a problem, and what a person should know of how they were read."""

    rows: list[Row]
    notes: list[str]


def read_plain(source: Source, reading: Reading) -> Iterator[PlainRows]:
    """The rows of each file. Raises DataError for one that does not read."""
    for part in [replace(source, files=(path,)) for path in source.files] or [source]:
        path = part.files[0] if part.files else None
        if path and azure.is_project(path):
            yield PlainRows(list(azure.read_project(path, reading.dialect.encoding)), [])
        elif path and not reading.names_columns and comprehend.is_table(path, reading.dialect, {*reading.columns}):
            rows = list(comprehend.read_table(path, reading.dialect, reading.label_separator))
            yield PlainRows(rows, [f"{path}: no header; its first column is read as labels, its second as text"])
        else:
            rows = list(read_rows(part, reading.columns, all_columns=True))
            yield _plain_file(rows, str(path or part.name), reading)


def _plain_file(rows: list[Row], name: str, reading: Reading) -> PlainRows:
    rows, notes = _name_columns(rows, name, reading), []
    if cells := _label_cells(rows, name, reading):
        rows = _change(rows, partial(_split_cells, cells))
        if cells.is_guess:
            notes.append(f"{name}: labels are read with {cells.separator!r} between; --label-separator names another")
    if any(is_binary(row.values) for row in rows if not row.problem):
        rows = join_binary(rows)
        notes.append(f"{name}: each answer is on one label; labels that nobody was asked about are unsure")
    if columns := _flag_columns(rows):
        rows = _change(rows, partial(_join_flags, columns))
        notes.append(f"{name}: the columns {', '.join(columns)} hold 0 and 1, and are read as labels")
    return PlainRows(_merge_tasks(rows, _change(rows, _plain)), notes)


def _change(rows: Sequence[Row], change: Callable[[Any], Values]) -> list[Row]:  # Any: a row of anybody's file
    """The rows with their values changed, or with the problem that this had."""
    changed = []
    for row in rows:
        try:
            changed.append(row if row.problem else replace(row, values=change(row.values)))
        except DataError as error:  # a row that fails is no error of the others
            changed.append(replace(row, problem=str(error)))
    return changed


def _name_columns(rows: list[Row], name: str, reading: Reading) -> list[Row]:
    """The columns that were named, under the names that they have here. Raises DataError where none is called so."""
    there = list(dict.fromkeys(str(key) for row in rows if isinstance(row.values, Mapping) for key in row.values))
    for column, new, others in ((reading.text_column, "text", {"text"}), (reading.label_column, "label", set(_CELLS))):
        if column is None:
            continue
        if there and column not in there:
            raise DataError(f"{name}: no column {column!r}; it has {', '.join(there[:_N_KEYS])}")
        rows = _change(rows, partial(_rename, column, new, others - {"unsure"}))
    return rows


def _rename(old: str, new: str, left_out: set[str], values: Any) -> Any:  # Any: a row of anybody's file
    if not isinstance(values, Mapping):
        return values
    others = {key: value for key, value in values.items() if key != old and key not in left_out}
    return others | {new: values[old]} if old in values else others


def _label_cells(rows: Sequence[Row], name: str, reading: Reading) -> LabelCells | None:
    """How its label cells are read: those of a table, of another file only where the separator was named."""
    if reading.label_separator is not None:
        return LabelCells(reading.label_separator)
    format = format_of(name)
    if format is None or format.kind not in ("csv", "tsv"):
        return None
    tables = [row.values for row in rows if not row.problem and is_table_row(row.values)]
    return learn_cells(values[key] for values in tables for key in _CELLS if key in values)


def _split_cells(cells: LabelCells, values: Any) -> Any:  # Any: a row of anybody's file
    """The row with its cells of labels as lists."""
    if not isinstance(values, Mapping) or not is_table_row(values):
        return values
    return {**values, **{key: cells.read(values[key]) for key in _CELLS if isinstance(values.get(key), str)}}


def _flag_columns(rows: Sequence[Row]) -> list[str]:
    """The columns of a file that has one for each label: all but text, title and id, where they hold 0 and 1 alone."""
    read = [row.values for row in rows if not row.problem]
    if not read or not all(
        isinstance(values, Mapping) and find_format(dict(values)).name == "plain" for values in read
    ):
        return []
    columns = [key for key in read[0] if key not in _NO_LABEL]
    if any(key in _CELLS for key in columns) or any(values.keys() != read[0].keys() for values in read):
        return []
    return columns if all(str(values[key]) in _FLAGS for values in read for key in columns) else []


def _join_flags(columns: Sequence[str], values: Values) -> Values:
    return {**values, "labels": [key for key in columns if _FLAGS[str(values[key])]]}


def _plain(values: Any) -> Values:  # Any: a row of anybody's file
    """The row with the keys text and labels."""
    if not isinstance(values, Mapping):
        raise DataError(f"expected an object with the keys text and labels, found {type(values).__name__}")
    row = dict(values)
    try:
        plain = find_format(row).read(row)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise DataError(f"not as {find_format(row).name} exports it; export it again") from error
    if "text" not in plain or "labels" not in plain:
        found = ", ".join(map(str, list(row)[:_N_KEYS])) or "none"
        expected = "expected an object with the keys text and labels (title, unsure and id optional)"
        raise DataError(f"{expected}, found {found}")
    if _is_missing(plain["labels"]):
        raise DataError("not labelled: its labels are null; give a list ([] where none applies), or leave the row out")
    return plain


def _is_missing(value: Any) -> bool:  # Any: a cell of anybody's file
    return value is None or (isinstance(value, float) and math.isnan(value))


def _merge_tasks(exported: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """One row for all annotators of a text, in place of the first of theirs."""
    tasks: dict[object, list[int]] = defaultdict(list)
    seen: Counter[str] = Counter()  # a row that stands there twice is no second annotator
    for i, (before, row) in enumerate(zip(exported, rows, strict=True)):
        task = None if row.problem else task_of(before.values)
        if task is None:
            tasks[i].append(i)
        else:
            annotation = annotation_of(before.values)
            tasks[task, row.values["text"], seen[annotation]].append(i)
            seen[annotation] += 1
    return [_agreed([rows[i] for i in members]) for members in tasks.values()]


def _agreed(rows: Sequence[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    return replace(rows[0], values={**rows[0].values, **agree(row.values["labels"] for row in rows)})
