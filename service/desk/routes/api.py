"""/v1/desk: the desk for programs. Keys are checked as on every other route of /v1."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.jobs.export import What, export_lines
from copydesk.service.desk.reading.upload import make_story
from copydesk.service.desk.store.projects import find_project
from copydesk.service.desk.store.stories import add_stories
from copydesk.service.desk.store.tables import Job
from copydesk.service.desk.web.people import DeskOf
from copydesk.service.http.layers.api_keys import find_key
from copydesk.service.http.problems import PROBLEM, Problem
from copydesk.service.http.requests import LongText
from copydesk.service.settings import MAX_DOCUMENTS, Settings

PROBLEMS: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI
    403: PROBLEM | {"description": "The service has no admin keys, or this is none of them."},
    404: PROBLEM | {"description": "No such project or training."},
    409: PROBLEM | {"description": "Another training is under way, or there is too little to train on."},
    422: PROBLEM | {"description": "The request is malformed, or a story has no text."},
    503: PROBLEM | {"description": "The database does not answer; Retry-After says when to come back."},
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StoryIn(_Body):
    """A story to be judged: its text, or a page's source."""

    text: LongText | None = None
    html: LongText | None = None
    title: Annotated[str, Field(max_length=2_000)] | None = None
    source: Annotated[str, Field(max_length=200)] = ""


class StoriesIn(_Body):
    """Stories for a project."""

    project: str
    stories: list[StoryIn] = Field(min_length=1, max_length=MAX_DOCUMENTS)


class StoriesOut(BaseModel):
    """How many were new, how many were there already, and the number of each, in order."""

    new: int
    known: int
    ids: list[int]


class TrainIn(_Body):
    """What to train on, and how."""

    project: str
    config: str = "topics"


class JobOut(BaseModel):
    """A training. verdict: the comparison with the version that was current, when it is done."""

    id: int
    state: str
    candidate: str | None
    decision: str | None
    fault: str | None
    verdict: str | None


def add_routes(router: APIRouter) -> None:
    """All of them."""
    router.post("/v1/desk/stories")(take_in)
    router.post("/v1/desk/train")(train)
    router.get("/v1/desk/jobs/{job_id}")(get_job)
    router.get("/v1/desk/export", response_class=StreamingResponse)(export)


def take_in(body: StoriesIn, desk: DeskOf) -> StoriesOut:
    """Add stories; a text that is there already is kept once."""
    found = [make_story(story.model_dump(), f"stories[{i}]").story for i, story in enumerate(body.stories)]
    with desk.database.write() as session:
        added = add_stories(session, find_project(session, body.project).id, found)
    if desk.reader:
        desk.reader.wake()
    return StoriesOut(new=added.n_new, known=added.n_known, ids=list(added.ids))


async def train(body: TrainIn, request: Request, desk: DeskOf) -> JobOut:
    """Start a training on what was judged. Takes an admin key."""
    admins = desk.settings.admin_keys
    if not admins or find_key(request.headers.get("authorization", ""), admins) is None:
        raise Problem(403, "no admin key; set COPYDESK_ADMIN_KEYS, and send yours as Authorization: Bearer KEY")
    return await asyncio.to_thread(_train, desk, body)


def get_job(job_id: int, desk: DeskOf) -> JobOut:
    """How a training is getting on."""
    desk.trainer.settle()
    with desk.database.read() as session:
        return _describe(desk, desk.trainer.get(session, job_id))


def export(project: str, desk: DeskOf, what: What = "labels") -> Response:
    """What was judged, a JSON object a line: labels as `copydesk train` reads them, or summaries and furniture."""
    with desk.database.read() as session:
        project_id = find_project(session, project).id
    lines = export_lines(desk.database, desk.ledger, project_id, what)
    return StreamingResponse(lines, media_type="application/x-ndjson")


def check_open(request: Request) -> None:
    """A dependency: keys are checked before the routes; without any only this machine may ask. Raises Problem 403."""
    settings: Settings = request.app.state.settings
    if not (settings.api_keys or settings.is_local):
        raise Problem(403, "the desk is not open to other machines without keys; set COPYDESK_API_KEYS")


def _train(desk: Desk, body: TrainIn) -> JobOut:
    with desk.database.read() as session:
        project_id = find_project(session, body.project).id
    return _describe(desk, desk.trainer.start(project_id, body.config, "HTTP"))


def _describe(desk: Desk, job: Job) -> JobOut:
    verdict = desk.trainer.verdict(job.id)
    return JobOut(
        id=job.id,
        state=job.state,
        candidate=job.candidate,
        decision=job.decision,
        fault=job.fault,
        verdict=verdict.get("headline") if verdict else None,
    )
