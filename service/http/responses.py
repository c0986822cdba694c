"""What an answer of /v1/analyze holds around the results, and how answers are written."""

import json

from typing_extensions import TypedDict

from copydesk.model.files.json import Json
from copydesk.service.answers import FailureOut, ResultOut


class ModelOut(TypedDict):
    """Which model answered."""

    name: str
    digest: str


class AnalyzeAnswer(TypedDict):
    """One result per document, in order."""

    model: ModelOut
    results: list[ResultOut | FailureOut]


def render(answer: Json) -> bytes:
    """The answer as JSON. Half a surrogate pair, which an id may hold, leaves as the escape it came as."""
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
