"""/desk/p/.../versions and trainings: started, followed, compared, promoted, refused, taken back."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from copydesk.model.bundles.store import Store
from copydesk.service.desk.desk import Desk
from copydesk.service.desk.jobs import process
from copydesk.service.desk.jobs.export import What, export_lines
from copydesk.service.desk.routes.layout import go_to, show
from copydesk.service.desk.store.projects import get_project
from copydesk.service.desk.web.forms import field
from copydesk.service.desk.web.people import DeskOf, Editor, EditorForm, Reader

router = APIRouter()

_POLL_S = 0.5
_N_EVENTS = 30
_N_FLIPS = 40


@router.get("/desk/p/{project_id}/versions")
def show_versions(project_id: int, desk: DeskOf, person: Reader) -> Response:
    """The version that serves, what became of others, and the trainings of this project."""
    desk.trainer.settle()
    with desk.database.read() as session:
        project, jobs = get_project(session, project_id), desk.trainer.jobs(session, project_id)
        scarce = desk.trainer.find_scarce(session, project_id)
    values = {
        "jobs": jobs,
        "scarce": scarce,
        "events": desk.trainer.journal()[:_N_EVENTS],
        "configs": desk.settings.desk_configs,
    }
    pointer = Store(desk.store).pointer()
    can_go_back = pointer is not None and bool(pointer.before)
    return show(desk, person, "versions.html", project=project, digest=desk.digest, can_go_back=can_go_back, **values)


@router.get("/desk/p/{project_id}/export")
def export(project_id: int, desk: DeskOf, person: Editor, what: What = "labels") -> Response:
    """What was judged, or corrected, as a file."""
    with desk.database.read() as session:
        name = quote(f"{get_project(session, project_id).name}-{what}.jsonl")
    lines = export_lines(desk.database, desk.ledger, project_id, what)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


@router.post("/desk/p/{project_id}/train")
def train(project_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """Start a training."""
    job = desk.trainer.start(project_id, field(form, "config"), person.name)
    return go_to(f"/desk/p/{project_id}/jobs/{job.id}")


@router.post("/desk/p/{project_id}/rollback")
def roll_back(project_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """Make the version current that was before."""
    desk.trainer.rollback(person.name, field(form, "reason"))
    return go_to(f"/desk/p/{project_id}/versions")


@router.get("/desk/p/{project_id}/jobs/{job_id}")
def show_job(project_id: int, job_id: int, desk: DeskOf, person: Reader) -> Response:
    """A training: its log while it runs, then the comparison."""
    desk.trainer.settle()
    with desk.database.read() as session:
        project, job = get_project(session, project_id), desk.trainer.get(session, job_id)
    log, offset = process.read_log(desk.trainer.folder_of(job_id), 0)
    verdict = desk.trainer.verdict(job_id) if job.state == "done" else None
    has_report = verdict is not None and _report(desk, job_id).is_file()
    values = {
        "job": job,
        "log": log,
        "offset": offset,
        "verdict": verdict,
        "n_flips": _N_FLIPS,
        "has_report": has_report,
    }
    return show(desk, person, "job.html", project=project, digest=desk.digest, **values)


@router.get("/desk/p/{project_id}/jobs/{job_id}/report")
def get_report(project_id: int, job_id: int, desk: DeskOf, person: Reader) -> Response:
    """The whole comparison, as a file: its styles stand in it, which this service's rules for pages do not allow."""
    return FileResponse(_report(desk, job_id), filename=f"comparison-{job_id}.html")


@router.post("/desk/p/{project_id}/jobs/{job_id}/cancel")
def cancel(project_id: int, job_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """End a training."""
    desk.trainer.cancel(job_id)
    return go_to(f"/desk/p/{project_id}/jobs/{job_id}")


@router.post("/desk/p/{project_id}/jobs/{job_id}/promote")
def promote(project_id: int, job_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """Make what it gave the current version."""
    desk.trainer.promote(job_id, person.name, field(form, "reason"))
    return go_to(f"/desk/p/{project_id}/versions")


@router.post("/desk/p/{project_id}/jobs/{job_id}/refuse")
def refuse(project_id: int, job_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """Note that it is not wanted."""
    desk.trainer.refuse(job_id, person.name, field(form, "reason"))
    return go_to(f"/desk/p/{project_id}/versions")


@router.get("/desk/p/{project_id}/jobs/{job_id}/events")
async def follow(
    request: Request, project_id: int, job_id: int, desk: DeskOf, person: Reader, offset: int = 0
) -> Response:
    """The log as it grows, as server-sent events; a last one when the training has ended."""
    return StreamingResponse(_events(request, desk, job_id, offset), media_type="text/event-stream")


async def _events(request: Request, desk: Desk, job_id: int, offset: int) -> AsyncIterator[str]:
    folder = desk.trainer.folder_of(job_id)
    while not request.app.state.is_draining and not await request.is_disconnected():
        end = await asyncio.to_thread(process.find_end, folder)  # before the log, so that its last lines are sent
        lines, offset = await asyncio.to_thread(process.read_log, folder, offset)
        if lines:
            yield f"event: log\nid: {offset}\ndata: {json.dumps(lines)}\n\n"
        elif end is not None:
            await asyncio.to_thread(desk.trainer.settle)
            yield "event: end\ndata: {}\n\n"
            return
        else:
            yield ": waiting\n\n"
            await asyncio.sleep(_POLL_S)


def _report(desk: Desk, job_id: int) -> Path:
    return desk.trainer.folder_of(job_id) / "report" / "comparison.html"
