"""What was judged, as rows that training reads."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.model.files.json import JsonObject
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.judgements import Spans, list_choices
from copydesk.service.desk.store.ledger import Ledger
from copydesk.service.desk.store.predictions import latest_prediction
from copydesk.service.desk.store.projects import list_labels
from copydesk.service.desk.store.tables import Label, Story
from copydesk.service.desk.store.verdicts import Standing

_PIECE = 500
What = Literal["labels", "editors"]


@dataclass(frozen=True)
class Exported:
    """How many stories were written, and how many of them to test on."""

    n_stories: int
    n_test: int


def rows_of(session: Session, ledger: Ledger, project_id: int, what: What) -> Iterator[JsonObject]:
    """What was judged in a project, or what was corrected."""
    if what == "editors":
        return edited_rows(session, project_id)
    return labelled_rows(session, list_labels(session, project_id), ledger.standing(session, project_id))


def export_lines(database: Database, ledger: Ledger, project_id: int, what: What) -> Iterator[str]:
    """The same, a JSON object a line."""
    with database.read() as session:
        for row in rows_of(session, ledger, project_id, what):
            yield json.dumps(row, ensure_ascii=False) + "\n"


def labelled_rows(session: Session, labels: Sequence[Label], standing: Standing) -> Iterator[JsonObject]:
    """A row for each judged story. A label that was not asked, or on which people differ, is unsure; what chance drew
    is for testing alone."""
    judged = sorted({story_id for story_id, _ in standing.settled})
    for story in _stories(session, judged):
        verdicts = {label.name: standing.settled.get((story.id, label.id), "unsure") for label in labels}
        if all(verdict == "unsure" for verdict in verdicts.values()):
            continue
        yield {
            "id": str(story.id),
            "title": story.title,
            "text": story.text,
            "labels": [name for name, verdict in verdicts.items() if verdict == "yes"],
            "unsure": [name for name, verdict in verdicts.items() if verdict == "unsure"],
            "for_test": story.id in standing.random,
        }


def edited_rows(session: Session, project_id: int) -> Iterator[JsonObject]:
    """A row for each story whose summary or furniture somebody has corrected: its sentences, and the choices by their
    numbers, counted from 1, as editors' files have them."""
    ids = list(session.scalars(select(Story.id).where(Story.project_id == project_id).order_by(Story.id)))
    for start in range(0, len(ids), _PIECE):
        choices = list_choices(session, ids[start : start + _PIECE])
        for story in _stories(session, sorted({story_id for story_id, _ in choices})):
            prediction = latest_prediction(session, story.id)
            answer = (prediction.answer if prediction else None) or {}
            spans = sorted((one["start"], one["end"]) for one in answer.get("sentences", []))
            summaries, furniture = (choices.get((story.id, kind), []) for kind in ("summary", "furniture"))
            if spans and summaries:
                dropped = _numbers(furniture[-1][1] if furniture else (), spans)
                annotations = [
                    {"key": _numbers(key, spans), "also": [], "furniture": dropped, "dangling": []}
                    for _, key in summaries
                ]
                yield {
                    "id": str(story.id),
                    "title": story.title,
                    "text": story.text,
                    "spans": [list(span) for span in spans],
                    "annotations": annotations,
                }


def _numbers(chosen: Spans, spans: Spans) -> list[int]:
    """The numbers of the sentences that begin within the chosen spans, in the order in which these were chosen."""
    return [
        number
        for start, end in chosen
        for number, (begin, _) in enumerate(spans, 1)
        if start <= begin < max(end, start + 1)
    ]


def _stories(session: Session, ids: Sequence[int]) -> Iterator[Story]:
    for start in range(0, len(ids), _PIECE):
        query = select(Story).where(Story.id.in_(ids[start : start + _PIECE])).order_by(Story.id)
        yield from session.scalars(query)
        session.expunge_all()  # so that not every text stays in memory
