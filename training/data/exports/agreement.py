"""What answers say together, and where the text stands among the fields of a tool."""

from collections.abc import Iterable, Sequence
from typing import Any

from copydesk.model.errors import DataError

Row = dict[str, Any]  # Any: a line of anybody's file
_LABEL_NAMES = ("labels", "label", "topics", "topic", "categories", "category", "classes", "class", "tags", "choice")


def agree(answers: Iterable[Any]) -> Row:
    """What several answers have in common, as labels, and the rest as unsure. Raises DataError when there is none."""
    sets = [set(listed(answer)) for answer in answers]
    if not sets:
        raise DataError("nobody has labelled this text; finish it in the tool, or leave it out")
    agreed = set.intersection(*sets)
    return {"labels": sorted(agreed), "unsure": sorted(set.union(*sets) - agreed)}


def listed(answer: Any) -> list[str]:  # Any: JSON
    """The names of labels in an answer. Raises DataError for what holds no names."""
    answers = [answer] if isinstance(answer, str) else answer
    if not isinstance(answers, list) or not all(isinstance(label, str) for label in answers):
        raise DataError("the answers are no label names; export the question that holds the labels")
    return answers


def name_question(names: Sequence[str]) -> str:
    """The question whose answers are labels: the only one, or the one that is called so."""
    if len(names) == 1:
        return names[0]
    for name in _LABEL_NAMES:
        if name in names:
            return name
    raise DataError(f"which of {', '.join(names) or 'no columns'} holds the labels? rename that one to labels")


def find_content(fields: Row) -> Row:
    """Text and title among the fields of a tool: `text`, or the only string there is beside the title."""
    title = fields.get("title") or fields.get("headline")
    strings = [
        key for key, value in fields.items() if isinstance(value, str) and key not in ("title", "headline", "id")
    ]
    if "text" not in fields and len(strings) != 1:
        raise DataError(f"which of {', '.join(map(str, fields)) or 'no fields'} is the text? rename that one to text")
    return {"title": title, "text": fields["text"] if "text" in fields else fields[strings[0]]}
