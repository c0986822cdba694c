"""Logs as JSON lines with the ids of the request and of its trace. No exception's message gets in: it may hold text."""

import json
import logging
import sys
from contextvars import ContextVar

from copydesk.model.boundary import where
from copydesk.model.files.json import JsonObject
from copydesk.service.traces import request_trace

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class JsonFormatter(logging.Formatter):
    """One JSON object per record; `extra={"fields": {...}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: JsonObject = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        if (trace := request_trace.get()) is not None:
            line |= {"trace_id": trace.trace_id, "span_id": trace.span_id}
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = where(record.exc_info[2])
        return json.dumps(line)


def configure_logs() -> None:
    """Send warnings, and copydesk's own lines from INFO on, to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("copydesk").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
