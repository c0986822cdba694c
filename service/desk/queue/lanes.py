"""The lanes, kept filled: which stories wait in each, chosen anew as judgements come in."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.service.desk.errors import MissingError
from copydesk.service.desk.queue import topics
from copydesk.service.desk.queue.leases import ADJUDICATE, MAIN, Lane, Waiting, clear, count_waiting, put
from copydesk.service.desk.queue.pool import Numbers, Pools
from copydesk.service.desk.queue.sampling import Pick, choose_next, pick_least_sure
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.ledger import Ledger
from copydesk.service.desk.store.projects import get_label, get_project, list_labels
from copydesk.service.desk.store.stories import draw_of
from copydesk.service.desk.store.tables import Label, QueueItem, Story
from copydesk.service.desk.store.verdicts import Standing

N_READY = 60  # items that are chosen at once: small, so that they follow the model and what was judged
N_LOW = 25  # below which more are chosen
_TOPIC_READY = 12  # a topic is ranked anew after so few answers
_PIECE = 1_000  # texts that are fetched at once
_WORDS = {  # why a story is shown
    "uncertain": "The model is least sure of {label} here.",
    "rare": "Seldom found so far, and expected here: {label}.",
    "random": "Drawn at random, to measure the model: nothing is preset.",
    "least_sure": "Of the stories with {label}, among those the model is least sure of.",
}


class Lanes:
    """Fills the lanes of all projects. For any number of threads; one at a time fills."""

    def __init__(self, database: Database, pools: Pools, ledger: Ledger) -> None:
        self._database = database
        self._pools = pools
        self._ledger = ledger
        self._filling = threading.Lock()

    def refill(self, project_id: int, lane: Lane, meaning: Sequence[float] = ()) -> None:
        """Put more stories into the lane where few wait. Raises MissingError for a label that is not there.

        meaning: the vector of a topic's description, of length 1; without it words alone count.
        """
        with self._filling:
            with self._database.read() as session:
                n_low = {MAIN: N_LOW, ADJUDICATE: N_READY}.get(lane.name, _TOPIC_READY)
                if count_waiting(session, project_id, lane) >= n_low:
                    return
                waiting = self._choose(session, project_id, lane, meaning)
            if waiting:
                with self._database.write() as session:
                    put(session, project_id, lane, waiting)

    def renew(self, project_id: int, lane: Lane, meaning: Sequence[float] = ()) -> None:
        """Choose anew what waits in the lane."""
        with self._database.write() as session:
            clear(session, project_id, lane)
        self.refill(project_id, lane, meaning)

    def _choose(self, session: Session, project_id: int, lane: Lane, meaning: Sequence[float]) -> list[Waiting]:
        standing = self._ledger.standing(session, project_id)
        labels = list_labels(session, project_id)
        if lane.name == ADJUDICATE:
            return _choose_disputed(standing, labels)
        numbers = self._pools.numbers(session, project_id, [label.name for label in labels])
        left = numbers.without({*_queued(session, project_id, lane), *(() if lane.is_topic else standing.whole)})
        if lane.name == MAIN:
            return _choose_main(session, project_id, labels, standing, left)
        label = get_label(session, project_id, lane.label_id or 0)
        if label.removed_at is not None:
            raise MissingError(f"the label {label.name!r} was removed")
        if not lane.is_topic:
            free = left.take(~left.is_reserved)
            return [_to_waiting(pick) for pick in pick_least_sure(free, label.name, N_READY)]
        return _choose_topic(session, label, numbers, left, topic_answers(standing, label.id), meaning=meaning)


def fit_topic(numbers: Numbers, answers: Mapping[int, bool]) -> topics.Head | None:
    """The head of a label from its answers by story; none before there are enough."""
    known = np.flatnonzero(np.isin(numbers.ids, np.fromiter(answers, np.int64, len(answers))))
    given = [answers[int(story_id)] for story_id in numbers.ids[known]]
    if sum(given) < topics.MIN_YES or all(given):
        return None
    return topics.fit_head(numbers.vectors[known], given)


def topic_answers(standing: Standing, label_id: int) -> dict[int, bool]:
    """Yes or no by story, as it stands now; what is unsure is left out."""
    return {
        story_id: verdict == "yes"
        for (story_id, own), verdict in standing.settled.items()
        if own == label_id and verdict in ("yes", "no")
    }


def _choose_main(
    session: Session, project_id: int, labels: Sequence[Label], standing: Standing, numbers: Numbers
) -> list[Waiting]:
    positive = Counter(label_id for (_, label_id), verdict in standing.settled.items() if verdict == "yes")
    picks = choose_next(numbers, [positive[label.id] for label in labels], N_READY)
    share = get_project(session, project_id).double_share
    hashes = dict(_hashes(session, [pick.story_id for pick in picks]))
    return [_to_waiting(pick, is_double=draw_of(hashes[pick.story_id][8:]) < share) for pick in picks]


def _choose_topic(
    session: Session,
    label: Label,
    numbers: Numbers,
    left: Numbers,
    answers: Mapping[int, bool],
    *,
    meaning: Sequence[float],
) -> list[Waiting]:
    """By the description, until enough yeses make a head."""
    head = fit_topic(numbers, answers)
    left = left.take(~left.is_reserved).without(answers)
    if not len(left.ids):
        return []
    if head is not None:
        note = f"Provisional: learned from the answers on {label.name} so far."
        order = topics.order_by_head(head.score(left.vectors), _TOPIC_READY)
    else:
        note = f"Like the description of {label.name}, by words and by meaning."
        order = _by_description(session, label, left, meaning)[:N_READY]
    return [Waiting(int(left.ids[i]), "topic", note) for i in order]


def _by_description(session: Session, label: Label, numbers: Numbers, meaning: Sequence[float]) -> list[int]:
    query = f"{label.name}. {label.description}"
    by_words = topics.rank_by_words(query, _texts(session, numbers))
    if len(meaning) != numbers.vectors.shape[1]:
        scores = by_words
    else:
        scores = topics.fuse(by_words, numbers.vectors.astype(np.float32) @ np.asarray(meaning, np.float32))
    return [int(i) for i in np.argsort(-scores, kind="stable")]


def _texts(session: Session, numbers: Numbers) -> Iterator[str]:
    """Title and text of each story, in the order of the numbers."""
    ids = [int(story_id) for story_id in numbers.ids]
    for start in range(0, len(ids), _PIECE):
        rows = session.execute(
            select(Story.id, Story.title, Story.text).where(Story.id.in_(ids[start : start + _PIECE]))
        )
        found = {story_id: f"{title or ''}\n{text}" for story_id, title, text in rows}
        yield from (found.get(story_id, "") for story_id in ids[start : start + _PIECE])


def _choose_disputed(standing: Standing, labels: Sequence[Label]) -> list[Waiting]:
    names = {label.id: label.name for label in labels}
    disputed = {story_id: sorted(ids & names.keys()) for story_id, ids in standing.disputed.items()}
    return [
        Waiting(story_id, "adjudicate", f"People differ on {', '.join(names[label_id] for label_id in ids)}.")
        for story_id, ids in sorted(disputed.items())
        if ids
    ]


def _queued(session: Session, project_id: int, lane: Lane) -> set[int]:
    in_lane = (QueueItem.project_id == project_id, QueueItem.lane == lane.name)
    return set(session.scalars(select(QueueItem.story_id).where(*in_lane)))


def _hashes(session: Session, ids: Sequence[int]) -> list[tuple[int, str]]:
    return [
        (story_id, hash_) for story_id, hash_ in session.execute(select(Story.id, Story.hash).where(Story.id.in_(ids)))
    ]


def _to_waiting(pick: Pick, *, is_double: bool = False) -> Waiting:
    words = (
        _WORDS[pick.reason] if pick.label or pick.reason == "random" else "Unlike the stories that were judged so far."
    )
    return Waiting(pick.story_id, pick.reason, words.format(label=pick.label), is_double=is_double)
