"""JSON as it should be sent: within the size limit, no key twice, no NaN."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from service.problems import Problem


def strict_route(max_bytes: int) -> type[APIRoute]:
    """A FastAPI route class that reads at most `max_bytes` of a body and parses it with `parse`."""

    class StrictRequest(Request):
        async def body(self) -> bytes:
            if not hasattr(self, "_body"):
                self._body = await _read(self, max_bytes)
            return self._body

        async def json(self) -> Any:  # Any: JSON
            return parse(await self.body())

    class StrictRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handler = super().get_route_handler()

            async def strict(request: Request) -> Response:
                return await handler(StrictRequest(request.scope, request.receive))

            return strict

    return StrictRoute


def parse(body: bytes) -> Any:  # Any: JSON
    """The value of a JSON body. Raises Problem 422."""
    try:
        return json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        where = f" at byte {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(422, f"the body is not JSON{where}; send an object like the example at /docs") from error


async def _read(request: Request, max_bytes: int) -> bytes:
    """The body; stops reading, with a 413, as soon as it is over the limit."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> Problem:
    return Problem(413, f"the body is too large, the limit is {max_bytes} bytes; send fewer documents at a time")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Problem(422, f"key {twice[:60]!r} stands twice in one object; send it once")
    return found


def _refuse(constant: str) -> None:
    raise Problem(422, f"{constant} is not JSON; send a finite number")
