"""All judgements of a project that stand, in memory: read once and then kept up with."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.service.desk.store.judgements import Opinion
from copydesk.service.desk.store.tables import Judgement
from copydesk.service.desk.store.verdicts import Standing, StoryStanding, settle

_OVERLAP = 400  # rows that are read again: PostgreSQL may show a row after one with a higher number
_PIECE = 5_000

_Rows = dict[tuple[int, int], tuple[int, Opinion]]  # by label and person: the newest row's number, and what it says


@dataclass
class _Book:
    """The newest rows on each story, undone ones too, and what stands of them."""

    last_id: int = 0
    rows: defaultdict[int, _Rows] = field(default_factory=lambda: defaultdict(dict))
    standing: Standing = field(default_factory=lambda: Standing({}))


class Ledger:
    """The standing of each project. For any number of threads."""

    def __init__(self) -> None:
        self._books: dict[int, _Book] = {}
        self._lock = threading.Lock()

    def standing(self, session: Session, project_id: int) -> Standing:
        """As the database has it now."""
        with self._lock:
            book = self._books.setdefault(project_id, _Book())
            if changed := _read_on(session, project_id, book):
                book.standing = Standing(_without_empty(dict(book.standing.stories) | _settle(book, changed)))
            return book.standing

    def forget(self) -> None:
        """Read every project anew: stories were erased."""
        with self._lock:
            self._books.clear()


def _read_on(session: Session, project_id: int, book: _Book) -> set[int]:
    """Take on newer rows; the stories that they are of."""
    columns = (Judgement.story_id, Judgement.label_id, Judgement.annotator_id, Judgement.verdict, Judgement.reason)
    query = (
        select(Judgement.id, *columns)
        .where(Judgement.project_id == project_id, Judgement.id > book.last_id - _OVERLAP)
        .order_by(Judgement.id)
        .execution_options(yield_per=_PIECE)
    )
    changed = set()
    for row_id, story_id, label_id, annotator_id, verdict, reason in session.execute(query):
        rows = book.rows[story_id]
        if (label_id, annotator_id) not in rows or rows[label_id, annotator_id][0] < row_id:
            rows[label_id, annotator_id] = row_id, Opinion(story_id, label_id, annotator_id, verdict, reason)
            changed.add(story_id)
        book.last_id = max(book.last_id, row_id)
    return changed


def _settle(book: _Book, story_ids: set[int]) -> dict[int, StoryStanding]:
    """What holds of these stories now."""
    said = ((story_id, sorted(book.rows[story_id].values(), key=lambda row: row[0])) for story_id in story_ids)
    return {story_id: settle([one for _, one in rows if one.verdict != "undone"]) for story_id, rows in said}


def _without_empty(stories: dict[int, StoryStanding]) -> dict[int, StoryStanding]:
    """Those of which somebody still holds something."""
    return {story_id: story for story_id, story in stories.items() if story.verdicts}
