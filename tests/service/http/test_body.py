"""Bodies as they should not be sent: in odd wrappings, without end, too many at once."""

import asyncio
import gzip
import json
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from copydesk.model.analyzer import Analyzer
from copydesk.service.http import strict_json
from copydesk.service.http.app import make_app
from copydesk.service.http.body import FREE_BYTES, BodyBudget
from copydesk.service.http.off_loop import INLINE_BYTES, run_off_loop
from copydesk.service.http.problems import Problem
from copydesk.service.http.requests import AnalyzeRequest
from copydesk.service.http.responses import render
from copydesk.service.http.strict_json import MAX_KEYS, MAX_VALUES, parse
from copydesk.service.settings import Settings
from support.tiny import ROOT, STORY

BODY = json.dumps({"documents": [{"text": STORY}]}).encode()
JSON = {"Content-Type": "application/json"}
GZIP = JSON | {"Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(max_body_bytes=100_000), lambda: analyzer)) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/analyze", "/predict"])
@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, "there is no Content-Type"),
        ({"Content-Type": ""}, "there is no Content-Type"),
        ({"Content-Type": "text/plain"}, "Content-Type is text/plain"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "Content-Type is application/x-www-form-urlencoded"),
        ({"Content-Type": "application/jsonl"}, "Content-Type is application/jsonl"),
    ],
)
def test_another_content_type_says_what_to_send(
    client: TestClient, path: str, headers: dict[str, str], found: str
) -> None:
    response = client.post(path, content=BODY, headers=headers)
    assert response.status_code == 415
    assert response.json()["detail"] == f"{found}; send Content-Type: application/json"
    assert response.headers["accept-post"] == "application/json"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"])
def test_json_by_any_of_its_names_is_read(client: TestClient, kind: str) -> None:
    assert client.post("/v1/analyze", content=BODY, headers={"Content-Type": kind}).status_code == 200


def test_a_gzipped_body_is_read_as_the_plain_one(client: TestClient) -> None:
    plain = client.post("/v1/analyze", content=BODY, headers=JSON)
    packed = client.post("/v1/analyze", content=gzip.compress(BODY), headers=GZIP)
    assert (packed.status_code, packed.content) == (200, plain.content)


def test_a_gzipped_case_is_read(client: TestClient) -> None:
    content = (ROOT / "tests" / "cases" / "body.json.gz").read_bytes()
    response = client.post("/v1/analyze", content=content, headers=GZIP)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("content", "status", "detail"),
    [
        (gzip.compress(bytes(100_001)), 413, "the limit is 100000 bytes"),
        (gzip.compress(bytes(50_000_000)), 413, "the limit is 100000 bytes"),
        (gzip.compress(BODY)[:-1], 422, "the body ends before its gzip does"),
        (gzip.compress(BODY) + b"x", 422, "goes on after the end of its gzip"),
        (gzip.compress(BODY) * 2, 422, "goes on after the end of its gzip"),
        (BODY, 422, "the body is not gzip"),
        (zlib.compress(BODY), 422, "the body is not gzip"),
        (b"", 422, "the body ends before its gzip does"),
    ],
)
def test_what_is_wrong_with_a_gzipped_body_is_said(
    client: TestClient, content: bytes, status: int, detail: str
) -> None:
    response = client.post("/v1/analyze", content=content, headers=GZIP)
    assert response.status_code == status
    assert detail in response.json()["detail"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_another_encoding_is_named(client: TestClient, encoding: str) -> None:
    response = client.post("/v1/analyze", content=BODY, headers=JSON | {"Content-Encoding": encoding})
    assert response.status_code == 415
    assert response.json()["detail"] == f"Content-Encoding: {encoding} is not read; send gzip, or the body as it is"
    assert response.headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("[" + "[]," * MAX_VALUES + "[]]", "more than 10000 values"),
        ("[" + "1," * MAX_VALUES + "1]", "more than 10000 values"),
        ("[" + '"",' * MAX_VALUES + '""]', "more than 10000 values"),
        ('["\\\\", ' + "[]," * MAX_VALUES + "[]]", "more than 10000 values"),
        ("[" + '"\\\\",' * 30_000 + '""]', "more than 10000 values"),
        ('{"a": "' + '\\",[' * 10 + '", "b": ' + "[" * MAX_VALUES + "]" * MAX_VALUES + "}", "more than 10000 values"),
        ("{" + ",".join(f'"k{n}": 1' for n in range(MAX_KEYS + 1)) + "}", f"{MAX_KEYS + 1} keys in one object"),
        ('{"a": 1, "b": 1, "a": 2}', "key 'a' stands twice"),
        ('{"\\ud800": 1, "\\ud800": 2}', "key '\\ud800' stands twice"),
    ],
)
def test_json_of_too_many_parts_is_refused(body: str, detail: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(body.encode())
    assert detail in caught.value.detail


def test_punctuation_in_strings_is_not_counted() -> None:
    text = '[{,"\\' * 20_000
    assert parse(json.dumps({"a": text}).encode()) == {"a": text}


def test_json_must_be_utf_8() -> None:
    assert parse(b'\xef\xbb\xbf{"a": "\xc3\xa9"}') == {"a": "é"}
    for encoding in ("utf-16", "utf-32", "latin-1"):
        with pytest.raises(Problem, match="422: the body is not UTF-8"):
            parse('{"a": "é"}'.encode(encoding))


def test_a_body_of_many_values_is_refused_before_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.service.http.strict_json.json.loads", lambda *_, **__: pytest.fail("parsed"))
    with pytest.raises(Problem, match="more than 10000 values"):
        parse(b"[" + b"[]," * 1_000_000 + b"[]]")


class CountedKey(str):
    """A key that counts how often it is compared."""

    n_compared = 0

    def __eq__(self, other: object) -> bool:
        CountedKey.n_compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_looking_for_repeated_keys_takes_a_look_at_each() -> None:
    keys = [CountedKey(f"k{n % (MAX_KEYS - 1)}") for n in range(MAX_KEYS)]
    with pytest.raises(Problem, match="key 'k0' stands twice"):
        strict_json._unique([(key, 1) for key in keys])
    assert CountedKey.n_compared <= MAX_KEYS


def test_one_answer_names_20_faults_at_most(client: TestClient) -> None:
    documents = [{f"x{n}": 1 for n in range(40)} for _ in range(100)]
    response = client.post("/v1/analyze", json={"documents": documents})
    assert response.status_code == 422
    assert len(response.json()["errors"]) == 20


def test_half_a_surrogate_pair_fails_its_own_document_alone(client: TestClient) -> None:
    documents = (
        '{"text": "half \\\\ud83d of a pair"}, {"text": "%s", "id": "\\\\udc00"}, {"text": "a b", "title": "\\\\udfff"}'
    )
    content = ('{"documents": [' + documents.replace("\\\\", "\\") + "]}").replace("%s", "Rain fell on the army.")
    response = client.post("/v1/analyze", content=content, headers=JSON)
    assert response.status_code == 200, response.text
    half, whole, title = response.json()["results"]
    assert half["error"]["code"] == title["error"]["code"] == "invalid_character"
    assert half["error"]["message"] == "text holds U+D83D at character 5; send clean Unicode without NUL"
    assert (whole["id"], len(whole["tags"])) == ("\udc00", 4)


def test_half_a_pair_does_not_lengthen_what_a_field_may_hold(client: TestClient) -> None:
    content = json.dumps({"documents": [{"text": "a", "id": "\ud800" * 257}]})
    response = client.post("/v1/analyze", content=content, headers=JSON)
    assert "documents[0].id" in response.json()["detail"]


def test_bodies_under_way_are_counted_over_all_requests(analyzer: Analyzer) -> None:
    """Ten uploads that never end: those that fit wait for more, the others get 503, and afterwards all is free."""

    async def slow(is_over: asyncio.Event) -> AsyncIterator[bytes]:
        yield b" " * (FREE_BYTES + 30_000)
        await is_over.wait()
        yield BODY

    async def main() -> list[httpx.Response]:
        app = make_app(Settings(max_pending_body_bytes=100_000), lambda: analyzer)
        is_over = asyncio.Event()
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://test") as c,
        ):
            asks = [asyncio.create_task(c.post("/v1/analyze", content=slow(is_over), headers=JSON)) for _ in range(10)]
            while sum(ask.done() for ask in asks) < 7:
                await asyncio.sleep(0.01)
            is_over.set()
            answers = [await ask for ask in asks]
            return [*answers, await c.post("/v1/analyze", content=b" " * 90_000 + BODY, headers=JSON)]

    answers = asyncio.run(main())
    assert sorted(answer.status_code for answer in answers[:10]) == [200] * 3 + [503] * 7
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert "the bodies under way have 100000 bytes already" in refused.json()["detail"]
    assert answers[-1].status_code == 200


