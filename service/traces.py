"""Where a request's time goes: when its phases end, and counts. Never text, and nothing at all while tracing is off."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["read", "prepared", "begun", "scored", "finished"]  # begun: the last of its texts is in a pass


@dataclass
class RequestTrace:
    """One request on its way. A phase ends with the last of its texts; for any thread."""

    trace_id: str
    span_id: str
    span: Any  # OpenTelemetry's, which may not be installed
    ends: dict[Phase, int] = field(default_factory=dict)  # nanoseconds since 1970
    counts: dict[str, int] = field(default_factory=dict)

    def reach(self, phase: Phase) -> None:
        """A text has come to the end of the phase."""
        self.ends[phase] = time.time_ns()

    def count(self, **numbers: int) -> None:
        """Add to what is counted."""
        for name, number in numbers.items():
            self.counts[name] = self.counts.get(name, 0) + number


request_trace: ContextVar[RequestTrace | None] = ContextVar("request_trace", default=None)


def reach(phase: Phase) -> None:
    """A text of the present request has come to the end of the phase."""
    if (trace := request_trace.get()) is not None:
        trace.reach(phase)


def count(**numbers: int) -> None:
    """Count for the present request."""
    if (trace := request_trace.get()) is not None:
        trace.count(**numbers)
