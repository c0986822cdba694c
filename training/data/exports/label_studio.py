"""Rows of Label Studio: JSON, JSON-MIN and CSV."""

import json
from typing import Any

from copydesk.training.data.exports.agreement import Row, agree, find_content, listed, name_question

_MIN_COLUMNS = {"annotation_id", "annotator"}
_NO_CONTENT = {"annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}


def read_full(row: Row) -> Row:
    """JSON: all annotations of a task."""
    annotations = row.get("annotations") or row.get("completions") or []
    done = [a for a in annotations if not a.get("was_cancelled") and not a.get("skipped")]
    answers = [
        [label for result in a.get("result", ()) for label in result.get("value", {}).get("choices", ())] for a in done
    ]
    return {**find_content(row.get("data") or {}), **agree(answers), "id": row.get("id")}


def read_min(row: Row) -> Row:
    """JSON-MIN and CSV: a column per question, one choice as a string, several as {"choices": [...]}."""
    cells = {key: _load(cell) for key, cell in row.items() if key not in _NO_CONTENT}
    names = [key for key, cell in cells.items() if isinstance(cell, dict) and "choices" in cell]
    names = names or [name_question(list(cells)[list(cells).index("id") + 1 :] if "id" in cells else list(cells))]
    answer = [label for name in names for label in listed(_choices(cells[name]))]
    content = {key: cell for key, cell in cells.items() if key not in names}
    return {**find_content(content), **agree([answer]), "id": row.get("id")}


def _choices(cell: Any) -> Any:
    cells = cell if isinstance(cell, list) else [cell]
    return [label for part in cells for label in listed(part["choices"] if isinstance(part, dict) else part or [])]


def _load(cell: Any) -> Any:
    """A cell of CSV that holds JSON."""
    if not isinstance(cell, str) or not cell.startswith(("{", "[")):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def is_min(row: Row) -> bool:
    """Whether the row has the columns of JSON-MIN and CSV."""
    return set(row) >= _MIN_COLUMNS


def task_of(row: Row) -> str | None:
    """The task, where the row is one annotator's answer to it and others may stand in other rows."""
    return str(row["id"]) if is_min(row) and row.get("id") is not None else None
