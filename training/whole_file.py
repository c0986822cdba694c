"""Files that are written whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from copydesk.model.errors import DataError
from copydesk.model.files.disk import put_in_place


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write the lines beside the file, then put them in its place. Raises DataError when that cannot be done."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        put_in_place(temporary, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}; nothing has changed") from error
    finally:
        temporary.unlink(missing_ok=True)
