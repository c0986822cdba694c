import asyncio
import gc
from collections.abc import Iterator
from typing import Any, get_type_hints

import httpx2
import pytest

import copydesk.client
from copydesk.client import AsyncClient, Client, ClientError, Document, DocumentError, RefusedError, UnavailableError
from copydesk.client.documents import Options, SummaryOptions
from copydesk.service.http.requests import AnalyzeRequest, DocumentIn, SummaryIn
from support.stub_service import LIMITS, Reply, Script, StubService, problem


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait takes as long as one turn of the event loop; how long it would be, test_waiting says."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(0))


def ask(script: Script, documents: list[str], **options: Any) -> list[Any]:  # Any: JSON
    with Client(transport=StubService(script), **options) as client:
        return list(client.analyze_many(documents))


def titles(results: list[Any]) -> list[str]:  # Any: JSON
    return [result["story"]["title"] for result in results]


def stumble(n: int, documents: list[dict[str, Any]]) -> Reply | None:  # Any: JSON
    """Of twelve requests five find an overloaded service, one that dies, one that is not there, or one that fails."""
    replies: dict[int, Reply] = {
        1: problem(503, "overloaded; try again in 1 s", "1"),
        4: httpx2.ReadError("the connection was reset"),
        5: httpx2.ConnectError("nobody listens"),
        8: problem(500, "the model failed on these texts or on some beside them; try again"),
        10: httpx2.Response(502, content=b"<html>a proxy's words</html>"),
    }
    return replies.get(n % 12)


def test_ten_thousand_texts_are_all_answered_once_and_in_order() -> None:
    texts = [f"Text {i}." for i in range(10_000)]
    service = StubService(stumble)
    with Client(transport=service) as client:
        assert titles(list(client.analyze_many(iter(texts)))) == texts
    assert set(service.answered.values()) == {1}
    assert len(service.requests) > 10_000 / 64


def test_an_event_loop_gets_the_same() -> None:
    texts = [f"Text {i}." for i in range(1_000)]
    service = StubService(stumble)

    async def collect() -> list[Any]:  # Any: JSON
        async with AsyncClient(transport=service) as client:
            return [result async for result in client.analyze_many(texts)]

    assert titles(asyncio.run(collect())) == texts
    assert set(service.answered.values()) == {1}


def test_results_come_before_the_archive_is_read_to_its_end() -> None:
    archive = (f"Text {i}." for i in range(10_000))
    with Client(transport=StubService(), n_parallel=2) as client:
        results = client.analyze_many(archive)
        assert next(results)["story"]["title"] == "Text 0."  # type: ignore[typeddict-item]  # no failure
        assert next(archive) == f"Text {2 * 64 + 1}."  # two requests, and the first text of a third


def test_no_more_requests_are_under_way_than_allowed() -> None:
    n_now, most = 0, 0

    class Slow(StubService):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            nonlocal n_now, most
            n_now += 1
            most = max(most, n_now)
            for _ in range(10):
                await asyncio.sleep(0)
            n_now -= 1
            return await super().handle_async_request(request)

    with Client(transport=Slow(), n_parallel=3) as client:
        assert len(list(client.analyze_many(["a"] * 2_000))) == 2_000
    assert most == 3


def test_a_document_that_fails_stands_in_its_place_whoever_says_so() -> None:
    def script(n: int, documents: list[dict[str, Any]]) -> Reply | None:  # Any: JSON
        wrong = [i for i, document in enumerate(documents) if document["text"] == "long title"]
        errors = [{"field": f"documents[{i}].title", "message": "at most 2000 characters"} for i in wrong]
        return problem(422, "documents: malformed", errors=errors[:1]) if errors else None

    texts = ["a", "long title", "b", "c" * (LIMITS["max_body_bytes"] + 1), "long title", "d"]  # type: ignore[operator]  # a number
    results = ask(script, texts)
    assert [result.get("error", {}).get("code") for result in results] == [
        None, "invalid", None, "too_large", "invalid", None,
    ]  # fmt: skip
    assert results[1]["error"]["message"] == "title: at most 2000 characters"
    assert titles([results[0], results[2], results[5]]) == ["a", "b", "d"]


