"""Rows of CSV and its kin, read strictly: what cannot be told for certain is a problem of its row, never a guess.

A quote opens a cell only at its start and closes it only before a delimiter or the end of a line. Quotes inside that
are not doubled (`"said "no" on"`) are text where they come in pairs, on the cell's first line. A quote that never
closes costs its own line: reading goes on with the next. The grammar is that of RFC 4180.
"""

import io
import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from copydesk.model.errors import DataError
from copydesk.model.files.dialect import NOT_UTF8
from copydesk.model.files.row import Row

_PIECE = 2**20  # bytes of a line that is passed over, read at a time
_QUOTES = re.compile('"+')
_EXCEL_HEAD = re.compile(r'"?sep=(.)"?[\r\n]*')
_UNCLOSED = "not CSV: quote never closed"
_NOT_DOUBLED = 'not CSV: a quote inside a quoted cell is not doubled; write "" for it'


def csv_rows(
    file: IO[bytes], name: str, wanted: Collection[str], delimiters: Sequence[str], max_row: int
) -> Iterator[Row]:
    """Every row below the header, with the line it begins on. Raises DataError for a header that does not read.

    Of several `delimiters` the one is taken that finds the most of the `wanted` columns in the header, then the one
    that stands there most often; a line `sep=;` above it, as Excel writes, decides. A row of more than `max_row` bytes
    is a problem and never held whole.
    """
    with _opened(file, max_row) as lines:
        header, delimiter = _read_header(lines, name, wanted, delimiters)
        while line := lines.next():
            number = lines.number
            cells = _read_cells(line, lines, delimiter, len(header))
            if isinstance(cells, str):
                yield Row(number, problem=cells)
            elif len(cells) == len(header):
                yield Row(number, dict(zip(header, cells, strict=True)))
            elif cells:
                hint = f"; quote cells that hold {delimiter!r}" if len(cells) > len(header) else ""
                yield Row(number, problem=f"{len(cells)} fields, the header has {len(header)}{hint}")


def csv_columns(
    file: IO[bytes], name: str, wanted: Collection[str], delimiters: Sequence[str], max_row: int
) -> list[str]:
    """The names in the header, as `csv_rows` reads it."""
    with _opened(file, max_row) as lines:
        return _read_header(lines, name, wanted, delimiters)[0]


@contextmanager
def _opened(file: IO[bytes], max_row: int) -> Iterator["_Lines"]:
    text = io.TextIOWrapper(file, "latin-1", newline="")  # a line ends with \n, \r\n or \r
    try:
        yield _Lines(text, max_row)
    finally:
        text.detach()  # the file is closed by whoever has opened it


