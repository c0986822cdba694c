"""Numbers for operators, in Prometheus' format; each app has its own."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from platform import python_version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from copydesk.model.analysis import Failure, Result
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.drift.changes import Change, by_label

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LAGS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_TOKENS = (64, 256, 1024, 2048, 4096, 8192, 16_384, 65_536, 262_144)
_CAUSES = {
    401: "no_key",
    403: "forbidden",
    404: "no_route",
    405: "method",
    408: "slow_body",
    409: "conflict",
    413: "too_large",
    415: "media_type",
    421: "host",
    422: "invalid",
    429: "rate_limit",
    499: "client_gone",
    500: "error",
    503: "overload",
    504: "timeout",
}


class Metrics:
    """What happens in one app. Never holds text: labels are routes, statuses, causes, codes and the bundle's labels."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Histogram(
            "copydesk_request_duration_seconds",
            "Time per request.",
            ["route", "status"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._refusals = Counter(
            "copydesk_refusals", "Requests that got an error, by cause.", ["cause"], registry=registry
        )
        self._errors = Counter("copydesk_document_errors", "Texts without an analysis.", ["code"], registry=registry)
        self._analyses = Counter("copydesk_analyses", "Texts analysed.", registry=registry)
        self._windows = Histogram("copydesk_text_windows", "Windows per text.", buckets=_COUNTS, registry=registry)
        self._assigned = Counter(
            "copydesk_labels_assigned", "Texts that were given the label.", ["label"], registry=registry
        )
        self._waits = Histogram(
            "copydesk_queue_wait_seconds", "Wait for a text's first pass.", buckets=_SECONDS, registry=registry
        )
        self._pass_tokens = Histogram("copydesk_pass_tokens", "Tokens per pass.", buckets=_TOKENS, registry=registry)
        self._pass_s = Histogram(
            "copydesk_pass_duration_seconds", "Time per pass.", buckets=_SECONDS, registry=registry
        )
        self._queue_tokens = Gauge("copydesk_queue_tokens", "Tokens of admitted requests.", registry=registry)
        self._queue_s = Gauge("copydesk_queue_seconds", "How long those tokens take.", registry=registry)
        self._queue_texts = Gauge("copydesk_queue_texts", "Texts that wait for the model.", registry=registry)
        self._swaps = Counter(
            "copydesk_swaps", "Versions loaded while serving, by outcome.", ["outcome"], registry=registry
        )
        self._model = Gauge(
            "copydesk_model_info", "1 for the model that serves.", ["name", "digest"], registry=registry
        )
        self._shadow = Gauge(
            "copydesk_shadow_info", "1 for the version that reads beside.", ["name", "digest"], registry=registry
        )
        self._shadowed = Counter(
            "copydesk_shadow_texts", "Texts for the version that reads beside.", ["outcome"], registry=registry
        )
        self._disagreements = Counter(
            "copydesk_shadow_disagreements",
            "Texts that one of the two versions alone gave the label.",
            ["label", "assigned_by"],
            registry=registry,
        )
        self._lags = Histogram(
            "copydesk_event_loop_lag_seconds", "How late the event loop was.", buckets=_LAGS, registry=registry
        )
        self._busy = Histogram(
            "copydesk_event_loop_busy_seconds",
            "Processor time of the event loop in a hundredth of a second.",
            buckets=_LAGS,
            registry=registry,
        )
        self._rate = Gauge("copydesk_tokens_per_second", "Moving average of full passes.", registry=registry)
        self._ready = Gauge("copydesk_ready", "1 while /readyz is green.", registry=registry)
        self._build = Gauge(
            "copydesk_build_info", "1 for what runs.", ["version", "python", "torch"], registry=registry
        )
        self._drift_windows = Counter(
            "copydesk_drift_windows", "Windows of texts compared with the model's reference.", registry=registry
        )
        self._drift_raised = Gauge(
            "copydesk_drift_raised", "1 while three windows in a row are over a limit.", ["label"], registry=registry
        )
        self._drift_distance = Gauge(
            "copydesk_drift_distance",
            "Of the last window from the reference.",
            ["measure", "label"],
            registry=registry,
        )
        self._drift_limit = Gauge(
            "copydesk_drift_limit", "That the distance exceeds by drift alone.", ["measure", "label"], registry=registry
        )
        self._begin()

    def render(self) -> bytes:
        """All of it as text."""
        return generate_latest(self._registry)

    def _begin(self) -> None:
        """Series that are known begin at 0, because an alert does not see a counter that begins at 1."""
        for cause in _CAUSES.values():
            self._refusals.labels(cause)
        for outcome in ("swapped", "refused"):
            self._swaps.labels(outcome)
        self._build.labels(version("copydesk"), python_version(), version("torch")).set(1)

    def watch_queue(
        self, n_tokens: Callable[[], float], n_texts: Callable[[], float], rate: Callable[[], float]
    ) -> None:
        """Ask these when the numbers are asked for."""
        self._queue_tokens.set_function(n_tokens)
        self._queue_texts.set_function(n_texts)
        self._rate.set_function(rate)
        self._queue_s.set_function(lambda: n_tokens() / rate())

    def note_model(self, bundle: Bundle) -> None:
        """This model serves from now on."""
        self._model.clear()
        self._model.labels(bundle.name, bundle.digest).set(1)
        for label in bundle.labels:
            self._assigned.labels(label)

    def note_ready(self, *, is_ready: bool) -> None:
        """Whether requests may be sent here."""
        self._ready.set(int(is_ready))

    def note_swap(self, outcome: str) -> None:
        """A version was "swapped" in, or "refused"."""
        self._swaps.labels(outcome).inc()

    def note_shadow(self, bundle: Bundle) -> None:
        """This version reads beside the one that serves."""
        self._shadow.labels(bundle.name, bundle.digest).set(1)
        for outcome in ("compared", "skipped", "failed"):
            self._shadowed.labels(outcome)
        for label in bundle.labels:
            for side in ("current", "candidate"):
                self._disagreements.labels(label, side)

    def note_shadowed(self, outcome: str) -> None:
        """A text for that version was "compared", "skipped" because there was no room, or "failed"."""
        self._shadowed.labels(outcome).inc()

    def note_disagreement(self, label: str, assigned_by: str) -> None:
        """Of the two versions only the "current" one or only the "candidate" gave a text this label."""
        self._disagreements.labels(label, assigned_by).inc()

    def note_drift(self, changes: Sequence[Change]) -> None:
        """A window was compared with the reference of the model; or another model serves, and none was yet."""
        for gauge in (self._drift_raised, self._drift_distance, self._drift_limit):
            gauge.clear()
        for change in changes:
            self._drift_distance.labels(*change.key).set(change.distances[-1])
            self._drift_limit.labels(*change.key).set(change.limit.limit)
        for own in by_label(changes):
            self._drift_raised.labels(own.label).set(int(own.is_raised))
        self._drift_windows.inc(int(bool(changes)))

    def note_response(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, str(status)).observe(seconds)
        if status >= 400:
            self._refusals.labels(_CAUSES.get(status, "other")).inc()

    def note_result(self, result: Result) -> None:
        """A text was analysed, or could not be."""
        if isinstance(result, Failure):
            self._errors.labels(result.code).inc()
            return
        self._analyses.inc()
        self._windows.observe(result.coverage.windows)
        for tag in result.story.tags:
            self._assigned.labels(tag.label).inc(int(tag.assigned))

    def note_lag(self, late_s: float, busy_s: float) -> None:
        """The event loop was late by so much, and itself took so much of the processor's time."""
        self._lags.observe(max(0.0, late_s))
        self._busy.observe(busy_s)

    def note_waits(self, waits_s: Sequence[float]) -> None:
        """Texts left the queue after these waits."""
        for wait_s in waits_s:
            self._waits.observe(wait_s)

    def note_pass(self, n_tokens: int, seconds: float) -> None:
        """A pass went well."""
        self._pass_tokens.observe(n_tokens)
        self._pass_s.observe(seconds)
