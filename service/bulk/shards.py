"""Results on disk while a job runs: a folder of shards beside the output that survives any end of the process.

OUTPUT.parts/journal.json      what the job is: model, options, input
OUTPUT.parts/000012.jsonl      the rows of shard 12
OUTPUT.parts/000012.done.json  its checksum, counts and errors; written last, so that a shard with one is complete
OUTPUT.parts/.lock             held by the process that writes here, with its number
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from copydesk.client.answers import Part
from copydesk.model.analysis import Failure, Result
from copydesk.model.errors import ConfigError, CopydeskError
from copydesk.model.files.disk import clear_partial, file_sha256, whole_file
from copydesk.model.files.json import JsonObject
from copydesk.service.bulk.columns import Item
from copydesk.service.bulk.records import Counts, FlatFormat, count, error_record, make_record, to_line
from copydesk.service.bulk.target import PARTS, beside

_JOURNAL = "journal.json"
_DONE = ".done.json"
_LOCK = ".lock"


class OutputError(CopydeskError):
    """The output cannot be written."""


@dataclass
class Shard:
    """The rows of one shard as they will stand in the output, in memory."""

    flat: FlatFormat | None  # None: whole answers
    include: Collection[Part] | None = None  # of whole answers; None: the usual parts
    lines: list[bytes] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    errors: list[JsonObject] = field(default_factory=list)

    def add(self, item: Item, result: Result) -> Counts:
        """Add a row; returns its counts."""
        counts = count(result)
        self.lines.append(to_line(make_record(item, result, flat=self.flat, include=self.include)))
        self.counts.add(counts)
        if isinstance(result, Failure):
            self.errors.append(error_record(item, result))
        return counts

    def done(self) -> JsonObject:
        """What is written last."""
        digest = hashlib.sha256()
        for line in self.lines:
            digest.update(line)
        return vars(self.counts) | {"sha256": digest.hexdigest(), "errors": self.errors}


@dataclass(frozen=True)
class _Done:
    """What is known of a complete shard."""

    counts: Counts
    sha256: str
    errors: list[JsonObject]


class Parts:
    """The folder of shards, locked from `open` to `close`. Raises OutputError whenever it cannot be written."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = beside(target, PARTS)
        self._done: set[int] = set()
        self._input: Any = None  # JSON
        self._lock = FileLock(self.folder / _LOCK, timeout=0)

    @property
    def done(self) -> frozenset[int]:
        """The numbers of the shards that are complete."""
        return frozenset(self._done)

    def open(self, job: Mapping[str, Any], *, resume: bool) -> None:
        """Begin the job, or go on with it. Raises ConfigError when that would mix two jobs."""
        self._read_journal()
        self._take_lock()
        try:
            self._begin_or_go_on(json.loads(json.dumps(job)), resume=resume)
        except BaseException:
            self.close()
            raise

    def is_begun_with(self, fingerprint: Sequence[Any]) -> bool:  # Any: JSON
        """Whether the input was this one when the job began."""
        return bool(json.loads(json.dumps(fingerprint)) == self._input)

    def close(self) -> None:
        """Let another process go on with the job."""
        self._lock.release()

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
            total.add(self._read_done(number).counts)
        return total

    def lines(self) -> Iterator[bytes]:
        """Every row in order. Raises OutputError when a shard is missing or damaged."""
        for number in range(len(self._done)):
            path = self._path(number)
            expected = self._read_done(number).sha256
            if not path.is_file() or file_sha256(path) != expected:
                raise self._damaged(number, path)
            with path.open("rb") as file:
                yield from file

    def errors(self) -> Iterator[JsonObject]:
        """Every failed row in order."""
        for number in range(len(self._done)):
            yield from self._read_done(number).errors

    def remove(self) -> None:
        """The output is complete: the shards go, and the journal last."""
        last = [self.folder / _JOURNAL, self.folder / _LOCK]
        for path in self.folder.iterdir():
            if path not in last:
                path.unlink()
        for path in last:
            path.unlink()
        self.folder.rmdir()
        self.close()

    def _begin_or_go_on(self, journal: JsonObject, *, resume: bool) -> None:
        begun, self._input = self._read_journal(), journal["input"]
        self._done = {int(path.name.split(".")[0]) for path in self.folder.glob(f"*{_DONE}")}
        if not self._done:
            clear_partial(self.folder)
            self._write(self.folder / _JOURNAL, json.dumps(journal, indent=2).encode())
        elif not resume:
            raise ConfigError(
                f"{self.folder}: an unfinished job is there; go on with it by --resume, or remove it to begin anew"
            )
        elif begun != journal:
            raise ConfigError(f"{self.folder}: begun with {_difference(begun or {}, journal)}; remove it to begin anew")

    def _take_lock(self) -> None:
        """Raises ConfigError when another process has it."""
        path = self.folder / _LOCK
        try:
            self.folder.mkdir(exist_ok=True)
            self._lock.acquire()
            path.write_text(f"{os.getpid()}\n")
        except Timeout as error:
            other = f"process {path.read_text().strip() or '?'} writes to it"
            raise ConfigError(f"{self.target}: {other}; wait for its end, or name another OUTPUT") from error
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made: {error.strerror}; name another output") from error

    def _read_journal(self) -> JsonObject | None:
        """Raises ConfigError when it is damaged, or when the folder is no job's."""
        path = self.folder / _JOURNAL
        try:
            return dict(json.loads(path.read_bytes()))
        except FileNotFoundError:
            if self.folder.exists() and any(not p.name.startswith(".") for p in self.folder.iterdir()):
                remedy = "move them away, or name another output"
                raise ConfigError(f"{self.folder}: holds files of something else; {remedy}") from None
            return None
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{path}: damaged; remove {self.folder} to begin anew") from error

    def _read_done(self, number: int) -> _Done:
        path = self._path(number, _DONE)
        try:
            done = json.loads(path.read_bytes())
            counts = Counts(int(done["rows"]), int(done["failed"]), int(done["tokens"]), _label_counts(done["labels"]))
            return _Done(counts, str(done["sha256"]), [dict(error) for error in done["errors"]])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(number, path) from error

    def _damaged(self, number: int, path: Path) -> OutputError:
        """The error for a shard that has to be made again; by now it counts as not done."""
        self._path(number, _DONE).unlink(missing_ok=True)
        return OutputError(f"{path}: missing or damaged; run the job again with --resume")

    def _path(self, number: int, suffix: str = ".jsonl") -> Path:
        return self.folder / f"{number:06d}{suffix}"

    def _write(self, path: Path, content: bytes) -> None:
        try:
            with whole_file(path) as temporary:
                temporary.write_bytes(content)
        except OSError as error:
            raise no_room(path, len(content), error) from error


def _label_counts(labels: Mapping[str, Any]) -> Counter[str]:  # Any: JSON
    return Counter({label: int(n) for label, n in labels.items()})


def no_room(path: Path, n_bytes: int, error: OSError) -> OutputError:
    """The error for a file of this size that could not be written; what was done before is kept."""
    need = f"{n_bytes} bytes were to be written, {shutil.disk_usage(path.parent).free} are free"
    return OutputError(
        f"{path}: {error.strerror or error}; {need}; make room and go on with --resume, nothing done is lost"
    )


def _difference(begun: JsonObject, now: JsonObject) -> str:
    keys = [key for key in begun.keys() | now.keys() if begun.get(key) != now.get(key)]
    return "; ".join(f"{key} {json.dumps(begun.get(key))}, now {json.dumps(now.get(key))}" for key in sorted(keys))
