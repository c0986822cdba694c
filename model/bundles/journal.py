"""A journal: one JSON object per line, only ever appended to, on disk before `append` returns."""

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Action = Literal["add", "promote", "refuse", "rollback"]


@dataclass(frozen=True)
class Event:
    """What was done to which version, when (UTC), by whom, and in whose place.

    details: JSON, such as the data it was judged on and the result.
    """

    action: Action
    digest: str
    who: str
    previous: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON: read by people
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


class Journal:
    """The events in a file. `append` is for whoever holds the store's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, event: Event) -> None:
        """Write the event as a line of its own; on a full disk, raises OSError and leaves the file as it was."""
        line = json.dumps(asdict(event), ensure_ascii=False).encode() + b"\n"
        with self._path.open("a+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                _write(file.fileno(), b"" if _ends_line(file.fileno(), end) else b"\n")
                _write(file.fileno(), line)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise

    def read(self) -> list[Event]:
        """The events, oldest first; a line that a power cut left unfinished is passed over."""
        if not self._path.is_file():
            return []
        events = []
        for line in self._path.read_bytes().splitlines():
            try:
                events.append(Event(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return events


def _ends_line(descriptor: int, end: int) -> bool:
    return end == 0 or os.pread(descriptor, 1, end - 1) == b"\n"


def _write(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
