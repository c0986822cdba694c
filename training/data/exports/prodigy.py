"""Rows of Prodigy: choices among labels, and answers about one label each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from copydesk.model.errors import DataError
from copydesk.model.files import rows as files
from copydesk.training.data.exports.agreement import Row, agree

_UNLABELLED = "nobody has labelled this text: its answer is {!r}; finish it in the tool, or leave it out"


def is_choice(row: Row) -> bool:
    """Whether somebody was shown all labels, and has accepted some."""
    return "answer" in row and bool({"accept", "options"} & set(row)) and "labels" not in row


def read_choice(row: Row) -> Row:
    """The labels that were accepted; a task that was rejected or ignored says nothing of them."""
    if row["answer"] != "accept":
        raise DataError(_UNLABELLED.format(row["answer"]))
    return {**_content(row), **agree([row.get("accept", [])])}


def task_of(row: Row) -> str | None:
    """The text that was shown, where others may have been shown it too."""
    return str(row["_input_hash"]) if is_choice(row) and "_input_hash" in row else None


def is_binary(row: object) -> bool:
    """Whether somebody was asked about one label."""
    return isinstance(row, dict) and "answer" in row and isinstance(row.get("label"), str) and not is_choice(row)


def join_binary(rows: Sequence[files.Row]) -> list[files.Row]:
    """One row for each text, in place of the first answer on it. Labels that nobody was asked about, or about which
    the answers differ, are unsure."""
    answers = [row for row in rows if not row.problem and is_binary(row.values)]
    asked = {row.values["label"] for row in answers}
    texts: dict[object, list[files.Row]] = defaultdict(list)
    for row in answers:
        texts[row.values.get("_input_hash", row.values.get("text"))].append(row)
    joined = {id(same[0]): _join(same, asked) for same in texts.values()}
    others = {id(row) for row in answers} - joined.keys()
    return [joined.get(id(row), row) for row in rows if id(row) not in others]


def _join(rows: Sequence[files.Row], asked: set[str]) -> files.Row:
    accepted, rejected = (
        {row.values["label"] for row in rows if row.values["answer"] == answer} for answer in ("accept", "reject")
    )
    if not accepted | rejected:
        return replace(rows[0], problem=_UNLABELLED.format(rows[0].values["answer"]))
    unsure = asked - (accepted ^ rejected)
    labels = {"labels": sorted(accepted - rejected), "unsure": sorted(unsure)}
    return replace(rows[0], values={**_content(rows[0].values), **labels})


def _content(row: Row) -> Row:
    meta = row.get("meta") or {}
    title = row.get("title") or meta.get("title")
    return {"text": row.get("text"), "title": title, "id": meta.get("id", row.get("_input_hash"))}
