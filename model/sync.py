"""What survives a power cut."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have the file's content, or a directory's names, on disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
