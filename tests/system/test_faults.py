"""Things that go wrong while a request is under way, and that no text leaks out when they do."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from copydesk.model.analysis import Analysis, Document, Options
from copydesk.model.analyzer import Analyzer
from copydesk.model.network.engine import Documents, Pass
from copydesk.model.network.pooling import SentenceSums
from copydesk.service.http.app import make_app
from copydesk.service.logs import JsonFormatter
from copydesk.service.settings import Settings
from support.tiny import STORY

CANARY = "Xyzzyfruit"
TEXT = f"{CANARY} won the match. {STORY}"
BODY = {"documents": [{"text": TEXT, "title": CANARY, "id": "a"}]}


@pytest.fixture
def client(analyzer: Analyzer) -> Iterator[TestClient]:
    settings = Settings(max_body_bytes=3000, body_timeout_s=0.05, request_timeout_s=30)
    with TestClient(make_app(settings, lambda: analyzer), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Every line that is logged, as the service would write it."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(lambda record: not record.name.startswith("httpx"))  # the client's own lines
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]  # a list to look at
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


def raise_canary(*_: object, **__: object) -> Any:
    raise RuntimeError(CANARY)


def spoil(analyzer: Analyzer) -> Callable[[Documents], SimpleNamespace]:
    """A `begin` whose states are not numbers."""
    original = analyzer.engine.begin

    def begin(documents: Documents) -> SimpleNamespace:
        running = original(documents)
        return SimpleNamespace(end=lambda: [SentenceSums(s.sums * float("nan"), s.counts) for s in running.end()])

    return begin


def overload(client: TestClient) -> None:
    client.app.state.scheduler.admission.n_tokens = 10**9  # type: ignore[attr-defined]  # a FastAPI


FAULTS: dict[str, tuple[Callable[[TestClient, Analyzer, pytest.MonkeyPatch], object], int]] = {
    "prepare raises": (lambda c, a, m: m.setattr(a, "prepare", raise_canary), 500),
    "begin raises": (lambda c, a, m: m.setattr(a.engine, "begin", raise_canary), 500),
    "score raises": (lambda c, a, m: m.setattr(a.engine, "score", raise_canary), 500),
    "finish raises": (lambda c, a, m: m.setattr(a, "finish", raise_canary), 500),
    "scores are no numbers": (lambda c, a, m: m.setattr(a.engine, "begin", spoil(a)), 422),
    "the queue is full": (lambda c, a, m: overload(c), 503),
    "the service is closed": (lambda c, a, m: c.app.state.scheduler.close(), 503),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_error_path_tells_the_text(
    client: TestClient, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, log: list[str], fault: str
) -> None:
    inject, status = FAULTS[fault]
    inject(client, analyzer, monkeypatch)
    for path, body in (("/v1/analyze", BODY), ("/predict", {"inputs": TEXT})):
        response = client.post(path, json=body, headers={"X-Request-Id": "r-1"})
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
        assert response.headers["x-request-id"] == "r-1"
        assert CANARY not in response.text
    assert CANARY not in client.get("/metrics").text
    assert CANARY not in "".join(log)
    assert any(json.loads(line).get("request_id") == "r-1" for line in log)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(BODY)[:-5],
        json.dumps({"documents": [{"text": TEXT, "html": TEXT}]}),
        json.dumps({"documents": [{"text": f"{TEXT}\0"}]}),
        json.dumps({"documents": [{"text": TEXT}], "summary": {"focus": CANARY, "ratio": 7}}),
        json.dumps(BODY | {"offsets": CANARY, "include": [CANARY], "stories": CANARY}),
        json.dumps({"documents": [{"text": TEXT * 100}]}),
        json.dumps({"documents": [TEXT]}),
        json.dumps(TEXT),
        f"{CANARY}",
    ],
)
def test_no_refusal_tells_the_text(client: TestClient, log: list[str], content: str) -> None:
    response = client.post("/v1/analyze", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (413, 422)
    assert CANARY not in response.text
    assert CANARY not in "".join(log)
    assert client.get(f"/{CANARY}").status_code == 404
    assert CANARY not in "".join(log) + client.get("/metrics").text


def test_three_failed_passes_turn_readyz_red_and_a_good_one_turns_it_green(
    client: TestClient, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.service.inference.scheduler._IDLE_S", 3600)
    with monkeypatch.context() as patch:
        patch.setattr(analyzer.engine, "begin", raise_canary)
        for _ in range(3):
            assert client.get("/readyz").status_code == 200
            assert client.post("/v1/analyze", json=BODY).status_code == 500
        refused = client.get("/readyz")
        assert (refused.status_code, client.get("/livez").status_code) == (503, 200)
        assert "the last 3 forward passes failed" in refused.json()["detail"]
    assert client.post("/v1/analyze", json=BODY).status_code == 200
    assert client.get("/readyz").status_code == 200


def test_a_request_that_waits_too_long_gets_504(
    client: TestClient, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begin = threading.Event(), analyzer.engine.begin
    monkeypatch.setattr(analyzer.engine, "begin", lambda documents: gate.wait(30) and begin(documents))
    response = client.post("/v1/analyze", json=BODY, headers={"X-Request-Timeout-Ms": "50"})
    gate.set()
    assert response.status_code == 504
    assert response.json()["detail"].startswith("no answer within 0.05 s")


def test_without_a_wish_of_the_client_the_setting_is_the_limit(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits, timeout = list[float | None](), asyncio.timeout

    def note(delay: float | None) -> asyncio.Timeout:
        limits.append(delay)
        return timeout(delay)

    monkeypatch.setattr(asyncio, "timeout", note)
    with TestClient(make_app(Settings(request_timeout_s=1200), lambda: analyzer)) as client:
        assert client.post("/v1/analyze", json=BODY).status_code == 200
    assert 1200.0 in limits


@pytest.mark.parametrize("value", ["0", "-1", "x", "1e3", "600001"])
def test_a_time_limit_must_be_a_number_in_range(client: TestClient, value: str) -> None:
    response = client.post("/v1/analyze", json=BODY, headers={"X-Request-Timeout-Ms": value})
    assert response.status_code == 422
    assert "X-Request-Timeout-Ms" in response.json()["detail"]


def test_a_body_that_stops_half_way_gets_408(analyzer: Analyzer) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b'{"documents": [{"text": "'
        await asyncio.Event().wait()

    async def run() -> httpx.Response:
        app = make_app(Settings(body_timeout_s=0.05), lambda: analyzer)
        async with app.router.lifespan_context(app), _half_sender(app) as client:
            return await client.post("/v1/analyze", content=half(), headers={"Content-Type": "application/json"})

    response = asyncio.run(run())
    assert (response.status_code, response.headers["connection"]) == (408, "close")
    assert "did not arrive within 0.05 s" in response.json()["detail"]


def _half_sender(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def test_a_client_that_leaves_has_its_work_dropped(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    started, gate, is_gone = threading.Event(), threading.Event(), asyncio.Event()
    original, seen = analyzer.engine.begin, list[int]()

    def begin(documents: Documents) -> Pass:
        seen.append(len(documents))
        started.set()
        assert gate.wait(30)
        return original(documents)

    async def run() -> dict[str, Any]:
        app = make_app(Settings(), lambda: analyzer)
        monkeypatch.setattr(analyzer.engine, "begin", begin)
        async with app.router.lifespan_context(app):
            scheduler = app.state.scheduler
            first = asyncio.create_task(scheduler.analyze([Document(STORY)], Options()))
            await asyncio.to_thread(started.wait, 30)
            request = asyncio.create_task(_post_and_leave(app, is_gone))
            while len(scheduler._backlog) == 0:
                await asyncio.sleep(0.01)
            is_gone.set()
            message = await request
            gate.set()
            (answer,) = await first
            assert isinstance(answer, Analysis)
        return message

    message = asyncio.run(run())
    assert message["status"] == 499
    assert seen == [1]


async def _post_and_leave(app: Any, is_gone: asyncio.Event) -> dict[str, Any]:
    """Send a request over ASGI and hang up once `is_gone`; the start of what would have been the answer."""
    messages = [{"type": "http.request", "body": json.dumps(BODY).encode()}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"test"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/analyze", "query_string": b"", "headers": headers}
    scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1"}
    await app(scope, receive, send)
    return sent[0]
