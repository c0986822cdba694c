"""Files on disk: what survives a power cut, and what their content hashes to."""

import hashlib
import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have the file's content, or a directory's names, on disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(complete: Path, target: Path) -> None:
    """Rename a complete file over `target`: a reader finds the old one or all of the new one. Raises OSError."""
    sync(complete)
    complete.replace(target)
    sync(target.parent)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
