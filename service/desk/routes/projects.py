"""/desk and /desk/p/...: projects, their start page, their guidelines and labels."""

from fastapi import APIRouter, Response

from copydesk.service.desk.errors import ConflictError
from copydesk.service.desk.figures.drift import make_drift
from copydesk.service.desk.figures.overview import make_overview
from copydesk.service.desk.queue.leases import MAIN, Lane, count_waiting
from copydesk.service.desk.queue.topics import FULL_TRAINING
from copydesk.service.desk.routes.layout import go_to, show
from copydesk.service.desk.store.projects import (
    KEYS,
    N_COLOURS,
    add_label,
    add_project,
    change_label,
    change_project,
    get_label,
    get_project,
    list_labels,
    list_projects,
    remove_label,
)
from copydesk.service.desk.web.forms import field
from copydesk.service.desk.web.people import DeskOf, Editor, EditorForm, Reader

router = APIRouter()


@router.get("/desk")
def list_all(desk: DeskOf, person: Reader) -> Response:
    """Every project; where there is one alone, its start page."""
    with desk.database.read() as session:
        projects = list_projects(session)
    if len(projects) == 1 and not person.may("editor"):
        return go_to(f"/desk/p/{projects[0].id}")
    return show(desk, person, "projects.html", projects=projects)


@router.post("/desk/projects")
def add_one(desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """A new project, with the labels that were named."""
    names = [name.strip() for name in field(form, "labels").replace(",", "\n").splitlines() if name.strip()]
    with desk.database.write() as session:
        project = add_project(session, field(form, "name"), names)
    return go_to(f"/desk/p/{project.id}")


@router.get("/desk/p/{project_id}")
def show_start(project_id: int, desk: DeskOf, person: Reader) -> Response:
    """The project in numbers, and what is to be done."""
    with desk.database.read() as session:
        project, labels = get_project(session, project_id), list_labels(session, project_id)
        standing = desk.ledger.standing(session, project_id)
        overview = make_overview(session, project_id, labels, standing, desk.digest)
        n_waiting = count_waiting(session, project_id, Lane(MAIN))
    promotions = [event for event in desk.trainer.journal() if event.action in ("promote", "rollback")][:5]
    values = {"overview": overview, "n_waiting": n_waiting, "promotions": promotions, "digest": desk.digest}
    values["drift"] = make_drift(desk.drift) if desk.drift else None
    return show(
        desk, person, "start.html", project=project, top=max(1, *(d.n_stories for d in overview.days)), **values
    )


@router.get("/desk/p/{project_id}/labels")
def show_labels(project_id: int, desk: DeskOf, person: Reader) -> Response:
    """The labels and the guidelines."""
    with desk.database.read() as session:
        project, labels = get_project(session, project_id), list_labels(session, project_id)
        settled = desk.ledger.standing(session, project_id).settled
    n_yes = {label.id: sum(v == "yes" for (_, own), v in settled.items() if own == label.id) for label in labels}
    known = desk.reader.bundle.labels if desk.reader else ()
    values = {"labels": labels, "n_yes": n_yes, "known": known, "keys": KEYS, "n_colours": N_COLOURS}
    return show(desk, person, "labels.html", project=project, full_training=FULL_TRAINING, **values)


@router.post("/desk/p/{project_id}/settings")
def change_settings(project_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """Name, guidelines, and how many stories two people judge."""
    share = _share(field(form, "double_share"))
    with desk.database.write() as session:
        change_project(session, project_id, field(form, "name"), field(form, "guideline"), share)
    return go_to(f"/desk/p/{project_id}/labels")


@router.post("/desk/p/{project_id}/labels")
def add_new_label(project_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """A new label."""
    with desk.database.write() as session:
        get_project(session, project_id)
        add_label(session, project_id, field(form, "name"), field(form, "description"))
    return go_to(f"/desk/p/{project_id}/labels")


@router.post("/desk/p/{project_id}/labels/{label_id}")
def change_one_label(project_id: int, label_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """Another name, description, key or colour."""
    colour = int(number) if (number := field(form, "colour")).isdecimal() else 0
    with desk.database.write() as session:
        label = get_label(session, project_id, label_id)
        change_label(session, label, field(form, "name"), field(form, "description"), field(form, "key"), colour)
    return go_to(f"/desk/p/{project_id}/labels")


@router.post("/desk/p/{project_id}/labels/{label_id}/remove")
def remove_one_label(project_id: int, label_id: int, desk: DeskOf, person: Editor, form: EditorForm) -> Response:
    """Ask for the label no more; what was judged is kept."""
    with desk.database.write() as session:
        remove_label(get_label(session, project_id, label_id))
    return go_to(f"/desk/p/{project_id}/labels")


def _share(text: str) -> float:
    try:
        return float(text) / 100
    except ValueError as error:
        raise ConflictError(f"a share of {text[:20]!r} per cent; expected a number from 0 to 100") from error