def test_a_request_of_which_no_document_can_be_analysed_is_a_failure_of_each() -> None:
    errors = [{"field": f"documents[{i}]", "code": "no_letters", "message": "no letters"} for i in range(2)]
    results = ask(lambda n, documents: problem(422, "documents[0]: no letters", errors=errors), ["1", "2"])
    assert results == [{"error": {"code": "no_letters", "message": "no letters"}}] * 2


def test_what_is_too_slow_together_is_asked_by_halves() -> None:
    def script(n: int, documents: list[dict[str, Any]]) -> Reply | None:  # Any: JSON
        return problem(504, "no answer within 60 s") if len(documents) > 2 or documents[-1]["text"] == "e" else None

    *good, bad = ask(script, ["a", "b", "c", "d", "e"])
    assert titles(good) == ["a", "b", "c", "d"]
    assert bad == {"error": {"code": "timeout", "message": "504 no answer within 60 s"}}


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        (problem(401, "no live API key"), RefusedError, r"^documents\[0\] to documents\[1\]: 401 no live API key$"),
        (
            problem(422, "include[0]: unknown", errors=[{"field": "include[0]", "message": "unknown"}]),
            RefusedError,
            r"^documents\[0\] to documents\[1\]: 422 include\[0\]: unknown$",
        ),
        (problem(500, "not completely installed"), RefusedError, "500 not completely installed"),
        (httpx2.Response(404, content=b"<html>"), RefusedError, r"documents\[1\]: 404 Not Found$"),
        (httpx2.Response(200, content=b"<html>"), ClientError, "v1/analyze: the answer is none of copydesk's"),
        (problem(503, "overloaded", "400"), UnavailableError, "503 overloaded; nothing was answered for "),
    ],
)
def test_what_no_other_try_would_better_is_raised_with_its_documents(
    reply: httpx2.Response, kind: type[ClientError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        ask(lambda n, documents: reply, ["a", "b"])


def test_one_document_has_one_answer_or_an_error_with_its_code() -> None:
    errors = [{"field": "documents[0]", "code": "empty_text", "message": "the text is empty"}]
    replies = [None, problem(422, "documents[0]: the text is empty", errors=errors)]
    with Client(transport=StubService(lambda n, documents: replies[n])) as client:
        assert client.analyze("a")["story"]["title"] == "a"
        with pytest.raises(DocumentError, match=r"^documents\[0\]: the text is empty$") as error:
            client.analyze("")
    assert (error.value.code, error.value.index) == ("empty_text", 0)


def test_the_key_goes_with_every_request_and_an_id_comes_back() -> None:
    service = StubService()
    document: Document = {"id": "a1", "text": "a"}
    with Client(key="secret", transport=service) as client:
        assert client.analyze(document)["id"] == "a1"
    assert [request.headers["Authorization"] for request in service.requests] == ["Bearer secret"]


def test_an_iteration_that_is_left_ends_what_is_under_way() -> None:
    with Client(transport=StubService()) as client:
        results: Iterator[object] = client.analyze_many(["a"] * 1_000)
        next(results)
        del results
        gc.collect()
        assert client.analyze("b")["story"]["title"] == "b"


@pytest.mark.parametrize(
    ("sent", "taken"), [(Document, DocumentIn), (SummaryOptions, SummaryIn), (Options, AnalyzeRequest)]
)
def test_a_request_may_hold_what_the_service_takes(sent: type, taken: Any) -> None:  # Any: a model
    assert set(get_type_hints(sent)) == set(taken.model_fields) - {"documents"}


def test_every_public_name_is_there() -> None:
    assert all(getattr(copydesk.client, name).__name__ == name for name in copydesk.client.__all__)
    assert set(copydesk.client.__all__) <= set(dir(copydesk.client))
    with pytest.raises(AttributeError, match=r"module 'copydesk.client' has no attribute 'Klient'"):
        copydesk.client.Klient  # noqa: B018
