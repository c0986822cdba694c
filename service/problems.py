"""Errors as RFC 9457 problem+json. A problem names the field and the remedy and never holds the text that was sent."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

logger = logging.getLogger(__name__)

_MAX_FIELD_LENGTH = 60


class Problem(HTTPException):
    """An answer that is an error; `extra` adds members to its body."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(status, detail, headers)
        self.extra = extra


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as a problem."""
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


def respond(status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> JSONResponse:
    """The problem as a response."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, headers=dict(headers or {}), media_type="application/problem+json")


def field_path(location: Sequence[str | int]) -> str:
    """A pydantic location as a path, `documents[0].text`; an over-long key is cut: it may be anything."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part[:_MAX_FIELD_LENGTH]}"
    return path.removeprefix(".").encode("ascii", "replace").decode()


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"field": field_path(fault["loc"][1:]) or "body", "message": _message(fault)} for fault in error.errors()[:20]
    ]
    first = faults[0]
    return respond(422, f"{first['field']}: {first['message']}; see /docs for the format", errors=faults)


def _message(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown field"
    return str(fault["msg"]).removeprefix("Value error, ")


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    extra = error.extra if isinstance(error, Problem) else {}
    return respond(error.status_code, str(error.detail), error.headers, **extra)


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    logger.error("unhandled %s in %s %s", type(error).__name__, request.method, request.url.path)
    return respond(500, "an internal error, not yours; try again, and report it if it comes back")
