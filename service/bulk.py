"""Bulk jobs: rows of a JSONL file in, one answer per row out, in order."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from model.analysis import Document, Failure, Options, Result
from model.analyzer import Analyzer
from model.errors import CopydeskError, DataError
from service.answers import to_answer


class OutputError(CopydeskError):
    """The output cannot be written."""


@dataclass
class BulkCounts:
    """What a job has done so far."""

    rows: int = 0
    failed: int = 0
    tokens: int = 0


def run_bulk(analyzer: Analyzer, source: Path, target: Path, options: Options) -> Iterator[BulkCounts]:
    """Analyse every row of `source` into `target`; yields the counts after each row.

    Rows that cannot be analysed become {"id", "error"} with their line number and never stop the job. The target
    appears only when it is complete. Raises DataError for an unreadable source, OutputError for the target.
    """
    counts = BulkCounts()
    rows = list_documents(source)
    with _replacing(target) as out:
        for line, (document, result) in enumerate(_analyze(analyzer, rows, options), 1):
            counts.rows = line
            counts.failed += isinstance(result, Failure)
            counts.tokens += 0 if isinstance(result, Failure) else result.coverage.tokens
            _write(out, to_answer(result, document.text), target)
            yield counts


def list_documents(source: Path) -> Iterator[Document | Failure]:
    """A document per line of a JSONL file; a line that is none becomes a failure that names it."""
    try:
        file = source.open("rb")
    except OSError as error:
        raise DataError(f"{source}: {error.strerror}; expected a JSONL file with one object per line") from error
    with file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _read_row(line, f"line {number}")


def _read_row(line: bytes, where: str) -> Document | Failure:
    try:
        row: Any = json.loads(line)  # Any: a row of anybody's file
    except ValueError:
        return Failure(None, "invalid_row", f"{where}: not JSON; expected an object with the key text")
    if not isinstance(row, dict):
        return Failure(None, "invalid_row", f"{where}: {type(row).__name__}, expected an object with the key text")
    row_id = None if row.get("id") is None else str(row["id"])
    text, title = row.get("text"), row.get("title") or None
    if not isinstance(text, str) or not isinstance(title, str | None):
        return Failure(row_id, "invalid_row", f"{where}: text must be a string, title a string or absent")
    return Document(text, title, row_id)


def _analyze(
    analyzer: Analyzer, rows: Iterable[Document | Failure], options: Options
) -> Iterator[tuple[Document, Result]]:
    """Pairs of document and result in order; a failed row stands in the stream as an empty document."""
    unread: dict[int, Failure] = {}
    sent: list[Document] = []

    def documents() -> Iterator[Document]:
        for row in rows:
            if isinstance(row, Failure):
                unread[len(sent)] = row
                row = Document("", None, row.id)
            sent.append(row)
            yield row

    for i, result in enumerate(analyzer.analyze_many(documents(), options)):
        document, sent[i] = sent[i], Document("")  # texts that are done are let go
        yield document, unread.pop(i, result)


class _replacing:  # noqa: N801 - reads as a verb in `with`
    """A file beside the target that takes its place when all went well."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> IO[str]:
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self._target.name}-", dir=self._target.parent)
        except OSError as error:
            raise OutputError(f"{self._target}: cannot write there: {error.strerror}; name another output") from error
        self._path = Path(name)
        self._file = os.fdopen(handle, "w", encoding="utf-8")
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                self._path.chmod(0o644)
                self._path.replace(self._target)
        finally:
            self._path.unlink(missing_ok=True)


def _write(out: IO[str], answer: dict[str, Any], target: Path) -> None:
    try:
        out.write(json.dumps(answer, ensure_ascii=False) + "\n")
    except OSError as error:
        raise OutputError(f"{target}: {error.strerror}; free some space and run the job again") from error
