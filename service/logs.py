"""Logs as JSON lines with the request's id. Whatever is logged, no exception's message gets in: it may hold text."""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from types import TracebackType

from copydesk.model.files.json import JsonObject

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
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = where(record.exc_info[2])
        return json.dumps(line)


def where(trace: TracebackType | None) -> list[str]:
    """The last calls of a traceback as file:line function, without the messages and values."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-8:]]


def configure_logs() -> None:
    """Send warnings, and copydesk's own lines from INFO on, to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("copydesk").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
