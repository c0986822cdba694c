"""All judgements of a project that stand, in memory: read once and then kept up with."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.service.desk.store.judgements import Opinion
from copydesk.service.desk.store.tables import Judgement, Verdict
from copydesk.service.desk.store.verdicts import Question, drawn_at_random, find_disputed, settle

_OVERLAP = 400  # rows that are read again: PostgreSQL may show a row after one with a higher number
_PIECE = 5_000

_Key = tuple[int, int, int]  # story, label, person


@dataclass(frozen=True)
class Standing:
    """What everybody holds of a project's stories at one moment, and what follows from it."""

    opinions: tuple[Opinion, ...]

    @cached_property
    def settled(self) -> Mapping[Question, Verdict]:
        """What holds of each question."""
        return settle(self.opinions)

    @cached_property
    def disputed(self) -> Mapping[int, set[int]]:
        """The labels that wait for adjudication, by story."""
        return find_disputed(self.opinions)

    @cached_property
    def random(self) -> frozenset[int]:
        """Stories that were judged because they were drawn at random."""
        return frozenset(drawn_at_random(self.opinions))

    @cached_property
    def whole(self) -> frozenset[int]:
        """Stories that were asked about every label: a topic's yes or no is asked of one."""
        return frozenset(one.story_id for one in self.opinions if one.reason != "topic")


@dataclass
class _Book:
    """The newest row of each person on each question, undone ones too, and what stands of them."""

    last_id: int
    rows: dict[_Key, tuple[int, Opinion]]
    standing: Standing | None = None


class Ledger:
    """The standing of each project. For any number of threads."""

    def __init__(self) -> None:
        self._books: dict[int, _Book] = {}
        self._lock = threading.Lock()

    def standing(self, session: Session, project_id: int) -> Standing:
        """As the database has it now."""
        with self._lock:
            book = self._books.setdefault(project_id, _Book(0, {}))
            if _read_on(session, project_id, book) or book.standing is None:
                book.standing = Standing(tuple(one for _, one in book.rows.values() if one.verdict != "undone"))
            return book.standing

    def forget(self) -> None:
        """Read every project anew: stories were erased."""
        with self._lock:
            self._books.clear()


def _read_on(session: Session, project_id: int, book: _Book) -> bool:
    """Take on newer rows; whether there were any."""
    columns = (Judgement.story_id, Judgement.label_id, Judgement.annotator_id, Judgement.verdict, Judgement.reason)
    query = (
        select(Judgement.id, *columns)
        .where(Judgement.project_id == project_id, Judgement.id > book.last_id - _OVERLAP)
        .order_by(Judgement.id)
        .execution_options(yield_per=_PIECE)
    )
    is_changed = False
    for row_id, story_id, label_id, annotator_id, verdict, reason in session.execute(query):
        opinion = Opinion(story_id, label_id, annotator_id, verdict, reason)
        key = (opinion.story_id, opinion.label_id, opinion.annotator_id)
        before = book.rows.get(key)
        if before is None or before[0] < row_id:
            book.rows[key] = row_id, opinion
            is_changed = True
        book.last_id = max(book.last_id, row_id)
    return is_changed
