"""Routes that take JSON: the body is read once, within limits, and parsed and validated off the event loop."""

import email.message
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive, Scope

from copydesk.service.http.body import BodyBudget, BodyLimits, check_announced, read_body
from copydesk.service.http.off_loop import run_off_loop
from copydesk.service.http.problems import Problem, invalid
from copydesk.service.http.strict_json import parse


def body_route(limits: BodyLimits, budget: BodyBudget, check_size: Callable[[Request, int], None]) -> type[APIRoute]:
    """A FastAPI route class for bodies within `limits`, all together within `budget`; `check_size` is called with the
    announced size before anything is read."""

    class BodyRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # Any: as FastAPI has it
            handler = super().get_route_handler()
            if self.body_field is None:
                return handler
            schema = TypeAdapter[object](self.body_field.field_info.annotation)  # type: ignore[arg-type]  # never None

            async def read_first(request: Request) -> Response:
                """Here, because FastAPI would turn into a 400 what is raised while it reads."""
                _check_type(request)
                check_size(request, check_announced(request, limits.max_bytes))
                with budget.share() as share:
                    body = await read_body(request, limits, share)
                    return await handler(_ReadRequest(request.scope, request.receive, body, schema))

            return read_first

    return BodyRoute


class _ReadRequest(Request):
    """A request whose body is here; its JSON is the validated model."""

    def __init__(self, scope: Scope, receive: Receive, content: bytes, schema: TypeAdapter[object]) -> None:
        super().__init__(scope, receive)
        self._content = content
        self._schema = schema

    async def body(self) -> bytes:
        return self._content or b" "  # FastAPI would not ask for the JSON of nothing, and what is wrong with it

    async def json(self) -> object:
        return await run_off_loop(len(self._content), _validate, self._content, self._schema)


def _validate(content: bytes, schema: TypeAdapter[object]) -> object:
    try:
        return schema.validate_python(parse(content))
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False, include_input=False)) from None


def _check_type(request: Request) -> None:
    sent = request.headers.get("content-type", "")
    message = email.message.Message()
    message["content-type"] = sent
    kind = message.get_content_type() if sent else ""
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        found = f"Content-Type is {kind[:60]}" if kind else "there is no Content-Type"
        raise Problem(415, f"{found}; send Content-Type: application/json", headers={"Accept-Post": "application/json"})
