"""The HTTP service: its routes, and the layers around them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import prometheus_client
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.store import Store
from copydesk.service.http.body import strict_route
from copydesk.service.http.layers.access_log import AccessLayer
from copydesk.service.http.layers.api_keys import KeyGate
from copydesk.service.http.layers.rate_limit import RateGate
from copydesk.service.http.problems import PROBLEM, Problem, add_handlers
from copydesk.service.http.responses import AnalyzeAnswer
from copydesk.service.http.routes.analyze import analyze
from copydesk.service.http.routes.model import RELOAD_PROBLEMS, reload_model
from copydesk.service.http.routes.predict import predict
from copydesk.service.http.website import add_pages
from copydesk.service.inference.admission import Admission, estimate_tokens
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.inference.swap import Swapper
from copydesk.service.metrics import Metrics
from copydesk.service.settings import Settings

_ANYWHERE: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI
    401: PROBLEM | {"description": "No live API key."},
    429: PROBLEM | {"description": "Too many requests; Retry-After says when to come back."},
    500: PROBLEM | {"description": "An error of the service."},
}
_WITH_TEXTS: dict[int | str, dict[str, Any]] = {
    408: PROBLEM | {"description": "The body did not arrive in time."},
    413: PROBLEM | {"description": "The body is over the limit."},
    422: PROBLEM | {"description": "The request is malformed, or none of its documents can be analysed."},
    503: PROBLEM | {"description": "Overloaded; Retry-After says when to come back."},
    504: PROBLEM | {"description": "The answer took longer than the request's time limit."},
}


def make_app(settings: Settings, load: Callable[[], Analyzer]) -> FastAPI:
    """The app; `load` makes its analyzer when it starts."""
    app = FastAPI(
        title="copydesk",
        summary="Tags, summary and evidence for news articles, from one pass of a small transformer.",
        lifespan=_lifespan(settings, load),
        docs_url=None,
        redoc_url=None,
        responses=_ANYWHERE,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.is_draining = False
    add_pages(app)
    add_handlers(app)
    _add_layers(app, settings)
    _add_routes(app, settings)
    return app


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
            "max_document_tokens": analyzer.max_document_tokens,
            "request_timeout_s": settings.request_timeout_s,
        },
        "metrics": bundle.report.get("held_out", {}),
    }


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


def _lifespan(settings: Settings, load: Callable[[], Analyzer]) -> Callable[[FastAPI], Any]:  # Any: a context manager
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.scheduler = await _start_scheduler(settings, load, app.state.metrics)
        app.state.swapper = None
        if settings.models_dir is None:
            yield
        else:
            app.state.swapper = Swapper(app.state.scheduler, Store(settings.models_dir), app.state.metrics)
            watch = asyncio.create_task(app.state.swapper.watch(settings.watch_s))
            yield
            watch.cancel()
            await asyncio.to_thread(app.state.swapper.close)
        await asyncio.to_thread(app.state.scheduler.close)

    return lifespan


async def _start_scheduler(settings: Settings, load: Callable[[], Analyzer], metrics: Metrics) -> Scheduler:
    """Only the scheduler holds the analyzer afterwards, so that one that is replaced leaves the memory."""
    analyzer = await asyncio.to_thread(load)
    metrics.note_model(analyzer.bundle)
    admission = Admission(settings.max_queue_delay_s, settings.min_queue_tokens)
    return Scheduler(analyzer, admission=admission, max_pass_s=settings.max_pass_s, metrics=metrics)


def _add_layers(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost."""
    if settings.rate_limit is not None:
        app.add_middleware(RateGate, rate=settings.rate_limit)
    app.add_middleware(KeyGate, digests=settings.api_keys, admins=settings.admin_keys)
    app.add_middleware(AccessLayer, metrics=app.state.metrics)


def _add_routes(app: FastAPI, settings: Settings) -> None:
    app.router.route_class = strict_route(settings.max_body_bytes, settings.body_timeout_s, _refuse_early)
    app.post("/v1/analyze", response_model=None, responses={200: {"model": AnalyzeAnswer}, **_WITH_TEXTS})(analyze)
    app.post("/predict", responses=_WITH_TEXTS)(predict)
    app.get("/v1/model")(describe_model)
    app.post("/v1/model/reload", responses=RELOAD_PROBLEMS)(reload_model)
    app.get("/livez")(livez)
    app.get("/readyz", responses={503: PROBLEM | {"description": "Send requests elsewhere."}})(readyz)
    app.get("/metrics", response_class=PlainTextResponse)(metrics)


def _refuse_early(request: Request, n_bytes: int) -> None:
    """Refuse, before it is read, a body that would be refused afterwards."""
    request.app.state.scheduler.admission.check(estimate_tokens(n_bytes))
