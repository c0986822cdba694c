"""Rows of Argilla: versions 1 and 2, nested and flat."""

from typing import Any

from copydesk.training.data.exports.agreement import Row, agree, find_content, name_question


def read_nested(row: Row) -> Row:
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
    return {**find_content(row["fields"]), **_answers(values), "id": row.get("external_id") or row.get("id")}


def read_flat(row: Row) -> Row:
    """Version 2 as a table: NAME.responses beside NAME.responses.status."""
    values = {}
    for key, answers in row.items():
        if key.endswith(".responses"):
            states = row.get(f"{key}.status") or ["submitted"] * len(answers or ())
            answered = zip(answers or (), states, strict=False)
            values[key.removesuffix(".responses")] = [answer for answer, state in answered if state == "submitted"]
    content = {key: cell for key, cell in row.items() if "." not in key and key not in ("status", "_server_id")}
    return {**find_content(content), **_answers(values), "id": row.get("id")}


def read_old(row: Row) -> Row:
    """Text classification of version 1: one annotation, a name or a list of names."""
    content = row.get("inputs") if isinstance(row.get("inputs"), dict) else {"text": row.get("text")}
    done = [] if row.get("status") == "Discarded" or row["annotation"] is None else [row["annotation"]]
    return {**find_content(content or {}), **agree(done), "id": row.get("id")}


def _answers(values: dict[str, list[Any]]) -> Row:
    names = [name for name, answers in values.items() if all(isinstance(a, str | list) for a in answers)]
    return agree(values[name_question(names)]) if names else agree([])
