"""Files on disk: written whole or not at all, on disk when that is said, and what their content hashes to."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from copydesk.model.errors import DataError

PARTIAL = ".partial-"  # in the name of what is not complete


@contextmanager
def whole_file(target: Path, folder: Path | None = None) -> Iterator[Path]:
    """A path to write to. When the block has ended without an error, a reader of `target` finds all of it, or before
    the old file; after an error nothing has changed. It is on disk then, whatever happens to the machine.

    folder: where it is written meanwhile, on the same file system; `target`'s own if none. Raises OSError.
    """
    temporary = _beside(target, folder or target.parent)
    try:
        yield temporary
        sync(temporary)
        temporary.replace(target)
        sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_directory(target: Path, file_mode: int = 0o666) -> Iterator[Path]:
    """`whole_file` for a directory of files: an empty one to write to, which then takes `target`'s place.

    file_mode: of its files, less what the umask takes away.
    """
    temporary = _beside(target, target.parent)
    try:
        temporary.mkdir()
        yield temporary
        umasked = temporary.stat().st_mode & file_mode
        for path in temporary.iterdir():
            sync(path)
            path.chmod(umasked)  # some writers keep others out whatever the umask
        sync(temporary)
        _swap(temporary, target)
        sync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write the lines as a whole file. Raises DataError when that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}; nothing has changed") from error


def clear_partial(folder: Path) -> None:
    """Remove what writers that were killed have left; for whoever holds the folder's lock."""
    for path in folder.glob(f".*{PARTIAL}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have the file's content, or a directory's names, on disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(target: Path, folder: Path) -> Path:
    return folder / f".{target.name}{PARTIAL}{secrets.token_hex(4)}"


def _swap(new: Path, target: Path) -> None:
    """Rename `new` to `target`; what stood there goes only after the new one is complete."""
    if not target.exists():
        new.rename(target)
        return
    old = _beside(target, target.parent)
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)
