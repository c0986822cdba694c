"""The store of versions: bundles that never change, and which one of them is current.

<digest>/      a bundle in a directory named by its digest
current.json   which version is current, and those that were before it; replaced as a whole
journal.jsonl  what was done, when, by whom, on what data, with what result
splits.jsonl   which texts are for testing and which were learned from; the trainer's
test.jsonl     the stories that versions are tested on; the trainer's
.lock          held by whoever writes

The pointer is a file and no symlink: a reader resolves it once, and then reads every file from one version.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from copydesk.model.bundles.journal import Action, Event, Journal
from copydesk.model.bundles.manifest import BUNDLE_FILES, REFERENCE, Bundle, load_manifest
from copydesk.model.errors import BundleError, StoreError
from copydesk.model.files.disk import clear_partial, sync, whole_directory, whole_file

_LOCK_WAIT_S = 5.0  # promoting takes milliseconds, adding a large bundle a second
_MAX_BEFORE = 100  # versions that rollback can go back to
_DIGEST = re.compile("[0-9a-f]{64}")
_POINTER, _JOURNAL, _LOCK = "current.json", "journal.jsonl", ".lock"
SPLITS_FILE, TEST_FILE = "splits.jsonl", "test.jsonl"
_READ_ONLY = 0o444  # the files of a version: it never changes


@dataclass(frozen=True)
class Pointer:
    """The current version's digest, and those that were current before it, the latest last."""

    digest: str
    before: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(map(_DIGEST.fullmatch, (self.digest, *self.before))):
            raise ValueError("expected SHA-256 digests")


@dataclass(frozen=True)
class Version:
    """A version in the store; without a bundle it is damaged, and `fault` says how."""

    digest: str
    bundle: Bundle | None
    fault: str = ""


