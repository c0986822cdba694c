"""JSON as it should be sent: in time, within the size limit, no key twice, no NaN."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from copydesk.service.http.problems import ClientGoneError, Problem


def strict_route(max_bytes: int, timeout_s: float, check_size: Callable[[Request, int], None]) -> type[APIRoute]:
    """A FastAPI route class that reads at most `max_bytes` of a body, for at most `timeout_s`, and parses it with
    `parse`; `check_size` is called with the announced size before anything is read."""

    class StrictRequest(Request):
        async def body(self) -> bytes:
            if not hasattr(self, "_body"):
                n_announced = _announced_bytes(self, max_bytes)
                check_size(self, n_announced)
                self._body = await _read(self, max_bytes, timeout_s)
            return self._body

        async def json(self) -> Any:  # Any: JSON
            return parse(await self.body())

    class StrictRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handler = super().get_route_handler()

            async def strict(request: Request) -> Response:
                request = StrictRequest(request.scope, request.receive)
                if self.body_field:
                    await request.body()  # here, because FastAPI would turn what it raises into a 400
                return await handler(request)

            return strict

    return StrictRoute


def parse(body: bytes) -> Any:  # Any: JSON
    """The value of a JSON body. Raises Problem 422."""
    try:
        return json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        where = f" at byte {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(422, f"the body is not JSON{where}; send an object like the example at /docs") from error


def _announced_bytes(request: Request, max_bytes: int) -> int:
    announced = request.headers.get("content-length", "")
    n_bytes = int(announced) if announced.isdecimal() and len(announced) < 20 else 0
    if n_bytes > max_bytes:
        raise _too_large(max_bytes)
    return n_bytes


async def _read(request: Request, max_bytes: int, timeout_s: float) -> bytes:
    """The body; stops reading as soon as it is over the limit, with a 413, or too slow, with a 408."""
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise _too_large(max_bytes)
    except TimeoutError as error:
        detail = f"the body did not arrive within {timeout_s:g} s; send it faster or in parts"
        raise Problem(408, detail, headers={"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise ClientGoneError from error
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
