"""One client's connection: uvicorn's protocol with limits of time, of bytes around the body and of number."""

import asyncio
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MAX_FRAMING_BYTES = 64 * 1024  # of a request's head, its chunks' sizes and extensions, and its trailers
_MAX_PIPELINED = 16  # requests that wait for the answer to the one before; browsers send none so
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class ConnectionLimits:
    """Seconds for a head to arrive and for an answer to be read, and how many connections there may be.

    `proxies` may hold more than `max_per_address`, because they stand for many clients. Headers named in `theirs`, in
    lower case, are believed from them alone.
    """

    head_s: float
    write_s: float
    max_connections: int
    max_per_address: int
    proxies: Collection[IPv4Network | IPv6Network] = ()
    theirs: Collection[bytes] = ()


class Connection(HttpToolsProtocol):
    """Whatever a client does or leaves undone, `reap`, called every second, ends it in time.

    While a request's body is awaited and the app works, the app's own limits hold: it always answers in time.
    """

    limits: ConnectionLimits

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as uvicorn has them
        super().__init__(*args, **kwargs)
        self._n_requests = 0
        self._n_framing = 0
        self._is_in_head = True
        self._is_discarding = False
        self._stage: Hashable = None
        self._stage_began = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Take the connection, or say that there are too many."""
        super().connection_made(transport)
        if self._is_one_too_many():
            self._is_discarding = True
            transport.write(_FULL)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Count what is no body."""
        if self._is_discarding:
            return
        self._n_framing += len(data)
        super().data_received(data)
        if self._n_framing > _MAX_FRAMING_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._n_requests += 1
        self._is_in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer is dropped: joined to the headers it would pass for one."""
        if self._is_in_head and (name.lower() not in self.limits.theirs or self._is_proxy):
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request is handed to the app, or waits for the one before it."""
        self._is_in_head = False
        super().on_headers_complete()
        if len(self.pipeline) > _MAX_PIPELINED:
            raise OverflowError  # the parser stops, and uvicorn answers 400 and closes

    def on_body(self, body: bytes) -> None:
        """Part of a body arrived. As many bytes again may stand around it, for chunks can be small."""
        self._n_framing = max(0, self._n_framing - 2 * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has arrived whole."""
        self._n_framing = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; after an answer to one that is still being sent there is none.

        The rest of it is thrown away until the client closes or its time is up: closed at once, the connection would
        be reset, and the client, who still sends, would never see the answer.
        """
        is_early = self.cycle.more_body and not self.pipeline
        super().on_response_complete()
        if is_early and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._is_discarding = True
            self.transport.write_eof()

    def reap(self, now_s: float) -> None:
        """End the connection if it has been in its present stage for too long."""
        stage, limit_s = self._find_stage()
        if stage != self._stage:
            self._stage, self._stage_began = stage, now_s
        elif now_s - self._stage_began > limit_s:
            self.transport.abort()

    def _find_stage(self) -> tuple[Hashable, float]:
        """What the connection waits for now, and the seconds that it may."""
        if self.transport.is_closing() or self.flow.write_paused:
            return ("write", self._n_requests), self.limits.write_s
        if self._is_discarding or self.cycle is None or self.cycle.response_complete:
            return ("head", self._n_requests), self.limits.head_s
        return ("answer", self._n_requests), float("inf")

    def _is_one_too_many(self) -> bool:
        if len(self.connections) > self.limits.max_connections:
            return True
        if self.client is None or self._is_proxy:
            return False
        ours = (other.client for other in self.connections if isinstance(other, Connection) and other.client)
        n_here = sum(address == self.client[0] for address, _ in ours)
        return n_here > self.limits.max_per_address

    @property
    def _is_proxy(self) -> bool:
        """Whoever is at the other end is a proxy that is believed."""
        client = self.client
        return client is not None and any(ip_address(client[0]) in network for network in self.limits.proxies)
