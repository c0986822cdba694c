"""Rows as annotation tools export them, turned into plain rows: text, title, labels, unsure, id.

Where several people labelled a text, the labels they agree on count and the others are unsure. A text that nobody has
labelled yet, or that was skipped, is an error: a suggestion by a machine is no label.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.model.errors import DataError

Row = dict[str, Any]  # Any: a line of anybody's file
_LABEL_NAMES = ("labels", "label", "topics", "topic", "categories", "category", "classes", "class", "tags", "choice")
_MIN_COLUMNS = {"annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}
_LABEL_STUDIO_MIN = {"annotation_id", "annotator"}


@dataclass(frozen=True)
class ExportFormat:
    """A shape of rows: how to know it, and how to read it."""

    name: str
    matches: Callable[[Row], bool]
    read: Callable[[Row], Row]


def find_format(row: Row) -> ExportFormat:
    """The first format that the row's keys fit; the last fits every row."""
    return next(known for known in FORMATS if known.matches(row))


def _label_studio(row: Row) -> Row:
    annotations = row.get("annotations") or row.get("completions") or []
    done = [a for a in annotations if not a.get("was_cancelled") and not a.get("skipped")]
    answers = [
        [label for result in a.get("result", ()) for label in result.get("value", {}).get("choices", ())] for a in done
    ]
    return {**_content(row.get("data") or {}), **agree(answers), "id": row.get("id")}


def _label_studio_min(row: Row) -> Row:
    """JSON-MIN and CSV: a column per question, one choice as a string, several as {"choices": [...]}."""
    cells = {key: _load(cell) for key, cell in row.items() if key not in _MIN_COLUMNS}
    names = [key for key, cell in cells.items() if isinstance(cell, dict) and "choices" in cell]
    names = names or [_name_question(list(cells)[list(cells).index("id") + 1 :] if "id" in cells else list(cells))]
    answer = [label for name in names for label in _listed(_choices(cells[name]))]
    content = {key: cell for key, cell in cells.items() if key not in names}
    return {**_content(content), **agree([answer]), "id": row.get("id")}


def _argilla(row: Row) -> Row:
    """Nested records: version 2, and the feedback datasets of version 1."""
    responses = row.get("responses") or {}
    if isinstance(responses, list):
        values: dict[str, list[Any]] = {}
        for response in responses:
            if response.get("status", "submitted") == "submitted":
                for name, value in (response.get("values") or {}).items():
                    values.setdefault(name, []).append(value.get("value"))
    else:
        values = {
            name: [a.get("value") for a in answers if a.get("status", "submitted") == "submitted"]
            for name, answers in responses.items()
        }
    return {**_content(row["fields"]), **_argilla_answers(values), "id": row.get("external_id") or row.get("id")}


def _argilla_flat(row: Row) -> Row:
    """Version 2 as a table: NAME.responses beside NAME.responses.status."""
    values = {}
    for key, answers in row.items():
        if key.endswith(".responses"):
            states = row.get(f"{key}.status") or ["submitted"] * len(answers or ())
            answered = zip(answers or (), states, strict=False)
            values[key.removesuffix(".responses")] = [answer for answer, state in answered if state == "submitted"]
    content = {key: cell for key, cell in row.items() if "." not in key and key not in ("status", "_server_id")}
    return {**_content(content), **_argilla_answers(values), "id": row.get("id")}


def _argilla_old(row: Row) -> Row:
    """Text classification of version 1: one annotation, a name or a list of names."""
    content = row.get("inputs") if isinstance(row.get("inputs"), dict) else {"text": row.get("text")}
    done = [] if row.get("status") == "Discarded" or row["annotation"] is None else [row["annotation"]]
    return {**_content(content or {}), **agree(done), "id": row.get("id")}


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
        "Label Studio", lambda row: "data" in row and bool({"annotations", "completions"} & set(row)), _label_studio
    ),
    ExportFormat("Label Studio, JSON-MIN or CSV", lambda row: set(row) >= _LABEL_STUDIO_MIN, _label_studio_min),
    ExportFormat("Argilla", lambda row: isinstance(row.get("fields"), dict) and "responses" in row, _argilla),
    ExportFormat("Argilla, flat", lambda row: any(str(key).endswith(".responses") for key in row), _argilla_flat),
    ExportFormat("Argilla 1", lambda row: "annotation" in row and "labels" not in row, _argilla_old),
    ExportFormat("doccano", lambda row: "label" in row and "labels" not in row, _doccano),
    ExportFormat("plain", lambda row: True, _plain),
)


def is_table_row(row: Mapping[str, Any]) -> bool:
    """Whether its labels are names in a cell, not JSON as Label Studio writes it there."""
    return "annotation_id" not in row


def task_of(row: Row) -> str | None:
    """The task, where the row is one annotator's answer to it and others may stand in other rows."""
    return str(row["id"]) if set(row) >= _LABEL_STUDIO_MIN and row.get("id") is not None else None


def agree(answers: Iterable[Any]) -> Row:
    """What several answers have in common, as labels, and the rest as unsure. Raises DataError when there is none."""
    sets = [set(_listed(answer)) for answer in answers]
    if not sets:
        raise DataError("nobody has labelled this text; finish it in the tool, or leave it out")
    agreed = set.intersection(*sets)
    return {"labels": sorted(agreed), "unsure": sorted(set.union(*sets) - agreed)}


def _argilla_answers(values: dict[str, list[Any]]) -> Row:
    names = [name for name, answers in values.items() if all(isinstance(a, str | list) for a in answers)]
    return agree(values[_name_question(names)]) if names else agree([])


def _name_question(names: Sequence[str]) -> str:
    """The question whose answers are labels: the only one, or the one that is called so."""
    if len(names) == 1:
        return names[0]
    for name in _LABEL_NAMES:
        if name in names:
            return name
    raise DataError(f"which of {', '.join(names) or 'no columns'} holds the labels? rename that one to labels")


def _listed(answer: Any) -> list[str]:
    answers = [answer] if isinstance(answer, str) else answer
    if not isinstance(answers, list) or not all(isinstance(label, str) for label in answers):
        raise DataError("the answers are no label names; export the question that holds the labels")
    return answers


def _choices(cell: Any) -> Any:
    cells = cell if isinstance(cell, list) else [cell]
    return [label for part in cells for label in _listed(part["choices"] if isinstance(part, dict) else part or [])]


def _load(cell: Any) -> Any:
    """A cell of CSV that holds JSON."""
    if not isinstance(cell, str) or not cell.startswith(("{", "[")):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def _content(fields: Row) -> Row:
    """Text and title among the fields of a tool: `text`, or the only string there is beside the title."""
    title = fields.get("title") or fields.get("headline")
    strings = [
        key for key, value in fields.items() if isinstance(value, str) and key not in ("title", "headline", "id")
    ]
    if "text" not in fields and len(strings) != 1:
        raise DataError(f"which of {', '.join(map(str, fields)) or 'no fields'} is the text? rename that one to text")
    return {"title": title, "text": fields["text"] if "text" in fields else fields[strings[0]]}
