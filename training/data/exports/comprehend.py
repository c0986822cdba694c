"""Tables of Amazon Comprehend: no header, classes with a mark between in the first column, the text in the second."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from copydesk.model.files.dialect import Dialect
from copydesk.model.files.formats import format_of
from copydesk.model.files.rows import Row, find_columns, read_rows
from copydesk.model.files.sources import Source

_DELIMITER = ","
_SEPARATOR = "|"
_MIN_WORDS = 5  # of a text; a column's name has fewer
_MAX_CLASSES = 200  # characters


def is_table(path: Path, dialect: Dialect, known: Set[str]) -> bool:
    """Whether the file's first row is one of a table without a header."""
    format = format_of(path.name)
    if format is None or format.kind != "csv" or dialect.delimiter not in (None, _DELIMITER):
        return False
    first = _first_row(path, dialect)
    return (
        len(first) == 2
        and not known & {cell.lower() for cell in first}
        and 0 < len(first[0]) <= _MAX_CLASSES
        and len(first[1].split()) >= _MIN_WORDS
    )


def read_table(path: Path, dialect: Dialect, separator: str | None) -> Iterator[Row]:
    """Every row, the first one too, with `labels` and `text`."""
    first = _first_row(path, dialect)
    source = Source(str(path), (path,), dialect=replace(dialect, delimiter=_DELIMITER))
    yield _named(Row(1, file=path.name, where=f"{path}:1"), first, separator)
    for row in read_rows(source, (), all_columns=True):
        yield row if row.problem else _named(row, [row.values[cell] for cell in first], separator)


def _first_row(path: Path, dialect: Dialect) -> list[str]:
    return find_columns(path, replace(dialect, delimiter=_DELIMITER), ())


def _named(row: Row, cells: Sequence[str], separator: str | None) -> Row:
    labels = [label.strip() for label in cells[0].split(separator or _SEPARATOR)]
    return replace(row, values={"labels": [label for label in labels if label], "text": cells[1]})
