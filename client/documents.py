"""What a request holds: documents, and what is to be said of them. docs/http-api.md explains each field."""

from collections.abc import Sequence
from typing import Literal, TypedDict

from copydesk.client.answers import Part, Unit


class Document(TypedDict, total=False):
    """A text, plain or as HTML: exactly one of `text` and `html`."""

    id: str | None
    title: str | None
    text: str | None
    html: str | None


class SummaryOptions(TypedDict, total=False):
    """How long a summary is: at most one of `sentences`, `max_characters` and `ratio`."""

    sentences: int | None
    max_characters: int | None
    ratio: float | None
    order: Literal["text", "rank"]
    focus: str | None


class Options(TypedDict, total=False):
    """What is asked of every document; what is left out is as the service has it by default."""

    stories: Literal["split", "whole"]
    summary: SummaryOptions
    include: Sequence[Part]
    offsets: Unit


def to_document(document: str | Document) -> Document:
    """The document that a bare text stands for."""
    return {"text": document} if isinstance(document, str) else document
