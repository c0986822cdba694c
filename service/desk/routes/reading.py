"""/desk/p/.../read: the reading screen, and what its script asks for."""

from collections.abc import Sequence

from fastapi import APIRouter, BackgroundTasks, Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from copydesk.service.desk.desk import Desk
from copydesk.service.desk.errors import ConflictError, MissingError
from copydesk.service.desk.queue import leases
from copydesk.service.desk.queue.leases import ADJUDICATE, MAIN, Lane
from copydesk.service.desk.reading.screen import Shown, show_item, show_story
from copydesk.service.desk.routes.layout import show
from copydesk.service.desk.routes.messages import Claimed, ClaimIn, ItemsIn, Renewed, Saved, SaveIn, UndoIn, Undone
from copydesk.service.desk.store.judgements import Save, is_saved, save, undo
from copydesk.service.desk.store.projects import get_project, list_labels
from copydesk.service.desk.store.tables import Label, QueueItem, Reason, Verdict
from copydesk.service.desk.web.people import Annotating, DeskOf, ForbiddenError, Person, Posting

_RANK_EVERY = 6  # answers on a topic


def add_routes(router: APIRouter, json_router: APIRouter) -> None:
    """The page, and the JSON that its script sends."""
    base = "/desk/p/{project_id}"
    router.get(f"{base}/read")(show_reading)
    for path, function in (("claim", claim), ("save", save_one), ("undo", undo_one), ("skip", skip_one)):
        json_router.post(f"{base}/{path}")(function)
    json_router.post(f"{base}/renew")(renew)
    json_router.post(f"{base}/release")(release)
    json_router.get(f"{base}/story/{{story_id}}")(get_one)


def show_reading(project_id: int, desk: DeskOf, person: Annotating, lane: str = MAIN) -> Response:
    """The reading screen; its script asks for the stories."""
    chosen = _parse(lane, person)
    with desk.database.read() as session:
        project, labels = get_project(session, project_id), list_labels(session, project_id)
    name = next((label.name for label in labels if label.id == chosen.label_id), "")
    lanes = _list_lanes(labels, desk.reader.bundle.labels if desk.reader else (), person)
    return show(desk, person, "read.html", project=project, lane=chosen.name, story_id=0, lanes=lanes, lane_name=name)


def claim(project_id: int, body: ClaimIn, desk: DeskOf, person: Posting) -> Claimed:
    """Hold the next stories of a lane, and show them. More are chosen where too few wait."""
    lane = _parse(body.lane, person)
    shown = _claim(desk, project_id, lane, person, body.n, body.held)
    if len(shown) < body.n:
        desk.lanes.refill(project_id, lane, _meaning(desk, lane))
        held = [*body.held, *(one["item"] for one in shown)]
        shown += _claim(desk, project_id, lane, person, body.n - len(shown), held)
    return Claimed(stories=shown)


def save_one(project_id: int, body: SaveIn, tasks: BackgroundTasks, desk: DeskOf, person: Posting) -> Saved:
    """Keep it. Once this has answered it is on disk."""
    lane = _parse(body.lane, person) if body.lane else None
    try:
        note = _save(desk, project_id, body, person)
    except IntegrityError as error:  # the same save came twice at once: the other one has kept it
        with desk.database.read() as session:
            if not is_saved(session, body.save_id):
                raise ConflictError("the story or a label was erased meanwhile; load the page again") from error
        note = ""
    if lane is not None:
        tasks.add_task(_keep_filled, desk, project_id, lane)
    return Saved(note=note)


def undo_one(project_id: int, body: UndoIn, desk: DeskOf, person: Posting) -> Undone:
    """Take back one's own judgement; the story is held again."""
    lane = _parse(body.lane, person)
    with desk.database.write() as session:
        story_id = undo(session, person.id, body.save_id, body.undo_id)
        item = leases.reopen(session, story_id, person.id, desk.settings.desk_lease_s)
    with desk.database.read() as session:
        heads = desk.heads(session, project_id)
        if item is not None:
            return Undone(story=show_item(session, item, lane, person.id, heads))
        return Undone(story=show_story(session, project_id, story_id, person.id, heads))


def skip_one(project_id: int, body: ItemsIn, desk: DeskOf, person: Posting) -> Renewed:
    """Never show these to this person again."""
    with desk.database.write() as session:
        for item_id in body.items:
            leases.skip(session, _get_item(session, project_id, item_id), person.id)
    return Renewed(n_held=0)


