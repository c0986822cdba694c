"""Rows of JSON: a value per line, or one list of values."""

import json
import re
from collections.abc import Generator, Iterator
from typing import IO

from copydesk.model.files.dialect import NOT_UTF8
from copydesk.model.files.row import Row

_PIECE = 2**20  # bytes of a list read at a time, at most a line
_MARKS = {True: re.compile(rb'["\\]'), False: re.compile(rb'["\[\]{},]')}  # by whether they stand in a string


def json_rows(file: IO[bytes], max_row: int) -> Iterator[Row]:
    """Every value with the line it begins on; one of more than `max_row` bytes is a problem and never held whole.

    A file that begins with `[` is a list, also where it has a line per item.
    """
    number, is_first = 0, True
    while line := file.readline(max_row + 1):
        number += 1
        if is_first and line.lstrip().startswith(b"["):
            number = yield from _list_rows(file, line[line.index(b"[") + 1 :], number, max_row)
        elif len(line) > max_row:
            _finish_line(file, line)
            yield Row(number, problem=f"the line is longer than {max_row} bytes; expected one object per line")
        elif line.strip():
            yield _parse(line, number)
        is_first = is_first and not line.strip()


def _list_rows(file: IO[bytes], piece: bytes, number: int, max_row: int) -> Generator[Row, None, int]:
    """The items of the list that begins with `piece`; returns the number of the line where it ends."""
    items = _Items(max_row)
    while piece and items.rest is None:
        yield from items.feed(piece, number)
        if items.rest is None:
            number += piece.endswith(b"\n")
            piece = file.readline(_PIECE)
            piece += file.read(1) if piece.endswith(b"\\") else b""
    if items.rest is None:
        yield from items.end()
        yield Row(number, problem="the list has no end; export the file again")
    elif _finish_line(file, items.rest):
        yield Row(number, problem="the line goes on behind the list; export the file again")
    return number


class _Items:
    """Cuts a list into its items; `rest` is what stands behind its end in the same piece."""

    def __init__(self, max_row: int) -> None:
        self.rest: bytes | None = None
        self._max_row = max_row
        self._depth = 0
        self._in_string = False
        self._line, self._size = 0, 0  # of the item under way
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes, number: int) -> Iterator[Row]:
        """The items that end in this piece of line `number`."""
        start = at = 0
        while mark := _MARKS[self._in_string].search(piece, at):
            char, at = mark[0], mark.end()
            if char == b"\\":
                at += 1  # what is escaped; a piece never ends between the two
            elif char == b'"':
                self._in_string = not self._in_string
            elif not self._depth and char in b",]":
                self._take(piece[start : mark.start()], number)
                yield from self.end()
                start = at
                if char == b"]":
                    self.rest = piece[start:]
                    return
            elif char in b"[{":
                self._depth += 1
            elif self._depth and char in b"]}":
                self._depth -= 1
        self._take(piece[start:], number)

    def end(self) -> Iterator[Row]:
        """The item so far, if there is one."""
        if self._size > self._max_row:
            yield Row(self._line, problem=f"the item is longer than {self._max_row} bytes; expected a list of objects")
        elif self._size:
            yield _parse(b"".join(self._pieces), self._line)
        self._size = 0
        self._pieces.clear()

    def _take(self, piece: bytes, number: int) -> None:
        if not self._size:
            piece = piece.lstrip()
            self._line = number
        self._size += len(piece)
        if self._size <= self._max_row:
            self._pieces.append(piece)
        else:
            self._pieces.clear()


def _parse(content: bytes, number: int) -> Row:
    try:
        return Row(number, json.loads(content.decode()))
    except UnicodeDecodeError:
        return Row(number, problem=NOT_UTF8)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Row(number, problem=f"not JSON ({why}); expected one object per line, or one list of objects")


def _finish_line(file: IO[bytes], line: bytes) -> bool:
    """Read to the end of the line; whether more than space stood there."""
    is_full = bool(line.strip())
    while line and not line.endswith(b"\n"):
        line = file.readline(_PIECE)
        is_full = is_full or bool(line.strip())
    return is_full
