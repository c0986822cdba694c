"""Rows of the output: the whole answer, or flat columns for tables."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field

from copydesk.client.answers import Part
from copydesk.model.analysis import Failure, Result, StoryAnalysis
from copydesk.model.errors import ConfigError
from copydesk.model.files.json import JsonObject
from copydesk.service.answers import DEFAULT_PARTS, HTML_PARTS, to_answer
from copydesk.service.bulk.columns import Columns, Item

_ANSWER_KEYS = ("id", "tags", "summary", "story", "other_stories", "furniture", "page", "language", "coverage", "error")


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


@dataclass(frozen=True)
class FlatFormat:
    """What flat rows hold: a score for each of these labels, and the digest of the model that gave them."""

    labels: tuple[str, ...]
    digest: str


def make_record(
    item: Item, result: Result, *, flat: FlatFormat | None = None, include: Collection[Part] | None = None
) -> JsonObject:
    """The row out: the answer with these parts, or the usual ones; with `flat` flat columns."""
    if flat is not None:
        return _flat_record(item, result, flat)
    return {**item.kept, **to_answer(result, include or (HTML_PARTS if item.is_html else DEFAULT_PARTS))}


def flat_columns(labels: Sequence[str], keep: Sequence[str]) -> tuple[str, ...]:
    """The columns of a flat row in order."""
    scores = (score_column(label) for label in labels)
    return ("id", *keep, "labels", *scores, "summary", "other_stories", "model", "error")


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


def _flat_record(item: Item, result: Result, flat: FlatFormat) -> JsonObject:
    row: JsonObject = dict.fromkeys(flat_columns(flat.labels, tuple(item.kept)))
    row |= {"id": result.id, **item.kept, "model": flat.digest}
    if isinstance(result, Failure):
        return row | {"labels": [], "error": f"{result.code}: {result.message}"}
    row |= {score_column(tag.label): tag.score for tag in result.story.tags}
    row["labels"] = _assigned(result.story)
    row["summary"] = result.story.summary.text
    if result.other_stories:
        row["other_stories"] = json.dumps(list(map(_flat_story, result.other_stories)), ensure_ascii=False)
    return row


def _flat_story(story: StoryAnalysis) -> JsonObject:
    return {"title": story.title, "labels": _assigned(story), "summary": story.summary.text}


def _assigned(story: StoryAnalysis) -> list[str]:
    return [tag.label for tag in story.tags if tag.assigned]
