"""Rows as annotation tools export them, turned into plain rows: text, title, labels, unsure, id.

Where several people labelled a text, the labels they agree on count and the others are unsure. A text that nobody has
labelled yet, or that was skipped, is an error: a suggestion by a machine is no label.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from copydesk.training.data.exports import argilla, ground_truth, label_studio, prodigy
from copydesk.training.data.exports.agreement import Row


@dataclass(frozen=True)
class ExportFormat:
    """A shape of rows: how to know it, and how to read it."""

    name: str
    matches: Callable[[Row], bool]
    read: Callable[[Row], Row]


def find_format(row: Row) -> ExportFormat:
    """The first format that the row's keys fit; the last fits every row."""
    return next(known for known in FORMATS if known.matches(row))


def _doccano(row: Row) -> Row:
    """`label` in place of `labels`, a list or one name."""
    label = row["label"]
    is_name = isinstance(label, str) and not any(mark in label for mark in ";,|#[")
    labels = ([label] if label else []) if is_name else label
    return {**row, "text": row.get("text", row.get("data")), "labels": labels}


def _plain(row: Row) -> Row:
    return row


FORMATS = (
    ExportFormat(
        "Label Studio",
        lambda row: "data" in row and bool({"annotations", "completions"} & set(row)),
        label_studio.read_full,
    ),
    ExportFormat("Label Studio, JSON-MIN or CSV", label_studio.is_min, label_studio.read_min),
    ExportFormat(
        "Argilla", lambda row: isinstance(row.get("fields"), dict) and "responses" in row, argilla.read_nested
    ),
    ExportFormat("Argilla, flat", lambda row: any(str(key).endswith(".responses") for key in row), argilla.read_flat),
    ExportFormat("Argilla 1", lambda row: "annotation" in row and "labels" not in row, argilla.read_old),
    ExportFormat("Prodigy", prodigy.is_choice, prodigy.read_choice),
    ExportFormat("SageMaker Ground Truth", ground_truth.is_line, ground_truth.read_line),
    ExportFormat("doccano", lambda row: "label" in row and "labels" not in row, _doccano),
    ExportFormat("plain", lambda row: True, _plain),
)


def is_table_row(row: Mapping[str, Any]) -> bool:
    """Whether its labels are names in a cell, not JSON as Label Studio writes it there."""
    return "annotation_id" not in row


def task_of(row: Row) -> str | None:
    """The task, where the row is one annotator's answer to it and others may stand in other rows."""
    return label_studio.task_of(row) or prodigy.task_of(row)


def annotation_of(row: Row) -> str:
    """Whose answer it is."""
    return str(row.get("annotation_id", row.get("_annotator_id", row.get("_session_id"))))
