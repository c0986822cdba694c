"""The HTTP service."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import prometheus_client
from fastapi import FastAPI, Request, Response

from model.analysis import Document, Failure, Result
from model.analyzer import Analyzer
from service.answers import to_answer
from service.problems import Problem, add_handlers
from service.scheduler import OverloadedError, Scheduler
from service.schemas import AnalyzeRequest, DocumentIn
from service.settings import Settings
from service.strict_json import strict_route
from service.website import add_pages

_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI
    413: _PROBLEM | {"description": "The body is over the limit."},
    422: _PROBLEM | {"description": "The request is malformed, or none of its documents can be analysed."},
    503: _PROBLEM | {"description": "Overloaded; Retry-After says when to come back."},
    504: _PROBLEM | {"description": "The answer took longer than the request's time limit."},
}


def make_app(settings: Settings, load: Callable[[], Analyzer]) -> FastAPI:
    """The app; `load` makes its analyzer when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        analyzer = await asyncio.to_thread(load)
        analyzer.max_document_tokens = settings.max_document_tokens
        app.state.scheduler = Scheduler(analyzer, max_queued_tokens=settings.max_queued_tokens)
        yield
        await asyncio.to_thread(app.state.scheduler.close)

    app = FastAPI(
        title="copydesk",
        summary="Tags, summary and evidence for news articles, from one pass of a small transformer.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    add_pages(app)
    app.state.settings = settings
    add_handlers(app)
    app.router.route_class = strict_route(settings.max_body_bytes)
    app.post("/v1/analyze", responses=_RESPONSES)(analyze)
    app.get("/v1/model")(describe_model)
    for path, route in (("/livez", livez), ("/readyz", readyz), ("/metrics", metrics)):
        app.get(path)(route)
    return app


async def analyze(body: AnalyzeRequest, request: Request) -> dict[str, Any]:
    """Tags, summary and evidence for every document; one bad document never fails its neighbours."""
    state = request.app.state
    settings: Settings = state.settings
    scheduler: Scheduler = state.scheduler
    if len(body.documents) > settings.max_documents:
        raise Problem(
            422, f"documents: {len(body.documents)} documents, the limit is {settings.max_documents}; send fewer"
        )
    documents = [_to_document(document) for document in body.documents]
    try:
        async with asyncio.timeout(settings.request_timeout_s):
            results = await scheduler.analyze(documents, body.to_options())
    except OverloadedError as error:
        headers = {"Retry-After": str(error.retry_after_s)}
        raise Problem(503, f"overloaded; try again in {error.retry_after_s} s", headers=headers) from error
    except TimeoutError as error:
        raise Problem(504, f"no answer within {settings.request_timeout_s:g} s; send less text or try later") from error
    _refuse_if_all_failed(results)
    answers = [to_answer(result, body.include, body.offsets) for result in results]
    bundle = scheduler.analyzer.bundle
    return {"model": {"name": bundle.name, "digest": bundle.digest}, "results": answers}


async def describe_model(request: Request) -> dict[str, Any]:
    """Labels, thresholds, device, limits and metrics of the model that answers."""
    settings: Settings = request.app.state.settings
    analyzer: Analyzer = request.app.state.scheduler.analyzer
    bundle = analyzer.bundle
    return {
        "name": bundle.name,
        "digest": bundle.digest,
        "labels": [asdict(rule) for rule in bundle.rules],
        "encoder": bundle.encoder,
        "device": str(analyzer.device),
        "limits": {
            "max_documents": settings.max_documents,
            "max_body_bytes": settings.max_body_bytes,
            "max_document_tokens": settings.max_document_tokens,
        },
        "metrics": bundle.report.get("held_out", {}),
    }


async def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


async def readyz() -> dict[str, str]:
    """The model is loaded and takes requests."""
    return {"status": "ok"}


async def metrics() -> Response:
    """Prometheus metrics."""
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)


def _to_document(document: DocumentIn) -> Document:
    return Document(document.text or "", document.title, document.id, document.html)


def _refuse_if_all_failed(results: Sequence[Result]) -> None:
    failures = [result for result in results if isinstance(result, Failure)]
    if len(failures) < len(results):
        return
    errors = [{"field": f"documents[{i}]", "code": f.code, "message": f.message} for i, f in enumerate(failures)]
    raise Problem(422, f"documents[0]: {failures[0].message}", errors=errors)
