"""Labelled stories: read from files, checked, split."""

import csv
import glob
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from model.errors import DataError

_LINE_FORMATS = (".jsonl", ".jsonl.gz", ".json", ".ndjson")
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class LabelledStory:
    """A text with its labels; a label under `unsure` is neither a positive nor a negative."""

    text: str
    labels: frozenset[str]
    unsure: frozenset[str] = frozenset()
    title: str | None = None
    id: str = ""
    where: str = ""  # file and line

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the words of the text: the same whatever its case, spacing and punctuation."""
        return hashlib.sha256(" ".join(re.findall(r"\w+", self.text.lower())).encode()).hexdigest()


def read_stories(sources: Sequence[str], *, faults: list[str] | None = None) -> list[LabelledStory]:
    """Every story of the files (globs allowed) and hub datasets.

    Raises DataError naming file and line; with `faults`, a row that is no labelled story is named there and left out.
    """
    stories = [story for source in sources for path in _expand(source) for story in _read(path, faults)]
    if not stories and faults:
        raise DataError(f"no row is a labelled story; the first: {faults[0]}")
    if not stories:
        raise DataError(f"{', '.join(sources) or 'no file'}: no labelled story; name a file with --data")
    return stories


def collect_labels(stories: Iterable[LabelledStory], order: Sequence[str] = ()) -> tuple[str, ...]:
    """The labels that occur, in the given order or sorted. Raises DataError for one outside a given order."""
    found = {label for story in stories for label in story.labels | story.unsure}
    if not order:
        return tuple(sorted(found))
    for label in sorted(found - set(order)):
        raise DataError(
            f"label {label!r} is not among the {len(order)} labels of the configuration: {', '.join(order)}"
        )
    return tuple(order)


def split_stories(stories: Sequence[LabelledStory], held_out: float) -> tuple[list[LabelledStory], list[LabelledStory]]:
    """Stories to learn from and stories held out, by content: a text falls on the same side in every run."""
    kept: list[LabelledStory] = []
    out: list[LabelledStory] = []
    for story in stories:
        is_out = int(story.fingerprint[:8], 16) < held_out * 16**8
        (out if is_out else kept).append(story)
    for name, part in (("to learn from", kept), ("held out", out)):
        if not part:
            raise DataError(f"{len(stories)} stories leave none {name}; give more stories or change tags.held_out")
    return kept, out


def count_labels(stories: Iterable[LabelledStory]) -> Counter[str]:
    """How many stories carry each label."""
    return Counter(label for story in stories for label in story.labels)


def _expand(source: str) -> list[str]:
    paths = sorted(glob.glob(source))
    if paths or HUB_NAME.fullmatch(source):
        return paths or [source]
    raise DataError(f"{source}: no such file; expected .jsonl, .csv or .parquet (or .gz of the first), or 'owner/name'")


def _read(path: str, faults: list[str] | None) -> Iterator[LabelledStory]:
    for where, row in _rows(path):
        try:
            yield _story(row, where)
        except DataError as error:
            if faults is None:
                raise
            faults.append(str(error))


def _rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row with the place it stands at."""
    if path.endswith(_LINE_FORMATS):
        return _json_rows(path)
    if path.endswith(".csv"):
        return _csv_rows(path)
    return _dataset_rows(path)


def _json_rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with _open(path) as file:
        for number, line in enumerate(_decoded(file, path), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}:{number}: not JSON ({error}); expected one object per line") from error
            yield f"{path}:{number}", row


def _csv_rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with _open(path) as file:
        for number, row in enumerate(csv.DictReader(_decoded(file, path)), 2):
            for key in ("labels", "unsure"):
                if key in row:
                    row[key] = [label.strip() for label in (row[key] or "").split(";") if label.strip()]
            yield f"{path}:{number}", row


def _dataset_rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    import datasets

    data = (
        datasets.Dataset.from_parquet(path) if path.endswith(".parquet") else datasets.load_dataset(path, split="train")
    )
    for number, row in enumerate(data, 1):
        yield f"{path}: row {number}", row


def _open(path: str) -> IO[bytes]:
    return gzip.open(path, "rb") if path.endswith(".gz") else Path(path).open("rb")  # type: ignore[return-value]  # gzip's own type


def _decoded(file: IO[bytes], path: str) -> Iterator[str]:
    number = 0
    try:
        for number, line in enumerate(file, 1):
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}:{number}: not UTF-8; convert the file, for example with iconv -t utf-8") from error
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: does not read: {error}") from error


def _story(row: Any, where: str) -> LabelledStory:  # Any: a row of anybody's file
    if not isinstance(row, dict) or "text" not in row or "labels" not in row:
        raise DataError(f"{where}: expected an object with the keys text and labels (title, unsure and id optional)")
    text, title = row["text"], row.get("title") or None
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{where}: text is empty or no string; correct the row or leave it out")
    if not isinstance(title, str | None):
        raise DataError(f"{where}: title is {type(title).__name__}, expected a string")
    return LabelledStory(
        text=text,
        title=title,
        labels=_label_set(row["labels"], f"{where}: labels"),
        unsure=_label_set(row.get("unsure") or [], f"{where}: unsure"),
        id=str(row.get("id") or where),
        where=where,
    )


def _label_set(value: Any, where: str) -> frozenset[str]:  # Any: a cell of anybody's file
    if not isinstance(value, list | tuple) or not all(isinstance(label, str) and label.strip() for label in value):
        raise DataError(f'{where} is {type(value).__name__}, expected a list of label names, such as ["trade"]')
    return frozenset(label.strip() for label in value)
