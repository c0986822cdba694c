"""Projects and their labels."""

import time
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from copydesk.service.desk.errors import ConflictError, MissingError
from copydesk.service.desk.store.tables import Label, Project

KEYS = "123456789abcdeghijklmnopqrtvwxyz"  # F marks furniture, S skips, U undoes
N_COLOURS = 8  # in desk.css
_MAX_NAME = 80


def list_projects(session: Session) -> list[Project]:
    """All of them, the oldest first."""
    return list(session.scalars(select(Project).order_by(Project.id)))


def get_project(session: Session, project_id: int) -> Project:
    """The project. Raises MissingError."""
    project = session.get(Project, project_id)
    if project is None:
        raise MissingError(f"no project {project_id}; the start page lists those there are")
    return project


def find_project(session: Session, name: str) -> Project:
    """The project of this name. Raises MissingError."""
    project = session.scalar(select(Project).where(Project.name == name))
    if project is None:
        known = ", ".join(repr(one.name) for one in list_projects(session)) or "none yet"
        raise MissingError(f"no project {name[:_MAX_NAME]!r}; there are {known}")
    return project


def add_project(session: Session, name: str, labels: Iterable[str] = ()) -> Project:
    """A new project with these labels. Raises ConflictError."""
    project = Project(name=_check_name(name, "project"))
    session.add(project)
    _flush(session, f"there is a project {project.name!r} already; choose another name")
    for label in labels:
        add_label(session, project.id, label, "")
    return project


def change_project(session: Session, project_id: int, name: str, guideline: str, double_share: float) -> Project:
    """Rename it, or change its guidelines, which makes a new version of them. Raises ConflictError."""
    project = get_project(session, project_id)
    if not 0 <= double_share <= 1:
        raise ConflictError("the share of stories that two people judge is from 0 to 1")
    project.name, project.double_share = _check_name(name, "project"), double_share
    guideline = guideline.replace("\r\n", "\n").strip()
    if guideline != project.guideline:
        project.guideline, project.guideline_version = guideline, project.guideline_version + 1
    _flush(session, f"there is a project {project.name!r} already; choose another name")
    return project


def list_labels(session: Session, project_id: int) -> list[Label]:
    """Those that are asked, in order."""
    of_project = select(Label).where(Label.project_id == project_id, Label.removed_at.is_(None))
    return list(session.scalars(of_project.order_by(Label.id)))


def get_label(session: Session, project_id: int, label_id: int) -> Label:
    """The label, removed or not. Raises MissingError."""
    label = session.get(Label, label_id)
    if label is None or label.project_id != project_id:
        raise MissingError(f"no label {label_id} in this project")
    return label


def add_label(session: Session, project_id: int, name: str, description: str) -> Label:
    """A new label with the first free key; one that was removed comes back with its judgements. Raises
    ConflictError."""
    name = _check_name(name, "label")
    there = list_labels(session, project_id)
    keys = {label.key for label in there}
    free = next((key for key in KEYS if key not in keys), None)
    if free is None:
        raise ConflictError(f"{len(there)} labels are all that have a key; remove one first")
    label = session.scalar(select(Label).where(Label.project_id == project_id, Label.name == name))
    if label is not None and label.removed_at is None:
        raise ConflictError(f"there is a label {name!r} already; choose another name")
    if label is None:
        label = Label(project_id=project_id, name=name, colour=len(there) % N_COLOURS)
        session.add(label)
    label.key, label.description, label.removed_at = free, description.strip(), None
    session.flush()
    return label


def change_label(session: Session, label: Label, name: str, description: str, key: str, colour: int) -> None:
    """Rename it, describe it, give it another key or colour; its judgements stay. Raises ConflictError."""
    others = [one for one in list_labels(session, label.project_id) if one.id != label.id]
    if key not in KEYS or any(one.key == key for one in others):
        raise ConflictError(f"the key {key[:1]!r} is taken, or none of {KEYS}; choose another one")
    label.name, label.description = _check_name(name, "label"), description.strip()
    label.key, label.colour = key, colour % N_COLOURS
    _flush(session, f"there is a label {label.name!r} already, maybe a removed one; choose another name")


def remove_label(label: Label) -> None:
    """Ask for it no more; what was judged is kept."""
    label.removed_at = time.time()


def _check_name(name: str, what: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= _MAX_NAME:
        raise ConflictError(f"the {what}'s name is empty or longer than {_MAX_NAME} characters; give another one")
    return name


def _flush(session: Session, conflict: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise ConflictError(conflict) from error
