"""The HTTP service: its routes, and the layers around them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Security, params
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPBearer

from copydesk.client.answers import AnalyzeAnswer
from copydesk.model.analyzer import Analyzer
from copydesk.model.bundles.manifest import Bundle
from copydesk.model.bundles.store import Store
from copydesk.model.drift.reference import Reference, find_reference
from copydesk.service.drift import DriftWatch
from copydesk.service.http.body import BodyBudget, BodyLimits
from copydesk.service.http.body_route import body_route
from copydesk.service.http.layers.access_log import AccessLayer
from copydesk.service.http.layers.api_keys import KeyGate
from copydesk.service.http.layers.browser_rules import BrowserRules
from copydesk.service.http.layers.head import HeadLayer
from copydesk.service.http.layers.hosts import HostGate
from copydesk.service.http.layers.rate_limit import RateGate
from copydesk.service.http.loop_lag import watch_lag
from copydesk.service.http.problems import PROBLEM, add_handlers
from copydesk.service.http.routes.analyze import analyze
from copydesk.service.http.routes.label_studio import add_label_studio
from copydesk.service.http.routes.model import RELOAD_PROBLEMS, describe_model, reload_model
from copydesk.service.http.routes.predict import PredictAnswer, predict
from copydesk.service.http.routes.probes import livez, metrics, readyz
from copydesk.service.http.website import add_pages
from copydesk.service.inference.admission import Admission, estimate_tokens
from copydesk.service.inference.scheduler import Scheduler
from copydesk.service.inference.shadow import Shadow
from copydesk.service.inference.swap import Swapper
from copydesk.service.metrics import Metrics
from copydesk.service.settings import Settings

if TYPE_CHECKING:
    from copydesk.service.otel import Tracer

API_VERSION = "1.0.0"  # of the contract, whatever the release: the 1 in /v1
# For OpenAPI alone: KeyGate and the reload route check the keys.
_BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="An API key, or for the reload an admin key.")
_ANYWHERE: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI
    401: PROBLEM | {"description": "No live API key."},
    421: PROBLEM | {"description": "The Host header names another service."},
    429: PROBLEM | {"description": "Too many requests; Retry-After says when to come back."},
    500: PROBLEM | {"description": "An error of the service."},
}
_WITH_TEXTS: dict[int | str, dict[str, Any]] = {
    408: PROBLEM | {"description": "The body did not arrive in time."},
    413: PROBLEM | {"description": "The body is over the limit."},
    415: PROBLEM | {"description": "The body is not JSON by its Content-Type, or packed in another way than by gzip."},
    422: PROBLEM | {"description": "The request is malformed, or none of its documents can be analysed."},
    503: PROBLEM | {"description": "Overloaded; Retry-After says when to come back."},
    504: PROBLEM | {"description": "The answer took longer than the request's time limit."},
}


def make_app(settings: Settings, load: Callable[[], Analyzer], tracer: "Tracer | None" = None) -> FastAPI:
    """The app; `load` makes its analyzer when it starts."""
    app = FastAPI(
        title="copydesk",
        version=API_VERSION,
        summary="Tags, summary and evidence for news articles, from one pass of a small transformer.",
        lifespan=_lifespan(settings, load),
        docs_url=None,
        redoc_url=None,
        responses=_ANYWHERE,
        generate_unique_id_function=lambda route: route.name,  # clients are generated from it
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.tracer = tracer
    app.state.is_draining = False
    app.state.parts = [_watching]  # what begins and ends with the app: functions from it to an async context manager
    app.state.listeners = []  # told of a request's documents, results, options and bundle: functions, which are quick
    add_pages(app)
    add_handlers(app)
    _add_layers(app, settings)
    _add_routes(app, settings)
    return app


def _lifespan(settings: Settings, load: Callable[[], Analyzer]) -> Callable[[FastAPI], Any]:  # Any: a context manager
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.scheduler = await _start_scheduler(app, settings, load)
        lag = asyncio.create_task(watch_lag(app.state.metrics.note_lag))
        async with _following(app, settings), _shadowing(app, settings), AsyncExitStack() as parts:
            for begin in app.state.parts:
                await parts.enter_async_context(begin(app))
            yield
        lag.cancel()
        await asyncio.to_thread(app.state.scheduler.close)
        if app.state.tracer:
            await asyncio.to_thread(app.state.tracer.close)

    return lifespan


@asynccontextmanager
async def _following(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Follow the store, if there is one."""
    app.state.swapper = None
    if settings.models_dir is None:
        yield
        return
    app.state.swapper = Swapper(app.state.scheduler, Store(settings.models_dir), app.state.metrics)
    watch = asyncio.create_task(app.state.swapper.watch(settings.watch_s))
    yield
    watch.cancel()
    await asyncio.to_thread(app.state.swapper.close)


