"""File formats by extension: JSON, tables or Parquet, plain or compressed."""

import io
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast

import pyarrow as pa

Kind = Literal["jsonl", "json", "csv", "tsv", "parquet"]

MAX_ROW = 64 * 2**20  # bytes; a longer row is no article but a file of another format
EXPECTED = "expected .jsonl, .json, .csv, .tsv or .parquet, each also .gz or .zst"
_KINDS: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".manifest": "jsonl",  # SageMaker Ground Truth's
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class Format:
    """What a file holds and how it is compressed as a whole."""

    kind: Kind
    compression: str | None = None


JSONL = Format("jsonl")


def format_of(name: str) -> Format | None:
    """The format that the extension of a file's name tells, if it is one of ours."""
    path = Path(name.lower())
    compression = _COMPRESSIONS.get(path.suffix)
    kind = _KINDS.get(Path(path.stem).suffix if compression else path.suffix)
    return Format(kind, compression) if kind else None


def open_input(raw: IO[bytes], format: Format) -> IO[bytes]:
    """The decompressed content of a file that is open for reading."""
    if format.compression is None:
        return raw
    return io.BufferedReader(pa.input_stream(raw, format.compression))


def open_output(path: Path, format: Format) -> AbstractContextManager[Any]:  # Any: pyarrow has no types
    """A new file to write bytes to, compressed on the way."""
    return cast(AbstractContextManager[Any], pa.output_stream(str(path), compression=format.compression))
