"""What operators and their programs ask: GET /livez, /readyz and /metrics."""

import asyncio

import prometheus_client
from fastapi import Request, Response

from copydesk.service.http.problems import Problem


async def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


async def readyz(request: Request) -> dict[str, str]:
    """The model is loaded, its device works, and the service is not about to end."""
    if request.app.state.is_draining:
        raise Problem(503, "the service is about to end; ask another one")
    if fault := request.app.state.scheduler.health.fault:
        raise Problem(503, f"{fault}; see the log")
    return {"status": "ok"}


async def metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    text = await asyncio.to_thread(request.app.state.metrics.render)
    return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)
