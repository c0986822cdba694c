"""What operators and their programs ask: GET /livez, /readyz and /metrics."""

import asyncio

import prometheus_client
from fastapi import FastAPI, Request, Response

from copydesk.service.http.problems import Problem


async def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


async def readyz(request: Request) -> dict[str, str]:
    """The model is loaded, its device works, and the service is not about to end."""
    if fault := find_fault(request.app):
        raise Problem(503, fault)
    return {"status": "ok"}


async def metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    request.app.state.metrics.note_ready(is_ready=find_fault(request.app) is None)
    text = await asyncio.to_thread(request.app.state.metrics.render)
    return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)


def find_fault(app: FastAPI) -> str | None:
    """Why requests should go elsewhere, if they should."""
    if app.state.is_draining:
        return "the service is about to end; ask another one"
    fault = app.state.scheduler.fault
    return fault and f"{fault}; see the log"
