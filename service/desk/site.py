"""The desk as part of the service: its routes, files and errors, on the app of the endpoint."""

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.staticfiles import StaticFiles

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.routes import api, people, projects, reading, signing_in, stories, versions
from copydesk.service.desk.web.faults import add_handlers
from copydesk.service.desk.web.forms import FormReader
from copydesk.service.desk.web.render import STATIC
from copydesk.service.http.body import BodyBudget, BodyLimits
from copydesk.service.http.body_route import body_route


def add_desk(app: FastAPI, desk: Desk) -> None:
    """Let the app serve the desk too."""
    settings = desk.settings
    limits = BodyLimits(settings.desk_max_upload_bytes, settings.request_timeout_s, settings.gap_timeout_s)
    budget = BodyBudget(max(settings.max_pending_body_bytes, 2 * settings.desk_max_upload_bytes))
    app.state.desk, app.state.desk_forms = desk, FormReader(limits, budget)
    app.state.parts.append(desk.running)
    app.mount("/desk/static", StaticFiles(directory=STATIC))
    add_handlers(app)
    pages = APIRouter(include_in_schema=False)
    scripts = APIRouter(include_in_schema=False, route_class=body_route(limits, budget, _take_any))
    reading.add_routes(pages, scripts)
    for part in (signing_in, people, projects, stories, versions):
        pages.include_router(part.router)
    programs = APIRouter(
        dependencies=[Depends(api.check_open)],
        route_class=body_route(limits, budget, _take_any),
        responses=api.PROBLEMS,
    )
    api.add_routes(programs)
    for router in (pages, scripts, programs):
        app.include_router(router)


def _take_any(request: Request, n_bytes: int) -> None:
    """No size is refused before it is read: the desk waits for no model."""
