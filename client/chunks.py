"""Documents cut into requests: none larger than the service takes, or than it answers in a few seconds."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from copydesk.client.answers import ErrorOut, FailureOut, LimitsOut
from copydesk.client.documents import Document, to_document
from copydesk.client.errors import ClientError

_CHUNK_BYTES = 2**18  # about 60,000 tokens, two seconds of two CPU cores; one refusal delays no more than that


@dataclass(frozen=True)
class Item:
    """A document as it is sent, and its index among all."""

    index: int
    id: str | None
    content: bytes

    def fail(self, code: str, message: str) -> FailureOut:
        """What stands in place of its analysis."""
        error: ErrorOut = {"code": code, "message": message}
        return {"error": error} if self.id is None else {"id": self.id, "error": error}


@dataclass(frozen=True)
class Chunk:
    """The documents of one request, in order."""

    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        """Which documents they are, for a message."""
        first, last = self.items[0].index, self.items[-1].index
        return f"documents[{first}]" if first == last else f"documents[{first}] to documents[{last}]"

    def render(self, options: bytes) -> bytes:
        """The request's body; `options` is an object."""
        documents = b",".join(item.content for item in self.items)
        rest = options.strip()[1:]
        return b'{"documents":[' + documents + (b"]" if rest == b"}" else b"],") + rest

    def split(self) -> "tuple[Chunk, Chunk]":
        """Its halves."""
        middle = len(self.items) // 2
        return Chunk(self.items[:middle]), Chunk(self.items[middle:])


def cut_chunks(documents: Iterable[str | Document], limits: LimitsOut) -> Iterator[Chunk]:
    """All documents, in order, read as the chunks are asked for. A document above the size of a chunk is one alone."""
    items: list[Item] = []
    n_bytes, max_bytes = 0, min(_CHUNK_BYTES, limits["max_body_bytes"])
    for index, document in enumerate(documents):
        item = _make_item(index, to_document(document))
        is_full = len(items) >= limits["max_documents"] or n_bytes + len(item.content) > max_bytes
        if items and is_full:
            yield Chunk(tuple(items))
            items, n_bytes = [], 0
        items.append(item)
        n_bytes += len(item.content) + 1
    if items:
        yield Chunk(tuple(items))


def to_json(value: object) -> bytes:
    """JSON in UTF-8. Half a surrogate pair is sent as an escape: the service says which document holds it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _make_item(index: int, document: Document) -> Item:
    if not isinstance(document, Mapping):
        raise ClientError(f"documents[{index}] is {type(document).__name__}, expected a text or an object with one")
    return Item(index, document.get("id"), to_json(document))
