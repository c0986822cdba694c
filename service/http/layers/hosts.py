"""Which names the service answers to: none that somebody else had point here (DNS rebinding)."""

import ipaddress
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from copydesk.service.http.layers.api_keys import HEALTH_PATHS
from copydesk.service.http.problems import respond

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERY_ADDRESS = ("0.0.0.0", "::", "")


class HostGate:
    """ASGI middleware: 421 for a request whose Host is neither a loopback name, nor the address that the service
    listens on, nor among `names`; on every path but the health checks.

    A service that listens on every address takes each address as its Host: names can be pointed here, addresses not.
    """

    def __init__(self, app: ASGIApp, bind: str, names: Collection[str] = ()) -> None:
        self._app = app
        self._names = _LOOPBACK | {bind.lower()} | {name.lower() for name in names}
        self._takes_addresses = bind in _EVERY_ADDRESS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "http" and scope["path"] not in HEALTH_PATHS:
            host = _name_of(Headers(scope=scope).get("host", ""))
            if not self._is_ours(host):
                detail = (
                    f"the Host {host[:100]!r} is not this service's; add it to COPYDESK_ALLOWED_HOSTS if it should be"
                )
                await respond(421, detail)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        return host in self._names or "*" in self._names or (self._takes_addresses and _is_address(host))


def _name_of(host: str) -> str:
    """The Host header without port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
