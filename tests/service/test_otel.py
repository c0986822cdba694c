import io
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from copydesk.model.analyzer import Analyzer
from copydesk.model.errors import ConfigError, InstallError
from copydesk.service import otel
from copydesk.service.http.app import make_app
from copydesk.service.inference import loading
from copydesk.service.inference.loading import open_tracer
from copydesk.service.logs import JsonFormatter
from copydesk.service.otel import Tracer, make_tracer
from copydesk.service.settings import Settings
from support.tiny import STORY

CALLER = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
PHASES = ["read", "prepared", "begun", "scored", "finished"]


class Traced:
    """A service, and the spans that it has ended."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.memory = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.memory))
        self.app = make_app(Settings(), lambda: analyzer, Tracer(provider))
        self.client = TestClient(self.app)

    def analyze(self, *texts: str, headers: dict[str, str] | None = None) -> int:
        body = {"documents": [{"text": text} for text in texts]}
        return self.client.post("/v1/analyze", json=body, headers=headers).status_code

    def spans(self, kind: SpanKind, n: int = 1) -> list[ReadableSpan]:
        """So many of them: a pass may be noted a moment after its requests are answered."""
        deadline = time.monotonic() + 10
        while len(found := [span for span in self.memory.get_finished_spans() if span.kind is kind]) < n:
            assert time.monotonic() < deadline, f"{len(found)} spans"
            time.sleep(0.01)
        return found


@pytest.fixture
def traced(analyzer: Analyzer) -> Iterator[Traced]:
    service = Traced(analyzer)
    with service.client:
        yield service


def test_a_request_is_a_span_with_the_ends_of_its_phases_in_order(traced: Traced) -> None:
    traced.analyze(STORY)
    (span,) = traced.spans(SpanKind.SERVER)
    assert (span.name, span.status.status_code) == ("POST /v1/analyze", StatusCode.UNSET)
    assert [event.name for event in span.events] == PHASES
    moments = [span.start_time, *(event.timestamp for event in span.events), span.end_time]
    assert moments == sorted(moments, key=lambda moment: moment or 0)


def test_a_span_holds_counts_and_nothing_that_was_sent(traced: Traced) -> None:
    traced.analyze(STORY, "", headers={"User-Agent": "heroin", "X-Request-Id": "heroin"})
    request, forward = (traced.spans(kind)[0] for kind in (SpanKind.SERVER, SpanKind.INTERNAL))
    assert request.attributes
    assert forward.attributes
    n_tokens = request.attributes["copydesk.tokens"]
    assert dict(request.attributes) == {
        "http.request.method": "POST",
        "http.route": "/v1/analyze",
        "http.response.status_code": 200,
        "copydesk.documents": 2,
        "copydesk.stories": 1,
        "copydesk.tokens": n_tokens,
        "copydesk.failures": 1,
    }
    n_windows = forward.attributes["copydesk.windows"]
    assert dict(forward.attributes) == {
        "copydesk.texts": 1,
        "copydesk.tokens": n_tokens,
        "copydesk.windows": n_windows,
    }
    for span in (request, forward):
        assert not any(word in span.to_json() for word in ("heroin", "steel", "Taipei"))


def test_a_pass_is_a_span_with_links_to_the_requests_in_it(traced: Traced) -> None:
    engine = traced.app.state.scheduler.analyzer.engine
    begun, go_on = threading.Event(), threading.Event()
    original = engine.begin

    def hold(texts: object) -> object:
        begun.set()
        go_on.wait(10)
        return original(texts)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as threads:
        patch.setattr(engine, "begin", hold)
        first = threads.submit(traced.analyze, STORY)
        assert begun.wait(10)
        later = [threads.submit(traced.analyze, STORY) for _ in range(3)]
        while len(traced.app.state.scheduler._backlog) < len(later):
            time.sleep(0.01)
        go_on.set()
        assert [future.result() for future in (first, *later)] == [200] * 4
    passes = sorted(traced.spans(SpanKind.INTERNAL, 2), key=lambda span: span.start_time or 0)
    requests = {span.context.span_id for span in traced.spans(SpanKind.SERVER, 4) if span.context}
    assert [len(one.links) for one in passes] == [1, 3]
    assert {link.context.span_id for one in passes for link in one.links} == requests
    for one in passes:
        assert one.parent
        assert one.parent == one.links[0].context


def test_two_texts_of_a_request_are_one_link(traced: Traced) -> None:
    traced.analyze(STORY, STORY)
    assert {len(one.links) for one in traced.spans(SpanKind.INTERNAL)} == {1}


def test_the_callers_trace_goes_on(traced: Traced) -> None:
    traced.analyze(STORY, headers=CALLER)
    spans = traced.spans(SpanKind.SERVER) + traced.spans(SpanKind.INTERNAL)
    trace_ids = {span.context.trace_id for span in spans if span.context}
    assert trace_ids == {0x0AF7651916CD43DD8448EB211C80319C}
    assert spans[0].parent
    assert spans[0].parent.span_id == 0xB7AD6B7169203331


def test_a_caller_that_samples_nothing_gets_no_spans_and_its_answer(traced: Traced) -> None:
    headers = {"traceparent": CALLER["traceparent"].removesuffix("01") + "00"}
    assert traced.analyze(STORY, headers=headers) == 200
    assert traced.memory.get_finished_spans() == ()


def test_a_pass_that_failed_says_so(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> object:
        raise RuntimeError("heroin")

    monkeypatch.setattr(traced.app.state.scheduler.analyzer.engine, "begin", fail)
    assert traced.analyze(STORY) == 500
    (forward,), (request,) = (traced.spans(kind) for kind in (SpanKind.INTERNAL, SpanKind.SERVER))
    assert [span.status.status_code for span in (forward, request)] == [StatusCode.ERROR] * 2
    assert forward.attributes
    assert forward.attributes["error.type"] == "RuntimeError"
    assert "heroin" not in forward.to_json()


def test_a_request_that_is_refused_is_a_span_without_the_path_that_was_sent(traced: Traced) -> None:
    traced.client.get("/heroin")
    (request,) = traced.spans(SpanKind.SERVER)
    assert request.name == "GET"
    assert request.attributes == {"http.request.method": "GET", "http.response.status_code": 404}


def test_probes_are_not_traced(traced: Traced) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        assert traced.client.get(path).status_code == 200
    assert traced.memory.get_finished_spans() == ()


def test_log_lines_name_the_trace(traced: Traced) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("copydesk")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        traced.analyze(STORY)
        traced.client.get("/livez")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    line, probe = (json.loads(line) for line in stream.getvalue().splitlines())
    (span,) = traced.spans(SpanKind.SERVER)
    assert span.context
    assert (line["trace_id"], line["span_id"]) == (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}")
    assert "trace_id" not in probe


class Collector(BaseHTTPRequestHandler):
    """Takes spans by OTLP over HTTP, and keeps them with the path they came by."""

    received: list[tuple[str, ExportTraceServiceRequest]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, ExportTraceServiceRequest.FromString(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ExportTraceServiceRequest]]]:
    monkeypatch.setattr(Collector, "received", [], raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield Collector.received
        server.shutdown()


def test_a_collector_has_every_span_when_the_service_has_ended(
    analyzer: Analyzer, collector: list[tuple[str, ExportTraceServiceRequest]]
) -> None:
    with TestClient(make_app(Settings(), lambda: analyzer, make_tracer())) as client:
        client.post("/predict", json={"inputs": STORY}, headers=CALLER)
    assert {path for path, _ in collector} == {"/v1/traces"}
    resources = [resource for _, request in collector for resource in request.resource_spans]
    spans = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]
    assert sorted(span.name for span in spans) == ["POST /predict", "pass"]
    assert {span.trace_id.hex() for span in spans} == {CALLER["traceparent"].split("-")[1]}
    names = {a.value.string_value for r in resources for a in r.resource.attributes if a.key == "service.name"}
    assert names == {"copydesk"}


def test_a_collector_that_does_not_answer_holds_up_no_end(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(otel, "_CLOSE_S", 0.0)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with TestClient(make_app(Settings(), lambda: analyzer, make_tracer())) as client:
        assert client.post("/predict", json={"inputs": STORY}).status_code == 200
    assert "steel" not in caplog.text


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"OTEL_SERVICE_NAME": "desk"}, "desk"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=desk"}, "desk"),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, "copydesk"),
    ],
)
def test_the_service_is_called_as_the_environment_says(
    variables: dict[str, str],
    name: str,
    collector: list[tuple[str, ExportTraceServiceRequest]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    tracer = make_tracer()
    tracer.end(tracer.begin("GET", {}), method="GET", route="/", status=200)
    tracer.close()
    attributes = collector[0][1].resource_spans[0].resource.attributes
    assert [a.value.string_value for a in attributes if a.key == "service.name"] == [name]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_SAMPLER", "always_off"), ("OTEL_TRACES_EXPORTER", "none")],
)
def test_nothing_leaves_where_the_environment_says_so(
    variable: str,
    value: str,
    analyzer: Analyzer,
    collector: list[tuple[str, ExportTraceServiceRequest]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)
    with TestClient(make_app(Settings(), lambda: analyzer, make_tracer())) as client:
        assert client.post("/predict", json={"inputs": STORY}).status_code == 200
    assert collector == []


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "OTEL_TRACES_EXPORTER",
            "zipkin",
            "'zipkin' is not here; choose among otlp, console, none",
        ),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "spans leave by http/protobuf, got 'grpc'",
        ),
    ],
)
def test_what_cannot_be_done_is_told_at_the_start(
    variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        make_tracer()
    assert str(caught.value).startswith(f"{variable}: {message}")


def test_tracing_without_its_extra_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(extra: str, user: str) -> None:
        raise InstallError(f"{user} needs {extra}")

    monkeypatch.setattr(loading, "need_extra", refuse)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "desk")
    with pytest.raises(InstallError, match=r"^tracing, for which OTEL_SERVICE_NAME asks, needs otel$"):
        open_tracer()


def test_nothing_is_traced_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    assert open_tracer() is None
