"""A row of anybody's file."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """What was read, or why nothing was.

    line: the one it begins on; in Parquet and on the hub the row's number.
    values: by column; of a JSON file whatever stands there.
    file, where: the file's name, and where in it for a person: `archive/a.jsonl:118`, `a.parquet: row 118`.
    """

    line: int
    values: Any = field(default_factory=dict)  # Any: as said
    problem: str | None = None
    file: str = ""
    where: str = ""
