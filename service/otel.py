"""Spans for OpenTelemetry: one for each request with the ends of its phases, one for each pass with links to them.

The SDK reads the standard variables OTEL_*: what is sampled, where it goes, what the service is called.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Link, SpanKind, StatusCode

from copydesk.model.errors import ConfigError
from copydesk.service.traces import RequestTrace

_EXPORTERS: Mapping[str, type[SpanExporter] | None] = {
    "otlp": OTLPSpanExporter,
    "console": ConsoleSpanExporter,
    "none": None,
}
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"
_CLOSE_S = 3.0  # the SDK tries for 10 s, and a service that is to end should end


class Tracer:
    """Makes the spans. For any thread."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("copydesk", version("copydesk"))

    def begin(self, method: str, headers: Mapping[str, str]) -> RequestTrace:
        """A request came in; its trace is that of the caller, if the headers name one."""
        span = self._tracer.start_span(
            method,
            propagate.extract(headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
        )
        context = span.get_span_context()
        return RequestTrace(trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id), span)

    def end(self, request: RequestTrace, *, method: str, route: str | None, status: int) -> None:
        """The request was answered; none of its own words is kept, so `route` is a pattern."""
        span = request.span
        if span.is_recording():
            for phase, at in sorted(request.ends.items(), key=lambda pair: pair[1]):
                span.add_event(phase, timestamp=at)
            counts = {f"copydesk.{name}": number for name, number in request.counts.items()}
            span.set_attributes({"http.response.status_code": status, **counts})
            if route is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
            if status >= 500:
                span.set_status(StatusCode.ERROR)
        span.end()

    def note_pass(
        self, requests: Iterable[RequestTrace | None], began: int, *, error: str | None, **counts: int
    ) -> None:
        """A pass of the encoder ended, or failed with `error`; `began`: nanoseconds since 1970.

        It stands in the trace of its oldest request that is sampled, and is linked to all of them.
        """
        spans = {id(request): request.span for request in requests if request}.values()
        sampled = [span for span in spans if span.get_span_context().trace_flags.sampled]
        if not sampled:
            return
        span = self._tracer.start_span(
            "pass",
            trace.set_span_in_context(sampled[0]),
            links=[Link(one.get_span_context()) for one in sampled],
            start_time=began,
            attributes={f"copydesk.{name}": number for name, number in counts.items()},
        )
        if error:
            span.set_attribute("error.type", error)
            span.set_status(StatusCode.ERROR)
        span.end()

    def close(self) -> None:
        """Send what is left, and end; a collector that does not answer is not waited for any longer."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(_CLOSE_S)


def make_tracer() -> Tracer:
    """A tracer as the environment has it. Raises ConfigError for what no exporter that is here can do."""
    own = Resource({"service.name": "copydesk", "service.version": version("copydesk")})
    named = OTELResourceDetector().detect()  # again, so that it wins
    provider = TracerProvider(shutdown_on_exit=False, resource=Resource.create().merge(own).merge(named))
    for exporter in _make_exporters():
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracer(provider)


def _make_exporters() -> Iterator[SpanExporter]:
    """The SDK leaves the choice to us."""
    for name in os.environ.get("OTEL_TRACES_EXPORTER", "otlp").split(","):
        if name.strip() not in _EXPORTERS:
            raise ConfigError(f"OTEL_TRACES_EXPORTER: {name!r} is not here; choose among {', '.join(_EXPORTERS)}")
        if make := _EXPORTERS[name.strip()]:
            _check_protocol(make)
            yield make()


def _check_protocol(exporter: type[SpanExporter]) -> None:
    given = next((name for name in _PROTOCOLS if os.environ.get(name)), None)
    if exporter is OTLPSpanExporter and given and os.environ[given] != _HTTP:
        raise ConfigError(
            f"{given}: spans leave by {_HTTP}, got {os.environ[given]!r}; set it to {_HTTP}, and "
            "OTEL_EXPORTER_OTLP_ENDPOINT to the collector's port for that, which is 4318 as a rule"
        )
