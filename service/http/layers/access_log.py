"""The outermost layer: a request's id, trace, log line and numbers; an unforeseen error becomes a 500 here."""

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from copydesk.model.boundary import where
from copydesk.service.http.problems import respond
from copydesk.service.logs import request_id
from copydesk.service.metrics import Metrics
from copydesk.service.traces import RequestTrace, request_trace

if TYPE_CHECKING:
    from copydesk.service.otel import Tracer

logger = logging.getLogger(__name__)

_PROBES = ("/livez", "/readyz", "/metrics")  # nobody looks for the time that these take
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class AccessLayer:
    """ASGI middleware. X-Request-Id is taken over if it is short and plain, else made, and sent back."""

    def __init__(self, app: ASGIApp, metrics: Metrics, tracer: "Tracer | None" = None) -> None:
        self._app = app
        self._metrics = metrics
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        identity = _choose_id(Headers(scope=scope).get("x-request-id", ""))
        tokens = request_id.set(identity), request_trace.set(self._begin_trace(scope))

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = identity
                if scope["app"].state.is_draining:
                    headers["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            fields = {"error": type(error).__name__, "at": where(error.__traceback__)}
            logger.error("unhandled error", extra={"fields": fields})  # noqa: TRY400 - a traceback may hold text
            if status:
                raise
            detail = "an internal error, not yours; try again, and report it if it comes back"
            await respond(500, detail)(scope, receive, send_with_id)
        finally:
            self._note(scope, status, time.perf_counter() - started)
            request_id.reset(tokens[0])
            request_trace.reset(tokens[1])

    def _begin_trace(self, scope: Scope) -> RequestTrace | None:
        if self._tracer is None or scope["path"] in _PROBES:
            return None
        return self._tracer.begin(scope["method"], Headers(scope=scope))

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None)  # never the path as sent: it may be anything
        if self._tracer and (trace := request_trace.get()):
            self._tracer.end(trace, method=scope["method"], route=route, status=status)
        route = route or "none"
        self._metrics.note_response(route, status, seconds)
        fields = {"method": scope["method"], "route": route, "status": status, "ms": round(1000 * seconds, 1)}
        logger.info("answered", extra={"fields": fields})


def _choose_id(sent: str) -> str:
    return sent if _ID.fullmatch(sent) else uuid.uuid4().hex
