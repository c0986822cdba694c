"""How often one client may ask."""

import math
import time

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from copydesk.service.http.layers.api_keys import HEALTH_PATHS
from copydesk.service.http.problems import respond


class RateGate:
    """ASGI middleware: 429 with Retry-After for a key, or without keys an address, that asks more often than `rate`."""

    def __init__(self, app: ASGIApp, rate: RateLimitItem) -> None:
        self._app = app
        self._rate = rate
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "http" and scope["path"] not in HEALTH_PATHS:
            client = scope.get("state", {}).get("key") or (scope["client"] or ("",))[0]
            if not self._limiter.hit(self._rate, client):
                reset_time = self._limiter.get_window_stats(self._rate, client).reset_time
                headers = {"Retry-After": str(max(1, math.ceil(reset_time - time.time())))}
                await respond(429, f"more than {self._rate}; wait and try again", headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)
