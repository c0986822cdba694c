"""The server process: how it starts, drains and ends."""

import gc
import os
import time
from collections.abc import Callable
from ipaddress import ip_network
from types import FrameType

import uvicorn
from fastapi import FastAPI

from copydesk.service.http.connection import Connection, ConnectionLimits
from copydesk.service.settings import Settings

_TICKS_PER_REAP = 10  # a second


def run(app: FastAPI, settings: Settings) -> None:
    """Serve until a signal. The first SIGTERM or SIGINT drains: /readyz turns red, then the port closes, then what
    was admitted ends. A second one ends the process at once."""
    gc.freeze()  # a collection that walks the model and its libraries would halt every request for 0.3 s
    Server(
        make_config(app, settings),
        settings.drain_notice_s,
        on_drain=lambda: setattr(app.state, "is_draining", True),
    ).run()


def make_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the app: behind proxies only where the settings name them."""

    class BoundedConnection(Connection):
        limits = ConnectionLimits(
            head_s=settings.header_timeout_s,
            write_s=settings.write_timeout_s,
            max_connections=settings.max_connections,
            max_per_address=settings.max_connections_per_address,
            proxies=tuple(map(ip_network, settings.trusted_proxies)),
            theirs=(settings.desk_user_header.lower().encode(),) if settings.desk_user_header else (),
        )

    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=BoundedConnection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=round(settings.drain_s),
    )


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
        """Ten times a second: whether to close the port. Connections whose time is up end here."""
        if counter % _TICKS_PER_REAP == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.reap(time.monotonic())
        return await super().on_tick(counter) or time.monotonic() >= self._close_at
