"""Stories: each text once in a project, until it is erased or its time is over."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from copydesk.service.desk.errors import MissingError
from copydesk.service.desk.store.tables import Story

_PIECE = 500  # of hashes that one query asks for
_DAY_S = 86_400.0


@dataclass(frozen=True)
class NewStory:
    """A text that comes in."""

    text: str
    title: str | None = None
    source: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the text, whatever its white space."""
        return hashlib.sha256(" ".join(self.text.split()).encode()).hexdigest()


@dataclass(frozen=True)
class Added:
    """How many stories were new, and how many were there already."""

    n_new: int
    n_known: int
    ids: tuple[int, ...]  # of each that came in, new or known


def draw_of(hash_: str) -> float:
    """A number in [0, 1) that is a hash's own: what chance has to say of a text, each time the same."""
    return int(hash_[:8], 16) / 16**8


def add_stories(session: Session, project_id: int, stories: Sequence[NewStory]) -> Added:
    """Keep those whose text is not there yet."""
    wanted = {story.hash: story for story in stories}
    known = _find(session, project_id, list(wanted))
    new = [
        Story(project_id=project_id, hash=hash_, title=story.title, text=story.text, source=story.source[:200])
        for hash_, story in wanted.items()
        if hash_ not in known
    ]
    session.add_all(new)
    session.flush()
    ids = known | {story.hash: story.id for story in new}
    return Added(len(new), len(stories) - len(new), tuple(ids[story.hash] for story in stories))


def get_story(session: Session, project_id: int, story_id: int) -> Story:
    """The story. Raises MissingError where it is not there any more."""
    story = session.get(Story, story_id)
    if story is None or story.project_id != project_id:
        raise MissingError(f"story {story_id} is not here any more; it was erased, or its time was over")
    return story


def list_stories(session: Session, project_id: int, after: tuple[float, int] | None, limit: int) -> list[Story]:
    """The latest first; `after` is the time and number of the last one that was listed before."""
    query = select(Story).where(Story.project_id == project_id)
    if after is not None:
        query = query.where(tuple_(Story.added_at, Story.id) < after)
    return list(session.scalars(query.order_by(Story.added_at.desc(), Story.id.desc()).limit(limit)))


def count_stories(session: Session, project_id: int) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(Story).where(Story.project_id == project_id)) or 0


def erase_story(session: Session, project_id: int, story_id: int) -> None:
    """Remove the story with all that hangs on it. Raises MissingError."""
    session.delete(get_story(session, project_id, story_id))


def erase_old(session: Session, keep_days: float, limit: int) -> int:
    """Remove stories that came in longer ago, at most so many, and return how many; judged ones go too."""
    old = select(Story.id).where(Story.added_at < time.time() - keep_days * _DAY_S).limit(limit)
    ids = list(session.scalars(old))
    session.execute(delete(Story).where(Story.id.in_(ids)))
    return len(ids)


def _find(session: Session, project_id: int, hashes: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(hashes), _PIECE):
        query = select(Story.hash, Story.id).where(
            Story.project_id == project_id, Story.hash.in_(hashes[start : start + _PIECE])
        )
        found |= dict(session.execute(query).all())
    return found