class _Lines:
    """Lines of a file in Latin-1, where a character is a byte; they can be put back to be read again.

    number: of the line that was read last.
    """

    def __init__(self, file: IO[str], max_row: int) -> None:
        self.max_row = max_row
        self.number = 0
        self._file = file
        self._waiting: deque[str] = deque()

    def next(self) -> str:
        """The next line with its end, or the first bytes of one that is too long; "" behind the last."""
        line = self._waiting.popleft() if self._waiting else self._file.readline(self.max_row + 1)
        self.number += bool(line)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        """Have these lines, which were read last, read again."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)

    def finish(self, line: str) -> None:
        """Pass over what is left of a line that is too long."""
        while line and not line.endswith(("\n", "\r")):
            line = self._file.readline(_PIECE)


def _read_header(lines: _Lines, name: str, wanted: Collection[str], delimiters: Sequence[str]) -> tuple[list[str], str]:
    """The names of the columns and the delimiter."""
    line = lines.next()
    if found := _EXCEL_HEAD.fullmatch(line):
        delimiters = delimiters if len(delimiters) == 1 else [found[1]]
        line = lines.next()
    best = max(delimiters, key=lambda mark: _rate(line, mark, wanted))
    cells = _read_cells(line, lines, best, len(line))
    if isinstance(cells, str):
        raise DataError(f"{name}:{lines.number}: the header does not read: {cells}")
    header = [cell.strip() for cell in cells]
    for column in wanted:
        if header.count(column) > 1:
            raise DataError(f"{name}:{lines.number}: {header.count(column)} columns are called {column!r}; rename one")
    return header, best


def _rate(line: str, delimiter: str, wanted: Collection[str]) -> tuple[int, int]:
    """How well the delimiter fits the header."""
    cells = [cell.strip().strip('"') for cell in line.split(delimiter)]
    return len(set(wanted) & set(cells)), len(cells)


def _read_cells(line: str, lines: _Lines, delimiter: str, n_columns: int) -> list[str] | str:
    """The cells of the row that begins with this line, or what is wrong with it; none of an empty line."""
    if len(line) > lines.max_row:
        lines.finish(line)
        return f"the row is longer than {lines.max_row} bytes"
    row = _Row(line, lines, delimiter, n_columns)
    try:
        cells = row.cells() if '"' in line else line.rstrip("\r\n").split(delimiter)
    except _BadRowError as error:
        lines.put_back(row.lines[1:])
        return str(error)
    try:
        decoded = [cell if cell.isascii() else cell.encode("latin-1").decode() for cell in cells]
    except UnicodeDecodeError:
        return NOT_UTF8
    return [] if decoded == [""] and '"' not in line else decoded


class _BadRowError(Exception):
    """What is wrong with a row."""


class _Row:
    """A row with quotes under way: the lines it has taken, and where in the last of them reading stands."""

    def __init__(self, line: str, lines: _Lines, delimiter: str, n_columns: int) -> None:
        self.lines = [line]
        self._at = 0
        self._source = lines
        self._delimiter = delimiter
        self._ends = (delimiter, "\r", "\n")
        self._n_columns = n_columns
        self._n_bytes = len(line)

    def cells(self) -> list[str]:
        """All cells. Raises _BadRowError."""
        cells: list[str] = []
        while True:
            is_quoted = self.lines[-1].startswith('"', self._at)
            cells.append(self._quoted(len(cells)) if is_quoted else self._bare())
            if not self.lines[-1].startswith(self._delimiter, self._at):
                return cells
            self._at += 1

    def _bare(self) -> str:
        line, start = self.lines[-1], self._at
        end = line.find(self._delimiter, start)
        self._at = len(line) if end < 0 else end
        return line[start : self._at].rstrip("\r\n")

    def _quoted(self, n_before: int) -> str:
        """A run of quotes is pairs, each a quote of the text, and perhaps one more: the closing one or a stray."""
        n_lines, n_stray, pieces = len(self.lines), 0, list[str]()
        start = opening = self._at + 1
        while True:
            line = self.lines[-1]
            for run in _QUOTES.finditer(line, start):
                if len(run[0]) % 2 == 0:
                    continue
                if run.end() == len(line) or line[run.end()] in self._ends:
                    if n_stray % 2:
                        raise _BadRowError(_NOT_DOUBLED)
                    self._at = run.end()
                    return "".join([*pieces, line[start : run.end() - 1]]).replace('""', '"')
                if len(self.lines) > n_lines:
                    raise _BadRowError(_UNCLOSED)
                if run.start() == opening:  # so that no line is read again for more than one open quote
                    raise _BadRowError(_NOT_DOUBLED)
                n_stray += 1
            pieces.append(line[start:])
            self._take_line(n_before)
            start = 0

    def _take_line(self, n_before: int) -> None:
        """One more line. Raises _BadRowError at the end, or where the row has cells enough or is too long."""
        line = self._source.next()
        if line:
            self.lines.append(line)
        self._n_bytes += len(line)
        if not line or n_before >= self._n_columns or self._n_bytes > self._source.max_row:
            raise _BadRowError(_UNCLOSED)
