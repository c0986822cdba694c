"""Results on disk while a job runs: a folder of shards beside the output that survives any end of the process.

OUTPUT.parts/journal.json      what the job is: model, options, input
OUTPUT.parts/000012.jsonl      the rows of shard 12
OUTPUT.parts/000012.done.json  its counts and errors; written last, so that a shard with one is complete
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copydesk.model.analysis import Failure, Result
from copydesk.model.errors import ConfigError, CopydeskError
from copydesk.model.files.disk import put_in_place
from copydesk.model.files.json import JsonObject
from copydesk.service.bulk.columns import Item
from copydesk.service.bulk.records import Counts, count, error_record, make_record, to_line

_JOURNAL = "journal.json"
_DONE = ".done.json"


class OutputError(CopydeskError):
    """The output cannot be written."""


@dataclass
class Shard:
    """The rows of one shard as they will stand in the output, in memory."""

    labels: Sequence[str] | None  # None: whole answers
    lines: list[bytes] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    errors: list[JsonObject] = field(default_factory=list)

    def add(self, item: Item, result: Result) -> Counts:
        """Add a row; returns its counts."""
        counts = count(result)
        self.lines.append(to_line(make_record(item, result, labels=self.labels)))
        self.counts.add(counts)
        if isinstance(result, Failure):
            self.errors.append(error_record(item, result))
        return counts

    def done(self) -> JsonObject:
        """What is written last."""
        return vars(self.counts) | {"n_bytes": sum(map(len, self.lines)), "errors": self.errors}


class Parts:
    """The folder of shards. Raises OutputError whenever it cannot be written."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = target.with_name(f"{target.name}.parts")
        self._done: set[int] = set()

    def open(self, job: Mapping[str, Any], *, resume: bool) -> None:
        """Begin the job, or go on with it. Raises ConfigError when that would mix two jobs."""
        begun, journal = self._read_journal(), json.loads(json.dumps(job))
        if begun is None and self.folder.exists() and any(not p.name.startswith(".") for p in self.folder.iterdir()):
            raise ConfigError(f"{self.folder}: holds files of something else; move them away, or name another output")
        self._done = {int(path.name.split(".")[0]) for path in self.folder.glob(f"*{_DONE}")}
        if not self._done:
            self._begin(journal)
        elif not resume:
            raise ConfigError(
                f"{self.folder}: an unfinished job is there; go on with it by --resume, or remove it to begin anew"
            )
        elif begun != journal:
            raise ConfigError(f"{self.folder}: begun with {_difference(begun or {}, journal)}; remove it to begin anew")

    def is_done(self, number: int) -> bool:
        """The shard is complete."""
        return number in self._done

    def save(self, number: int, shard: Shard) -> None:
        """Write a shard; either all of it is there afterwards or nothing."""
        lines = b"".join(shard.lines)
        self._write(self._path(number), lines)
        self._write(self._path(number, _DONE), json.dumps(shard.done()).encode())
        self._done.add(number)

    def counts(self) -> Counts:
        """The counts of all shards together."""
        total = Counts()
        for number in sorted(self._done):
            done = self._read_done(number)
            total.add(Counts(done["rows"], done["failed"], done["tokens"], Counter(done["labels"])))
        return total

    def lines(self) -> Iterator[bytes]:
        """Every row in order. Raises OutputError when a shard is missing or damaged."""
        for number in range(len(self._done)):
            path = self._path(number)
            expected = self._read_done(number)["n_bytes"] if number in self._done else None
            if expected is None or not path.is_file() or path.stat().st_size != expected:
                self._path(number, _DONE).unlink(missing_ok=True)
                raise OutputError(f"{path}: missing or damaged; run the job again with --resume")
            with path.open("rb") as file:
                yield from file

    def errors(self) -> Iterator[JsonObject]:
        """Every failed row in order."""
        for number in range(len(self._done)):
            yield from self._read_done(number)["errors"]

    def remove(self) -> None:
        """The output is complete: the shards go, and the journal last."""
        journal = self.folder / _JOURNAL
        for path in self.folder.iterdir():
            if path != journal:
                path.unlink()
        journal.unlink()
        self.folder.rmdir()

    def _begin(self, journal: JsonObject) -> None:
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made: {error.strerror}; name another output") from error
        self._write(self.folder / _JOURNAL, json.dumps(journal, indent=2).encode())

    def _read_journal(self) -> JsonObject | None:
        try:
            return dict(json.loads((self.folder / _JOURNAL).read_bytes()))
        except FileNotFoundError:
            return None

    def _read_done(self, number: int) -> JsonObject:
        return dict(json.loads(self._path(number, _DONE).read_bytes()))

    def _path(self, number: int, suffix: str = ".jsonl") -> Path:
        return self.folder / f"{number:06d}{suffix}"

    def _write(self, path: Path, content: bytes) -> None:
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            temporary.write_bytes(content)
            put_in_place(temporary, path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise no_room(path, len(content), error) from error


def no_room(path: Path, n_bytes: int, error: OSError) -> OutputError:
    """The error for a file of this size that could not be written; what was done before is kept."""
    need = f"{n_bytes} bytes were to be written, {shutil.disk_usage(path.parent).free} are free"
    return OutputError(
        f"{path}: {error.strerror or error}; {need}; make room and go on with --resume, nothing done is lost"
    )


def _difference(begun: JsonObject, now: JsonObject) -> str:
    keys = [key for key in begun.keys() | now.keys() if begun.get(key) != now.get(key)]
    return "; ".join(f"{key} {json.dumps(begun.get(key))}, now {json.dumps(now.get(key))}" for key in sorted(keys))
