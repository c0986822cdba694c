"""Rows of the output: the whole answer, or flat columns for tables."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field

from copydesk.model.analysis import Failure, Result
from copydesk.model.errors import ConfigError
from copydesk.model.files.json import JsonObject
from copydesk.service.answers import DEFAULT_PARTS, HTML_PARTS, Part, to_answer
from copydesk.service.bulk.columns import Columns, Item

_ANSWER_KEYS = ("id", "tags", "summary", "story", "other_stories", "furniture", "coverage", "error")


@dataclass
class Counts:
    """What was done to some rows."""

    rows: int = 0
    failed: int = 0
    tokens: int = 0
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Count these too."""
        self.rows += other.rows
        self.failed += other.failed
        self.tokens += other.tokens
        self.labels.update(other.labels)


def count(result: Result) -> Counts:
    """One row's counts."""
    if isinstance(result, Failure):
        return Counts(rows=1, failed=1)
    return Counts(1, 0, result.coverage.tokens, Counter(tag.label for tag in result.story.tags if tag.assigned))


def make_record(
    item: Item, result: Result, *, labels: Sequence[str] | None = None, include: Collection[Part] | None = None
) -> JsonObject:
    """The row out: the answer with these parts, or the usual ones; with `labels` flat columns."""
    if labels is not None:
        return _flat_record(item, result, labels)
    return {**item.kept, **to_answer(result, include or (HTML_PARTS if item.is_html else DEFAULT_PARTS))}


def flat_columns(labels: Sequence[str], keep: Sequence[str]) -> tuple[str, ...]:
    """The columns of a flat row in order."""
    return ("id", *keep, "labels", *(score_column(label) for label in labels), "summary", "error")


def score_column(label: str) -> str:
    """The column of a label's score."""
    return f"score_{label}"


def error_record(item: Item, failure: Failure) -> JsonObject:
    """A line of OUTPUT.errors.jsonl."""
    return {"file": item.file, "line": item.line} | asdict(failure)


def to_line(record: JsonObject) -> bytes:
    """The record as a line of JSON; only a file's name can hold what is not Unicode."""
    return f"{json.dumps(record, ensure_ascii=False)}\n".encode(errors="replace")


def check_keep(columns: Columns, labels: Sequence[str], *, is_flat: bool) -> None:
    """Raises ConfigError when a kept column has the name of one that the output has anyway."""
    taken = set(flat_columns(labels, ()) if is_flat else _ANSWER_KEYS)
    if columns.id == "id":
        taken.discard("id")
    for name in columns.keep:
        if name in taken:
            raise ConfigError(f"--keep {name}: the output has a column of this name; rename yours")


def _flat_record(item: Item, result: Result, labels: Sequence[str]) -> JsonObject:
    row: JsonObject = dict.fromkeys(flat_columns(labels, tuple(item.kept)))
    row |= {"id": result.id, **item.kept}
    if isinstance(result, Failure):
        return row | {"labels": [], "error": f"{result.code}: {result.message}"}
    row |= {score_column(tag.label): tag.score for tag in result.story.tags}
    row["labels"] = [tag.label for tag in result.story.tags if tag.assigned]
    row["summary"] = result.story.summary.text
    return row