def test_unpacked_bytes_count_too() -> None:
    budget = BodyBudget(100)
    with budget.share() as one, budget.share() as other:
        one.take(FREE_BYTES + 60)
        with pytest.raises(Problem, match="503"):
            other.take(FREE_BYTES + 41)
        other.take(FREE_BYTES + 40)
        assert budget.n_bytes == 100
    assert budget.n_bytes == 0


def test_an_article_is_let_in_when_large_bodies_fill_the_budget() -> None:
    budget = BodyBudget(100)
    with budget.share() as large, budget.share() as small:
        large.take(FREE_BYTES + 100)
        small.take(FREE_BYTES - 1)
        small.take(1)
        with pytest.raises(Problem, match="503"):
            small.take(1)
        assert budget.n_bytes == 100
    assert budget.n_bytes == 0


def test_large_bodies_are_parsed_and_rendered_off_the_event_loop(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[str]] = {"parse": set(), "render": set()}

    def note(name: str, function: Any) -> Any:
        def noted(*args: Any) -> Any:
            threads[name].add(threading.current_thread().name)
            return function(*args)

        return noted

    monkeypatch.setattr("copydesk.service.http.body_route.parse", note("parse", parse))
    monkeypatch.setattr("copydesk.service.http.routes.analyze.render", note("render", render))

    async def main() -> str:
        app = make_app(Settings(), lambda: analyzer)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://test") as c,
        ):
            documents = [{"text": f"{STORY} " * (INLINE_BYTES // len(STORY) + 1)}]
            response = await c.post("/v1/analyze", json={"documents": documents}, timeout=60)
            assert response.status_code == 200, response.text
        return threading.current_thread().name

    loop_thread = asyncio.run(main())
    assert threads["parse"]
    assert threads["render"]
    assert loop_thread not in threads["parse"] | threads["render"]


def test_the_event_loop_goes_on_while_a_large_body_is_parsed() -> None:
    """A task that ticks at every turn of the loop ticks on until the parser, which waits for it, is let go."""
    body = json.dumps({"documents": [{"text": "x" * 4_000_000}]}).encode()
    ticked, schema = threading.Event(), TypeAdapter(AnalyzeRequest)

    def parse_when_ticked() -> object:
        assert ticked.wait(30)
        return schema.validate_python(parse(body))

    async def tick() -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        ticked.set()

    async def main() -> object:
        value, _ = await asyncio.gather(run_off_loop(len(body), parse_when_ticked), tick())
        return value

    assert isinstance(asyncio.run(main()), AnalyzeRequest)