@asynccontextmanager
async def _shadowing(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Let another version of the store read beside the current one, if one is named."""
    app.state.shadow = None
    if settings.shadow is None or settings.models_dir is None:
        yield
        return
    store = Store(settings.models_dir)
    app.state.shadow = shadow = Shadow(
        app.state.scheduler,
        store,
        store.find(settings.shadow),
        share=settings.shadow_share,
        metrics=app.state.metrics,
    )
    app.state.listeners.append(shadow.note)
    reading = asyncio.create_task(shadow.run())
    yield
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading


@asynccontextmanager
async def _watching(app: FastAPI) -> AsyncIterator[None]:
    """Watch whether texts drift."""
    settings: Settings = app.state.settings
    app.state.drift = DriftWatch(
        lambda: app.state.scheduler.analyzer.bundle,
        lambda bundle: _find_reference(settings, bundle),
        settings.drift_dir,
        app.state.metrics,
    )
    app.state.listeners.append(app.state.drift.note)
    yield
    await app.state.drift.close()


def _find_reference(settings: Settings, bundle: Bundle) -> Reference | None:
    """The operator's own, or the one beside the model. Raises BundleError."""
    own = [settings.drift_dir] if settings.drift_dir else []
    version = settings.models_dir / bundle.digest if settings.models_dir else settings.bundle
    return find_reference(bundle, *own, version if version.is_dir() else settings.bundle)


async def _start_scheduler(app: FastAPI, settings: Settings, load: Callable[[], Analyzer]) -> Scheduler:
    """Only the scheduler holds the analyzer afterwards, so that one that is replaced leaves the memory."""
    analyzer = await asyncio.to_thread(load)
    app.state.metrics.note_model(analyzer.bundle)
    return Scheduler(
        analyzer,
        admission=Admission(settings.max_queue_delay_s, settings.min_queue_tokens),
        max_pass_s=settings.max_pass_s,
        metrics=app.state.metrics,
        tracer=app.state.tracer,
    )


def _add_layers(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost."""
    app.add_middleware(HeadLayer)
    if settings.rate_limit is not None:
        app.add_middleware(RateGate, rate=settings.rate_limit)
    app.add_middleware(KeyGate, digests=settings.api_keys, admins=settings.admin_keys)
    app.add_middleware(HostGate, bind=settings.host, names=settings.allowed_hosts)
    app.add_middleware(AccessLayer, metrics=app.state.metrics, tracer=app.state.tracer)
    app.add_middleware(BrowserRules)


def _add_routes(app: FastAPI, settings: Settings) -> None:
    limits = BodyLimits(settings.max_body_bytes, settings.body_timeout_s, settings.gap_timeout_s)
    app.router.route_class = body_route(limits, BodyBudget(settings.max_pending_body_bytes), _refuse_early)
    with_key = [Security(_BEARER)] if settings.api_keys else []
    _add_text_routes(app, with_key)
    add_label_studio(app, with_key)
    app.get("/v1/model", dependencies=with_key)(describe_model)
    app.post("/v1/model/reload", responses=RELOAD_PROBLEMS, dependencies=[Security(_BEARER)])(reload_model)
    app.get("/livez")(livez)
    app.get("/readyz", responses={503: PROBLEM | {"description": "Send requests elsewhere."}})(readyz)
    app.get("/metrics", response_class=PlainTextResponse, dependencies=with_key)(metrics)


def _add_text_routes(app: FastAPI, dependencies: Sequence[params.Security]) -> None:
    answers: dict[int | str, dict[str, Any]] = {200: {"model": AnalyzeAnswer}}  # Any: OpenAPI
    app.post("/v1/analyze", response_model=None, responses=answers | _WITH_TEXTS, dependencies=dependencies)(analyze)
    app.post("/predict", response_model=PredictAnswer, responses=_WITH_TEXTS, dependencies=dependencies)(predict)


def _refuse_early(request: Request, n_bytes: int) -> None:
    """Refuse, before it is read, a body that would be refused afterwards."""
    request.app.state.scheduler.admission.check(estimate_tokens(n_bytes))
