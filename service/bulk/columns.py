"""Which columns of a row mean what, and a row as a document."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from copydesk.model.analysis import Document, Failure
from copydesk.model.errors import DataError
from copydesk.model.files.json import Json
from copydesk.model.files.row import Row
from copydesk.model.files.rows import find_columns
from copydesk.model.files.sources import Source

_N_NAMED = 20  # columns that an error lists


@dataclass(frozen=True)
class Columns:
    """The names of the columns that are read; `keep` are carried over into the output."""

    text: str = "text"
    html: str = "html"
    title: str = "title"
    id: str = "id"
    keep: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((self.id, self.title, self.text, self.html, *self.keep)))

    @property
    def named(self) -> tuple[str, ...]:
        """Those that somebody has asked for, and that must be there."""
        standard = Columns()
        pairs = ((self.text, standard.text), (self.html, standard.html), (self.title, standard.title), (self.id, "id"))
        return (*(name for name, usual in pairs if name != usual), *self.keep)

    def check(self, there: Sequence[str], where: str) -> None:
        """Raises DataError unless these are the columns of a file with a text or a page and all that was named."""
        lacking = [name for name in self.named if name not in there]
        found = f"it has {', '.join(map(repr, there[:_N_NAMED]))}"
        if lacking:
            raise DataError(f"{where}: no column {' or '.join(map(repr, lacking))}; {found}; name one of these")
        if not {self.text, self.html} & set(there):
            remedy = "name the column with --text-column, or that of pages with --html-column"
            raise DataError(f"{where}: no column {self.text!r} or {self.html!r}; {found}; {remedy}")


@dataclass(frozen=True)
class Item:
    """A row on its way: where it stands, what is carried over, and its document or why it has none."""

    file: str
    line: int
    document: Document | Failure
    kept: Mapping[str, Json] = field(default_factory=dict)
    is_html: bool = False


def check_columns(source: Source, columns: Columns) -> None:
    """Look at the header of every file, before any row is read. Raises DataError."""
    for path in source.files:
        if there := find_columns(path, source.dialect, columns.names):
            columns.check(there, str(path))


def to_item(row: Row, columns: Columns) -> Item:
    """The row as a document; one that is none becomes an item with a Failure."""
    if row.problem:
        return Item(row.file, row.line, Failure(None, "invalid_row", row.problem))
    if not isinstance(row.values, Mapping):
        message = f"{type(row.values).__name__}, expected an object with the text"
        return Item(row.file, row.line, Failure(None, "invalid_row", message))
    try:
        kept = _kept(row.values, columns)
        row_id = _identity(row.values, columns)
    except ValueError as error:
        return Item(row.file, row.line, Failure(None, "invalid_row", str(error)))
    is_html = not row.values.get(columns.text) and bool(row.values.get(columns.html))
    return Item(row.file, row.line, _document(row.values, columns, row_id), kept, is_html)


def _document(values: Mapping[str, Json], columns: Columns, row_id: str | None) -> Document | Failure:
    title, text, html = (values.get(name) for name in (columns.title, columns.text, columns.html))
    if not isinstance(title, str | None):
        return Failure(row_id, "invalid_row", f"{columns.title} is {type(title).__name__}, expected a string")
    if isinstance(text, str) and (text or not html):
        return Document(text, title or None, row_id)
    if text:
        return Failure(row_id, "invalid_row", f"{columns.text} is {type(text).__name__}, expected a string")
    if not isinstance(html, str):
        expected = f"expected a string under {columns.text!r} or {columns.html!r}"
        return Failure(row_id, "invalid_row", f"no text: {expected}; name the column with --text-column")
    return Document("", title or None, row_id, html)


def _kept(values: Mapping[str, Json], columns: Columns) -> dict[str, Json]:
    """The columns to carry over, as JSON has them: NaN becomes null, a date its text. Raises ValueError."""
    kept = {name: None if _is_nan(values.get(name)) else values.get(name) for name in columns.keep}
    try:
        encoded = json.dumps(kept, ensure_ascii=False, allow_nan=False, default=str)
        encoded.encode()
    except ValueError as error:
        raise ValueError(f"a column of {', '.join(columns.keep)} is not Unicode or holds NaN; mend it") from error
    return dict(json.loads(encoded))


def _identity(values: Mapping[str, Json], columns: Columns) -> str | None:
    row_id = None if values.get(columns.id) is None else str(values[columns.id])
    try:
        (row_id or "").encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{columns.id} is not Unicode; mend it") from error
    return row_id


def _is_nan(value: Json) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
