"""/desk/p/.../stories: what there is, files handed in, stories erased."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.reading.upload import Labelled, Uploaded, read_files
from copydesk.service.desk.routes.layout import go_to, show
from copydesk.service.desk.store.judgements import Save, save
from copydesk.service.desk.store.predictions import find_faults
from copydesk.service.desk.store.projects import get_project, list_labels
from copydesk.service.desk.store.stories import Added, add_stories, erase_story, get_story, list_stories
from copydesk.service.desk.store.tables import Verdict
from copydesk.service.desk.web.forms import field, read_uploads
from copydesk.service.desk.web.people import Admin, AdminForm, Annotating, DeskOf, Editor, EditorForm, Person, Reader

router = APIRouter()

_PER_PAGE = 50
_AT_ONCE = 1_000  # stories that one transaction adds


async def _read_uploads(form: EditorForm) -> list[tuple[str, bytes]]:
    return await read_uploads(form, "files")


_Files = Annotated[list[tuple[str, bytes]], Depends(_read_uploads)]


@router.get("/desk/p/{project_id}/stories")
def show_stories(project_id: int, desk: DeskOf, person: Reader, after: str = "") -> Response:
    """The latest stories, and the form for files."""
    return _show(desk, person, project_id, _place(after))


@router.post("/desk/p/{project_id}/stories")
def hand_in(project_id: int, desk: DeskOf, person: Editor, form: EditorForm, files: _Files) -> Response:
    """Take in the stories of files, or one that was pasted."""
    if text := field(form, "text").strip():
        files = [*files, ("pasted.txt", text.encode())]
    uploaded = read_files(files)
    is_labelled = field(form, "with_labels") == "yes"
    n_new = n_known = 0
    for start in range(0, len(uploaded.stories), _AT_ONCE):
        with desk.database.write() as session:
            get_project(session, project_id)
            part = uploaded.stories[start : start + _AT_ONCE]
            added = add_stories(session, project_id, [one.story for one in part])
            if is_labelled:
                _keep_labels(session, project_id, person, part, added)
        n_new, n_known = n_new + added.n_new, n_known + added.n_known
    if desk.reader:
        desk.reader.wake()
    return _show(desk, person, project_id, None, Added(n_new, n_known, ()), uploaded)


@router.post("/desk/p/{project_id}/stories/{story_id}/erase")
def erase(project_id: int, story_id: int, desk: DeskOf, person: Admin, form: AdminForm) -> Response:
    """Remove a story with all that hangs on it."""
    with desk.database.write() as session:
        erase_story(session, project_id, story_id)
    desk.forget_erased()
    return go_to(f"/desk/p/{project_id}/stories")


@router.get("/desk/p/{project_id}/stories/{story_id}")
def show_one(request: Request, project_id: int, story_id: int, desk: DeskOf, person: Annotating) -> Response:
    """The reading screen with this story."""
    with desk.database.read() as session:
        project = get_project(session, project_id)
        get_story(session, project_id, story_id)
    return show(desk, person, "read.html", project=project, lane="", story_id=story_id, lanes=[], lane_name="")


def _show(
    desk: Desk,
    person: Person,
    project_id: int,
    after: tuple[float, int] | None,
    added: Added | None = None,
    uploaded: Uploaded | None = None,
) -> Response:
    with desk.database.read() as session:
        project = get_project(session, project_id)
        stories = list_stories(session, project_id, after, _PER_PAGE + 1)
        settled = desk.ledger.standing(session, project_id).settled
        labels = list_labels(session, project_id)
        faults = find_faults(session, [story.id for story in stories])
    shown = stories[:_PER_PAGE]
    more = f"{shown[-1].added_at!r}-{shown[-1].id}" if len(stories) > _PER_PAGE else ""
    given = {story.id: [label for label in labels if settled.get((story.id, label.id)) == "yes"] for story in shown}
    judged = {story_id for story_id, _ in settled}
    values = {
        "stories": shown,
        "faults": faults,
        "given": given,
        "judged": judged,
        "more": more,
        "added": added,
        "uploaded": uploaded,
    }
    limit_mb = desk.settings.desk_max_upload_bytes // 2**20
    return show(desk, person, "stories.html", project=project, limit_mb=limit_mb, **values)


def _keep_labels(session: Session, project_id: int, person: Person, part: Sequence[Labelled], added: Added) -> None:
    """Take the labels that stories came with as judgements of whoever handed them in."""
    ids = {label.name: label.id for label in list_labels(session, project_id)}
    for one, story_id in zip(part, added.ids, strict=True):
        if one.labels is None or not ids:
            continue
        verdicts: dict[int, Verdict] = {
            label_id: "yes" if name in one.labels else "unsure" if name in one.unsure else "no"
            for name, label_id in ids.items()
        }
        save(session, project_id, person.id, Save(str(uuid.uuid4()), story_id, verdicts), "chosen")


def _place(after: str) -> tuple[float, int] | None:
    at, _, story_id = after.rpartition("-")
    try:
        return float(at), int(story_id)
    except ValueError:
        return None
