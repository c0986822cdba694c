import json

import pytest

from copydesk.client.answers import LimitsOut
from copydesk.client.chunks import Chunk, cut_chunks, to_json
from copydesk.client.documents import Document
from copydesk.client.errors import ClientError

LIMITS: LimitsOut = {
    "max_documents": 3, "max_body_bytes": 1000, "max_document_tokens": 100_000, "request_timeout_s": 60.0
}  # fmt: skip


def indices(chunks: list[Chunk]) -> list[list[int]]:
    return [[item.index for item in chunk.items] for chunk in chunks]


def test_no_chunk_has_more_documents_than_the_service_takes() -> None:
    assert indices(list(cut_chunks(["a"] * 7, LIMITS))) == [[0, 1, 2], [3, 4, 5], [6]]


def test_no_chunk_has_more_bytes_than_the_service_takes() -> None:
    texts = ["a" * 450, "b" * 450, "c" * 450, "d" * 2000, "e"]
    assert indices(list(cut_chunks(texts, LIMITS))) == [[0, 1], [2], [3], [4]]


def test_an_archive_is_read_as_far_as_the_chunks_are_asked_for() -> None:
    archive = iter(["a"] * 100)
    next(cut_chunks(archive, LIMITS))
    assert len(list(archive)) == 96  # the first of the next chunk was read to see that it does not fit


def test_a_request_is_the_documents_and_the_options_in_utf8() -> None:
    document: Document = {"id": "a1", "html": "<p>Zoë</p>"}
    (chunk,) = cut_chunks(["Zoë", document], LIMITS)
    assert json.loads(chunk.render(to_json({"offsets": "utf8"}))) == {
        "documents": [{"text": "Zoë"}, document],
        "offsets": "utf8",
    }
    assert "Zoë".encode() in chunk.render(b"{}")
    assert json.loads(chunk.render(b"{}")) == {"documents": [{"text": "Zoë"}, document]}


def test_half_a_character_is_sent_as_it_is() -> None:
    (chunk,) = cut_chunks(["a \ud83d b"], LIMITS)
    assert json.loads(chunk.render(b"{}"))["documents"] == [{"text": "a \ud83d b"}]


def test_what_is_no_document_is_named_by_its_index() -> None:
    with pytest.raises(ClientError, match=r"^documents\[1\] is int, expected a text or an object with one$"):
        list(cut_chunks(["a", 5], LIMITS))  # type: ignore[list-item]  # what mypy would not allow
