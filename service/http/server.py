"""The server process: how it starts, drains and ends."""

import asyncio
import gc
import os
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from copydesk.service.settings import Settings

_MAX_HEAD_BYTES = 64 * 1024


def run(app: FastAPI, settings: Settings) -> None:
    """Serve until a signal. The first SIGTERM or SIGINT drains: /readyz turns red, then the port closes, then what
    was admitted ends. A second one ends the process at once."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=_protocol(settings.header_timeout_s),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=round(settings.drain_s),
    )
    gc.freeze()  # a collection that walks the model and its libraries would halt every request for 0.3 s
    Server(config, settings.drain_notice_s, on_drain=lambda: setattr(app.state, "is_draining", True)).run()


class Server(uvicorn.Server):
    """A uvicorn server that announces its end before it closes its port, and then exits with 0."""

    def __init__(self, config: uvicorn.Config, notice_s: float, on_drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._notice_s = notice_s
        self._on_drain = on_drain
        self._close_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; at the second signal, end."""
        if self._close_at < float("inf"):
            os._exit(128 + sig)
        self._close_at = time.monotonic() + self._notice_s
        self._on_drain()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to close the port."""
        return await super().on_tick(counter) or time.monotonic() >= self._close_at


def _protocol(header_timeout_s: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol, which waits for the head of a request without limits, with limits of time and size."""

    class BoundedProtocol(HttpToolsProtocol):
        _head_bytes = 0
        _head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:  # Any: as uvicorn declares it, an asyncio.Transport
            super().connection_made(transport)
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._end_wait()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._head_timer is not None:
                self._head_bytes += len(data)
            super().data_received(data)
            if self._head_timer is not None and self._head_bytes > _MAX_HEAD_BYTES:
                self.transport.abort()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._await_head()

        def on_headers_complete(self) -> None:
            self._end_wait()
            super().on_headers_complete()

        def _await_head(self) -> None:
            self._end_wait()
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(header_timeout_s, self.transport.abort)

        def _end_wait(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

    return BoundedProtocol
