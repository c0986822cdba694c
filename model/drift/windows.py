"""Windows on disk: a file of sums each, of one replica or many, added up where they are small."""

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.drift.sums import Sums, sums_from_json
from copydesk.model.errors import DataError
from copydesk.model.files.disk import whole_file
from copydesk.model.files.json import JsonObject

_SCHEMA = 1
_KEPT = 1_000  # windows of a model: half a million texts; older ones are removed


@dataclass(frozen=True)
class Window:
    """Sums of texts that came in between two times, in seconds since 1970."""

    start: float
    end: float
    sums: Sums

    def __add__(self, other: "Window") -> "Window":
        return Window(min(self.start, other.start), max(self.end, other.end), self.sums + other.sums)


def keep_window(folder: Path, bundle: Bundle, window: Window) -> None:
    """Write the model's window into the folder, and remove those that are too old. Raises OSError."""
    own = _own_folder(folder, bundle)
    own.mkdir(parents=True, exist_ok=True)
    content = {
        "schema": _SCHEMA,
        "model": bundle.digest,
        "labels": list(bundle.labels),
        "start": window.start,
        "end": window.end,
        "sums": window.sums.to_json(),
    }
    begun = datetime.fromtimestamp(window.start, UTC)
    name = f"{begun:%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}.json"
    with whole_file(own / name) as new:
        new.write_text(json.dumps(content) + "\n", encoding="utf-8")
    for old in sorted(own.glob("*.json"))[:-_KEPT]:
        old.unlink(missing_ok=True)


def read_windows(folder: Path, bundle: Bundle, least: int) -> list[Window]:
    """The model's windows in the folder, oldest first; those of fewer than `least` texts are added to their
    neighbours, and what is left of them at the end is left out. Raises DataError for a file that is no window."""
    return list(merge_small(map(_read, sorted(_own_folder(folder, bundle).glob("*.json"))), least))


def merge_small(windows: Iterable[Window], least: int) -> Iterator[Window]:
    """Windows of at least so many texts, in order."""
    waiting: Window | None = None
    for window in windows:
        waiting = window if waiting is None else waiting + window
        if waiting.sums.n >= least:
            yield waiting
            waiting = None


def _own_folder(folder: Path, bundle: Bundle) -> Path:
    return folder / bundle.digest[:12]


def _read(path: Path) -> Window:
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a window of schema {_SCHEMA}; remove it") from error


def _from_json(content: JsonObject) -> Window:
    if content["schema"] != _SCHEMA:
        raise ValueError("of another schema")
    return Window(float(content["start"]), float(content["end"]), sums_from_json(content["labels"], content["sums"]))
