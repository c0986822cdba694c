"""What INPUT names: a file, a folder, a glob, standard input or a hub dataset."""

import glob
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copydesk.model.errors import DataError
from copydesk.model.files.dialect import Dialect
from copydesk.model.files.formats import EXPECTED, format_of
from copydesk.model.files.hub import HubDataset, find_dataset

STDIN = "-"
_PIECE = 2**16  # bytes
_N_PIECES = 4096  # of all files that are read to tell them from others: 256 MB, a third of a second
_MIN_PIECES = 3  # of each file: its head, its middle and its tail


@dataclass(frozen=True)
class Source:
    """Files in reading order, a hub dataset, or, with neither, standard input."""

    name: str
    files: tuple[Path, ...] = ()
    hub: HubDataset | None = None
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def is_stdin(self) -> bool:
        """It can be read only once."""
        return not self.files and self.hub is None

    @property
    def n_bytes(self) -> int | None:
        """Size on disk, where there is one."""
        return sum(path.stat().st_size for path in self.files) if self.files else None

    def fingerprint(self) -> list[Any]:  # Any: JSON
        """What another input would not have: names and content of files, or a dataset's revision. Raises DataError."""
        if self.hub:
            return [self.hub.name, self.hub.config, self.hub.split, self.hub.revision]
        n_pieces = max(_MIN_PIECES, _N_PIECES // max(1, len(self.files)))
        return [[path.name, *_content(path, n_pieces)] for path in self.files]


def find_source(name: str, dialect: Dialect = Dialect()) -> Source:  # noqa: B008  # a frozen value
    """The source of this name. Raises DataError when there is none."""
    if name == STDIN:
        return Source(name, dialect=dialect)
    path = Path(name)
    if path.is_file() and format_of(name) is None:
        raise DataError(f"{name}: the extension is not known; {EXPECTED}")
    found = [path] if path.is_file() else sorted(path.iterdir() if path.is_dir() else _glob(name))
    files = tuple(file for file in found if file.is_file() and format_of(file.name))
    if files:
        return Source(name, files, dialect=dialect)
    if not path.exists() and format_of(name) is None and (hub := find_dataset(name)):
        return Source(name, hub=hub, dialect=dialect)
    raise DataError(f"{name}: no such file; {EXPECTED}, a folder or glob with any, or 'owner/name' on the hub")


def _glob(pattern: str) -> Iterator[Path]:
    return map(Path, glob.iglob(pattern, recursive=True))


def _content(path: Path, n_pieces: int) -> tuple[int, str]:
    """Size and SHA-256: of the whole file, or of so many pieces from its first byte to its last where it is larger."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            last = max(0, size - _PIECE)
            n_pieces = min(n_pieces, 1 + -(-last // _PIECE))
            for i in range(n_pieces):
                file.seek(last * i // max(1, n_pieces - 1))
                digest.update(file.read(_PIECE))
    except OSError as error:
        raise DataError(f"{path}: does not read ({error.strerror}); restore the file or leave it out") from error
    return size, digest.hexdigest()
