"""Who reads what: an item is held by one person at a time, and never by two."""

import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from copydesk.service.desk.store.tables import QueueItem, Reason, Skip

MAIN, ADJUDICATE = "main", "adjudicate"
_SECOND = "A second opinion: nothing is preset."


@dataclass(frozen=True)
class Lane:
    """A line of waiting stories: the main one, a topic's, that of the least sure, or the disputed ones."""

    name: str
    label_id: int | None = None  # that alone is asked about, in a topic's; or by which the least sure are chosen

    @classmethod
    def parse(cls, name: str) -> "Lane | None":
        """The lane of this name, if it is one."""
        kind, _, number = name.partition(":")
        if kind in ("topic", "least") and number.isdecimal():
            return cls(name, int(number))
        return cls(name) if name in (MAIN, ADJUDICATE) else None

    @property
    def is_topic(self) -> bool:
        """Asks yes or no of one label."""
        return self.name.startswith("topic:")


@dataclass(frozen=True)
class Waiting:
    """A story that is to be put into a lane."""

    story_id: int
    reason: Reason
    note: str = ""
    is_double: bool = False  # two people are to judge it


def claim(session: Session, project_id: int, lane: Lane, annotator_id: int, lease_s: float) -> QueueItem | None:
    """The next item that nobody holds, not this person either, and that this one may judge; held from now on."""
    now = time.time()
    item = session.scalar(
        select(QueueItem)
        .where(_is_waiting(project_id, lane), _is_free(now), ~_is_known_to(annotator_id))
        .order_by(QueueItem.rank, QueueItem.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if item is not None:
        item.annotator_id, item.leased_until = annotator_id, now + lease_s
        session.flush()
    return item


def held_by(session: Session, project_id: int, lane: Lane, annotator_id: int, limit: int) -> list[QueueItem]:
    """What this person holds in the lane already, in order: a page that was loaded again shows the same stories."""
    mine = (_is_waiting(project_id, lane), QueueItem.annotator_id == annotator_id, QueueItem.leased_until > time.time())
    return list(session.scalars(select(QueueItem).where(*mine).order_by(QueueItem.rank, QueueItem.id).limit(limit)))


def renew(session: Session, annotator_id: int, item_ids: list[int], lease_s: float) -> int:
    """Hold these for longer; returns how many are still this person's."""
    still = (QueueItem.id.in_(item_ids), QueueItem.annotator_id == annotator_id, QueueItem.done_at.is_(None))
    done = session.execute(update(QueueItem).where(*still).values(leased_until=time.time() + lease_s))
    return int(done.rowcount)  # type: ignore[attr-defined]  # of an UPDATE there is one


def release(session: Session, annotator_id: int, item_ids: list[int]) -> None:
    """Let others have them."""
    mine = (QueueItem.id.in_(item_ids), QueueItem.annotator_id == annotator_id, QueueItem.done_at.is_(None))
    session.execute(update(QueueItem).where(*mine).values(annotator_id=None, leased_until=None))


def finish(session: Session, item: QueueItem, annotator_id: int) -> str:
    """The item was judged by this person; what they should know, if anything: somebody else may have it by now."""
    if item.done_at is not None and item.annotator_id != annotator_id:
        return (
            "Somebody else had judged this story meanwhile, because your hold on it had ended. Both opinions are kept."
        )
    if item.annotator_id not in (annotator_id, None):
        return "Your hold on this story had ended and somebody else has it now. Both opinions will be kept."
    item.annotator_id, item.done_at = annotator_id, time.time()
    session.flush()
    _leave_other_lanes(session, item)
    return ""


def skip(session: Session, item: QueueItem, annotator_id: int) -> None:
    """Never show the item to this person again; others may have it."""
    if session.get(Skip, (item.id, annotator_id)) is None:
        session.add(Skip(item_id=item.id, annotator_id=annotator_id))
    release(session, annotator_id, [item.id])
    session.flush()


def reopen(session: Session, story_id: int, annotator_id: int, lease_s: float) -> QueueItem | None:
    """The item of a judgement that was undone, held again by the same person."""
    done = select(QueueItem).where(
        QueueItem.story_id == story_id, QueueItem.annotator_id == annotator_id, QueueItem.done_at.is_not(None)
    )
    item = session.scalar(done.order_by(QueueItem.done_at.desc()).limit(1))
    if item is not None:
        item.done_at, item.leased_until = None, time.time() + lease_s
        session.flush()
    return item


def put(session: Session, project_id: int, lane: Lane, waiting: list[Waiting]) -> None:
    """Append them to the lane; those that are in it already stay where they are."""
    ids = [one.story_id for one in waiting]
    in_lane = (QueueItem.project_id == project_id, QueueItem.lane == lane.name)
    there = set(session.scalars(select(QueueItem.story_id).where(*in_lane, QueueItem.story_id.in_(ids))))
    last = session.scalar(select(func.max(QueueItem.rank)).where(*in_lane)) or 0.0
    new = [one for one in waiting if one.story_id not in there]
    for rank, one in enumerate(new, 1):
        common = {"project_id": project_id, "lane": lane.name, "story_id": one.story_id, "rank": last + rank}
        session.add(QueueItem(**common, reason=one.reason, note=one.note))
        if one.is_double:
            session.add(QueueItem(**common, reason=_second(one.reason), note=_SECOND, slot=1))
    session.flush()


def clear(session: Session, project_id: int, lane: Lane) -> None:
    """Take away what waits in the lane and nobody holds: it is chosen anew."""
    of_lane = (_is_waiting(project_id, lane), _is_free(time.time()), QueueItem.slot == 0)
    session.execute(delete(QueueItem).where(*of_lane))


def count_waiting(session: Session, project_id: int, lane: Lane) -> int:
    """Items that nobody holds, second opinions not counted."""
    of_lane = (_is_waiting(project_id, lane), _is_free(time.time()), QueueItem.slot == 0)
    return session.scalar(select(func.count()).select_from(QueueItem).where(*of_lane)) or 0


def count_seconds(session: Session, project_id: int) -> int:
    """Stories that wait for a second person."""
    query = select(func.count()).select_from(QueueItem)
    return session.scalar(query.where(_is_waiting(project_id, Lane(MAIN)), QueueItem.slot == 1)) or 0


def _leave_other_lanes(session: Session, item: QueueItem) -> None:
    """What was judged whole need not be judged again because another lane has it too."""
    if item.lane == MAIN or item.lane.startswith("least:"):
        elsewhere = (QueueItem.story_id == item.story_id, QueueItem.lane != item.lane, QueueItem.annotator_id.is_(None))
        whole = or_(QueueItem.lane == MAIN, QueueItem.lane.startswith("least:"))
        session.execute(delete(QueueItem).where(*elsewhere, whole, QueueItem.slot == 0))


def _is_waiting(project_id: int, lane: Lane) -> ColumnElement[bool]:
    return (QueueItem.project_id == project_id) & (QueueItem.lane == lane.name) & QueueItem.done_at.is_(None)


def _is_free(now: float) -> ColumnElement[bool]:
    return or_(QueueItem.leased_until.is_(None), QueueItem.leased_until < now)


def _is_known_to(annotator_id: int) -> ColumnElement[bool]:
    """The person has passed it over, or holds or judged its twin."""
    other = aliased(QueueItem)
    twin = exists().where(
        other.story_id == QueueItem.story_id,
        other.lane == QueueItem.lane,
        other.slot != QueueItem.slot,
        other.annotator_id == annotator_id,
    )
    skipped = exists().where(Skip.item_id == QueueItem.id, Skip.annotator_id == annotator_id)
    return or_(skipped, twin)


def _second(reason: Reason) -> Reason:
    return reason if reason == "random" else "second"
