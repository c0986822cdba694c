"""Errors as RFC 9457 problem+json. A problem names the field and the remedy and never holds the text that was sent."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from copydesk.model.errors import InstallError
from copydesk.service.inference.admission import OverloadedError
from copydesk.service.inference.backlog import ForwardError

CLIENT_GONE = 499  # nginx's number for it
_MAX_FIELD_LENGTH = 60
_MAX_FAULTS = 20
_MESSAGES = {  # instead of pydantic's
    "extra_forbidden": "unknown field",
    "model_type": "expected an object",
}
_MEMBERS = {"type": "string", "title": "string", "status": "integer", "detail": "string"}
PROBLEM: dict[str, Any] = {  # Any: OpenAPI
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": list(_MEMBERS),
                "properties": {name: {"type": kind} for name, kind in _MEMBERS.items()},
            }
        }
    }
}


class Problem(HTTPException):
    """An answer that is an error; `extra` adds members to its body."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(status, detail, headers)
        self.extra = extra


class ClientGoneError(Exception):
    """The client closed the connection before it had its answer."""


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as a problem."""
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(OverloadedError, _on_overload)
    app.add_exception_handler(ForwardError, _on_failed_pass)
    app.add_exception_handler(InstallError, _on_broken_install)
    app.add_exception_handler(ClientGoneError, _on_client_gone)


def respond(status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> JSONResponse:
    """The problem as a response."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, headers=dict(headers or {}), media_type="application/problem+json")


def invalid(faults: Sequence[Mapping[str, Any]]) -> Problem:  # Any: pydantic's error details
    """The problem of a request in which pydantic found these faults, in the order of its fields."""
    errors = [{"field": _field_path(f["loc"]) or "body", "message": _message(f)} for f in faults[:_MAX_FAULTS]]
    first = errors[0]
    return Problem(422, f"{first['field']}: {first['message']}; see /docs for the format", errors=errors)


def _field_path(location: Sequence[str | int]) -> str:
    """A pydantic location as a path, `documents[0].text`; an over-long key is cut: it may be anything."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part[:_MAX_FIELD_LENGTH]}"
    return path.removeprefix(".").encode("ascii", "replace").decode()


def _message(fault: Mapping[str, Any]) -> str:  # Any: pydantic's error details
    return _MESSAGES.get(fault["type"]) or str(fault["msg"]).removeprefix("Value error, ")


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _respond(invalid([{**fault, "loc": fault["loc"][1:]} for fault in error.errors()]))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _respond(_wrong_method(request, (error.headers or {})["Allow"]))
    return _respond(error)


def _respond(error: HTTPException) -> JSONResponse:
    extra = error.extra if isinstance(error, Problem) else {}
    return respond(error.status_code, str(error.detail), error.headers, **extra)


def _wrong_method(request: Request, allow: str) -> Problem:
    if "HEAD" not in allow:
        allow = allow.replace("GET", "GET, HEAD")
    return Problem(405, f"this path takes no {request.method}; send {allow}", headers={"Allow": allow})


async def _on_overload(request: Request, error: Exception) -> Response:
    assert isinstance(error, OverloadedError)
    headers = {"Retry-After": str(error.retry_after_s)}
    return respond(503, f"overloaded; try again in {error.retry_after_s} s", headers)


async def _on_failed_pass(request: Request, error: Exception) -> Response:
    return respond(500, "the model failed on these texts or on some beside them; try again")


async def _on_broken_install(request: Request, error: Exception) -> Response:
    return respond(500, f"the service is not completely installed; its operator can mend that: {error}")


async def _on_client_gone(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)  # nobody reads it; logs and metrics do