class Store:
    """A directory of versions. Reading needs no lock; `who` stands in the journal beside what is written."""

    def __init__(self, directory: Path, who: str = "", lock_wait_s: float = _LOCK_WAIT_S) -> None:
        self.directory = directory
        self._who = who
        self._lock_wait_s = lock_wait_s
        self._journal = Journal(directory / _JOURNAL)

    def pointer(self) -> Pointer | None:
        """The pointer; none before the first promotion. Raises StoreError when it does not read."""
        path = self.directory / _POINTER
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return Pointer(values["digest"], tuple(values["before"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError) as error:
            remedy = "remove it, and name the version with `copydesk models promote ID --force`"
            raise StoreError(f"{path}: does not read as a pointer; {remedy}") from error

    def current(self) -> str | None:
        """The current version's digest; none before the first promotion."""
        pointer = self.pointer()
        return pointer.digest if pointer else None

    def path(self, digest: str) -> Path:
        """The bundle's directory."""
        return self.directory / digest

    def find(self, name: str) -> str:
        """The digest that begins with `name`, or for "current" that of the current version. Raises StoreError."""
        if name == "current":
            if (current := self.current()) is None:
                raise StoreError(f"{self.directory}: no version is current yet; promote one")
            return current
        found = [digest for digest in self.digests() if name and digest.startswith(name)]
        if len(found) != 1:
            many = f"{len(found)} versions begin" if found else f"none of its {len(self.digests())} versions begins"
            raise StoreError(f"{self.directory}: {many} with {name!r}; see `copydesk models list`")
        return found[0]

    def digests(self) -> list[str]:
        """Every version's digest, the latest added last."""
        if not self.directory.is_dir():
            return []
        found = [path for path in self.directory.iterdir() if _DIGEST.fullmatch(path.name)]
        return [path.name for path in sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))]

    def version(self, digest: str) -> Version:
        """What the version says of itself, every file checked."""
        try:
            return Version(digest, self.check(digest))
        except BundleError as error:
            return Version(digest, None, str(error))

    def check(self, digest: str) -> Bundle:
        """The manifest of the version, every file checked. Raises BundleError unless it is whole and that version."""
        bundle = load_manifest(self.path(digest))
        if bundle.digest != digest:
            raise BundleError(f"{self.path(digest)}: holds bundle {bundle.digest[:12]}; add the right one again")
        return bundle

    def journal(self) -> list[Event]:
        """What was done, oldest first."""
        return self._journal.read()

    def add(self, source: Path, **details: Any) -> Bundle:  # Any: JSON
        """Copy the bundle into the store; one that is there already is left as it is, or mended if damaged.

        All or nothing. Raises BundleError for a damaged source, StoreError when the store cannot be written.
        """
        bundle = load_manifest(source)
        with self._writing(f"adding {source}"):
            if self.version(bundle.digest).bundle is None:
                self._copy(source, bundle.digest)
                self._journal.append(self._event("add", bundle.digest, details=details))
        return bundle

    def promote(self, digest: str, *, instead_of: str | None, **details: Any) -> None:  # Any: JSON
        """Make the version current, if `instead_of` still is; nothing happens when it is current already.

        Raises BundleError for a damaged version, StoreError when another one became current meanwhile.
        """
        with self._writing(f"promoting {digest[:12]}"):
            self.check(digest)
            pointer = self.pointer()
            current = pointer.digest if pointer else None
            if current == digest:
                return
            if current != instead_of:
                was, now = ((name or "none")[:12] for name in (instead_of, current))
                raise StoreError(f"{self.directory}: current was {was} and is {now} by now; compare with that one")
            before = (*pointer.before, pointer.digest)[-_MAX_BEFORE:] if pointer else ()
            self._point(Pointer(digest, before), self._event("promote", digest, current, details))

    def refuse(self, digest: str, *, instead_of: str | None, **details: Any) -> None:  # Any: JSON
        """Write into the journal that the version was not promoted."""
        with self._writing(f"refusing {digest[:12]}"):
            self._journal.append(self._event("refuse", digest, instead_of, details))

    def rollback(self, **details: Any) -> str:  # Any: JSON
        """Make the version current that was before, and return its digest. Raises StoreError when there is none."""
        with self._writing("rolling back"):
            pointer = self.pointer()
            if pointer is None or not pointer.before:
                raise StoreError(f"{self.directory}: no version was current before; promote one by its ID")
            *before, digest = pointer.before
            self.check(digest)
            self._point(Pointer(digest, tuple(before)), self._event("rollback", digest, pointer.digest, details))
        return digest

    def _event(self, action: Action, digest: str, previous: str | None = None, details: Any = None) -> Event:
        return Event(action, digest, self._who, previous, details or {})

    def _copy(self, source: Path, digest: str) -> None:
        """Copy beside the versions, check the copy, then give it its name."""
        clear_partial(self.directory)
        with whole_directory(self.path(digest), file_mode=_READ_ONLY) as copy:
            for name in (*BUNDLE_FILES, *([REFERENCE] if (source / REFERENCE).is_file() else [])):
                shutil.copyfile(source / name, copy / name)
            if load_manifest(copy).digest != digest:
                raise BundleError(f"{source}: changed while it was copied; add it again")

    def _point(self, pointer: Pointer, event: Event) -> None:
        """Write the new pointer beside the old, then the journal, then put it in its place, which needs no room."""
        with whole_file(self.directory / _POINTER) as new:
            new.write_text(json.dumps(asdict(pointer)) + "\n", encoding="utf-8")
            sync(new)
            self._journal.append(event)

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """The lock, and one place for what the disk may say."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with FileLock(self.directory / _LOCK, timeout=self._lock_wait_s):
                yield
        except Timeout as error:
            busy = "another process is writing to it; try again when it has ended"
            raise StoreError(f"{self.directory}: {busy}; nothing was changed ({what})") from error
        except OSError as error:
            remedy = "make room or mend its permissions; the current version is untouched"
            raise StoreError(f"{self.directory}: {error.strerror or error} while {what}; {remedy}") from error
