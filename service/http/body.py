"""The bytes of a body: in time, within the limits of one and of all that are under way, plain or gzipped."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request

from copydesk.service.http.problems import ClientGoneError, Problem

_PIECE_BYTES = 256 * 1024  # is unpacked in half a millisecond
_RETRY_AFTER_S = 1
FREE_BYTES = 64 * 1024  # of each body are not counted, so that slow uploads do not keep articles out


@dataclass(frozen=True)
class BodyLimits:
    """Of one body, unpacked."""

    max_bytes: int
    timeout_s: float  # for all of it
    gap_s: float  # between two parts of it


class BodyBudget:
    """How many bytes the bodies of all requests under way may have together. For the event loop."""

    def __init__(self, max_bytes: int) -> None:
        self.n_bytes = 0
        self._max_bytes = max_bytes

    @contextmanager
    def share(self) -> Iterator["BodyShare"]:
        """One request's share, given back at the end."""
        share = BodyShare(self)
        try:
            yield share
        finally:
            self.n_bytes -= share.n_bytes

    def take(self, n_bytes: int) -> None:
        """Count more bytes. Raises Problem 503 when they do not fit."""
        if self.n_bytes + n_bytes > self._max_bytes:
            detail = f"the bodies under way have {self._max_bytes} bytes already; try again in {_RETRY_AFTER_S} s"
            raise Problem(503, detail, headers={"Retry-After": str(_RETRY_AFTER_S)})
        self.n_bytes += n_bytes


class BodyShare:
    """The bytes of one request, beyond the first few that are free."""

    def __init__(self, budget: BodyBudget) -> None:
        self.n_bytes = 0
        self._n_free = FREE_BYTES
        self._budget = budget

    def take(self, n_bytes: int) -> None:
        """Count more bytes. Raises Problem 503."""
        n_free = min(n_bytes, self._n_free)
        self._budget.take(n_bytes - n_free)
        self._n_free -= n_free
        self.n_bytes += n_bytes - n_free


def check_announced(request: Request, max_bytes: int) -> int:
    """How long the body says it is, 0 if it does not. Raises Problem 413."""
    announced = request.headers.get("content-length", "")
    n_bytes = int(announced) if announced.isdecimal() and len(announced) < 20 else 0
    if n_bytes > max_bytes:
        raise _too_large(max_bytes)
    return n_bytes


async def read_body(request: Request, limits: BodyLimits, share: BodyShare) -> bytes:
    """The body, unpacked; read no further than the limits. Raises Problem 408, 413, 415, 422 or 503."""
    inflater = _inflater(request)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.timeout_s):
            async for chunk in _chunks(request, limits.gap_s):
                for piece in inflater.feed(chunk) if inflater else (chunk,):
                    if len(body) + len(piece) > limits.max_bytes:
                        raise _too_large(limits.max_bytes)
                    share.take(len(piece))
                    body += piece
                    if inflater:
                        await asyncio.sleep(0)
    except TimeoutError as error:
        detail = (
            f"the body did not arrive within {limits.timeout_s:g} s, or stopped for {limits.gap_s:g} s; "
            "send it faster or in parts"
        )
        raise Problem(408, detail, headers={"Connection": "close"}) from error
    if inflater:
        inflater.end()
    return bytes(body)


async def _chunks(request: Request, gap_s: float) -> AsyncIterator[bytes]:
    has_more = True
    while has_more:
        async with asyncio.timeout(gap_s):
            message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        has_more = message.get("more_body", False)
        yield message.get("body", b"")


class _Inflater:
    """Unpacks gzip piece by piece: a kilobyte may hold a megabyte."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)  # gzip's header and checksum

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        piece = b""
        while chunk or len(piece) == _PIECE_BYTES:
            try:
                piece = self._stream.decompress(chunk, _PIECE_BYTES)
            except zlib.error as error:
                raise Problem(422, "the body is not gzip, as Content-Encoding says; send it as it is") from error
            if self._stream.unused_data:
                raise Problem(422, "the body goes on after the end of its gzip; send one gzip stream")
            yield piece
            chunk = self._stream.unconsumed_tail

    def end(self) -> None:
        if not self._stream.eof:
            raise Problem(422, "the body ends before its gzip does; send all of it")


def _inflater(request: Request) -> _Inflater | None:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return None
    if encoding in ("gzip", "x-gzip"):
        return _Inflater()
    detail = f"Content-Encoding: {encoding[:60]} is not read; send gzip, or the body as it is"
    raise Problem(415, detail, headers={"Accept-Encoding": "gzip"})


def _too_large(max_bytes: int) -> Problem:
    return Problem(413, f"the body is too large, the limit is {max_bytes} bytes; send fewer documents at a time")