def renew(project_id: int, body: ItemsIn, desk: DeskOf, person: Posting) -> Renewed:
    """Hold these for longer: the page is still open."""
    with desk.database.write() as session:
        return Renewed(n_held=leases.renew(session, person.id, body.items, desk.settings.desk_lease_s))


def release(project_id: int, body: ItemsIn, desk: DeskOf, person: Posting) -> Renewed:
    """Let others have these: the page is left."""
    with desk.database.write() as session:
        leases.release(session, person.id, body.items)
    return Renewed(n_held=0)


def get_one(project_id: int, story_id: int, desk: DeskOf, person: Annotating) -> Shown:
    """One story, whichever waits."""
    with desk.database.read() as session:
        return show_story(session, project_id, story_id, person.id, desk.heads(session, project_id))


def _claim(desk: Desk, project_id: int, lane: Lane, person: Person, n: int, seen: Sequence[int | None]) -> list[Shown]:
    """What this person holds already and does not see, then new items."""
    with desk.database.write() as session:
        held = leases.held_by(session, project_id, lane, person.id, n + len(seen))
        items = [item for item in held if item.id not in seen][:n]
        while len(items) < n and (
            item := leases.claim(session, project_id, lane, person.id, desk.settings.desk_lease_s)
        ):
            items.append(item)
    with desk.database.read() as session:
        heads = desk.heads(session, project_id) if items else {}
        return [show_item(session, item, lane, person.id, heads) for item in items]


def _save(desk: Desk, project_id: int, body: SaveIn, person: Person) -> str:
    verdicts: dict[int, Verdict] = dict(body.verdicts)
    choices = {"summary": body.summary, "furniture": body.furniture}
    new = Save(body.save_id, body.story, verdicts, {kind: own for kind, own in choices.items() if own is not None})  # type: ignore[misc]  # the keys are kinds
    with desk.database.write() as session:
        if is_saved(session, body.save_id):
            return ""
        item = _get_item(session, project_id, body.item) if body.item else None
        if item is not None and item.story_id != body.story:
            raise ConflictError("the item is of another story; load the page again")
        reason: Reason = item.reason if item is not None else "chosen"
        save(session, project_id, person.id, new, reason)
        return leases.finish(session, item, person.id) if item is not None else ""


def _get_item(session: Session, project_id: int, item_id: int) -> QueueItem:
    item = session.get(QueueItem, item_id)
    if item is None or item.project_id != project_id:
        raise MissingError("this story is not in the queue any more; go on with the next one")
    return item


def _parse(name: str, person: Person) -> Lane:
    lane = Lane.parse(name)
    if lane is None:
        raise MissingError(f"no lane {name[:40]!r}; expected main, adjudicate, topic:ID or least:ID")
    if lane.name == ADJUDICATE and not person.may("editor"):
        raise ForbiddenError(f"your role is {person.role}; adjudicating takes editor")
    return lane


def _meaning(desk: Desk, lane: Lane) -> tuple[float, ...]:
    """The vector of a topic's description; it is read by the model, on the event loop."""
    if not lane.is_topic or desk.reader is None:
        return ()
    with desk.database.read() as session:
        label = session.get(Label, lane.label_id)
    return desk.reader.embed(f"{label.name}. {label.description}") if label else ()


def _keep_filled(desk: Desk, project_id: int, lane: Lane) -> None:
    """Choose more stories before they are asked for; a topic's are ranked anew after each few answers."""
    if lane.is_topic:
        with desk.database.read() as session:
            n_answers = sum(own == lane.label_id for _, own in desk.ledger.standing(session, project_id).settled)
        if n_answers % _RANK_EVERY == 0:
            desk.lanes.renew(project_id, lane, _meaning(desk, lane))
            return
    desk.lanes.refill(project_id, lane, ())


def _list_lanes(labels: list[Label], known: tuple[str, ...], person: Person) -> list[tuple[str, str]]:
    """The lanes that this person may choose, by name and in words."""
    lanes = [(MAIN, "What tells most")]
    lanes += [(f"least:{label.id}", f"Least sure: {label.name}") for label in labels if label.name in known]
    lanes += [(f"topic:{label.id}", f"Find: {label.name}") for label in labels if label.name not in known]
    return [*lanes, (ADJUDICATE, "Disputed")] if person.may("editor") else lanes
