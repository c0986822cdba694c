"""A story as the reading screen shows it: its text in pieces, its labels, and what is preset."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from copydesk.service.desk.queue.leases import ADJUDICATE, Lane
from copydesk.service.desk.queue.topics import Head
from copydesk.service.desk.reading.pieces import Piece, cut
from copydesk.service.desk.store.judgements import Opinion, Spans, list_choices, list_opinions
from copydesk.service.desk.store.predictions import latest_prediction, unpack_vector
from copydesk.service.desk.store.projects import list_labels
from copydesk.service.desk.store.stories import get_story
from copydesk.service.desk.store.tables import Annotator, Kind, Label, Prediction, QueueItem, Verdict

TITLE = -1  # where evidence stands that is the title, which is no part of the text
_PROVISIONAL = 0.5  # threshold of a label that no full training knows
_NOT_PRESET = ("random", "second", "topic")  # reasons to be asked afresh
Heads = Mapping[int, Head]


class Asked(TypedDict):
    """A label with what the model says of it. evidence: starts of sentences, strongest first; others: what people
    said, to whoever adjudicates."""

    id: int
    name: str
    description: str
    key: str
    colour: int
    score: float | None
    threshold: float | None
    is_provisional: bool
    evidence: list[int]
    verdict: Verdict
    others: list[str]


class Shown(TypedDict):
    """All of it. summary: starts of sentences; model: the digest of the one that read it."""

    item: int | None
    story: int
    title: str
    source: str
    note: str
    pieces: list[Piece]
    labels: list[Asked]
    summary: list[int]
    model: str


def show_item(session: Session, item: QueueItem, lane: Lane, annotator_id: int, heads: Heads) -> Shown:
    """The story that is next in a lane. heads: of labels that no model knows."""
    shown = show_story(session, item.project_id, item.story_id, annotator_id, heads, item.reason not in _NOT_PRESET)
    labels = [label for label in shown["labels"] if not lane.is_topic or label["id"] == lane.label_id]
    if lane.name != ADJUDICATE:
        labels = [{**label, "others": []} for label in labels]
    return {**shown, "item": item.id, "note": item.note, "labels": labels}


def show_story(
    session: Session, project_id: int, story_id: int, annotator_id: int, heads: Heads, is_preset: bool = True
) -> Shown:
    """The story, with what this person said of it before; else, if it is preset, what the model says. Raises
    MissingError."""
    story = get_story(session, project_id, story_id)
    prediction = latest_prediction(session, story_id)
    answer: Mapping[str, Any] = (prediction.answer if prediction else None) or {}  # JSON
    furniture = {(part["start"], part["end"]): part["kind"] for part in answer.get("furniture", [])}
    said = _Said(session, story_id, annotator_id)
    kinds = {start: kind for (start, _), kind in furniture.items()}
    sentences = [(one["start"], one["end"]) for one in answer.get("sentences", [])]
    summary = [(one["start"], one["end"]) for one in answer.get("summary", {}).get("sentences", [])]
    labels = [
        said.apply(_ask(label, prediction, answer, heads), is_preset=is_preset)
        for label in list_labels(session, project_id)
    ]
    return {
        "item": None,
        "story": story.id,
        "title": story.title or answer.get("story", {}).get("title") or "",
        "source": story.source,
        "note": "",
        "pieces": cut(story.text, sentences, said.choice("furniture", list(furniture)), kinds),
        "labels": labels,
        "summary": [start for start, _ in said.choice("summary", summary)],
        "model": prediction.digest if prediction else "",
    }


class _Said:
    """What people have said of a story so far, seen by one of them."""

    def __init__(self, session: Session, story_id: int, annotator_id: int) -> None:
        self._annotator_id = annotator_id
        self._opinions = list_opinions(session, story_id)
        self._choices = list_choices(session, [story_id])
        self._story_id = story_id
        ids = {one.annotator_id for one in self._opinions}
        names = session.execute(select(Annotator.id, Annotator.name).where(Annotator.id.in_(ids)))
        self._names = dict(names.all())

    def apply(self, label: Asked, *, is_preset: bool) -> Asked:
        """The label with this person's verdict, if there is one, and with everybody's."""
        opinions = [one for one in self._opinions if one.label_id == label["id"]]
        own = next((one.verdict for one in opinions if one.annotator_id == self._annotator_id), None)
        preset = label["verdict"] if is_preset else "no"
        return {**label, "verdict": own or preset, "others": list(map(self._describe, opinions))}

    def choice(self, kind: Kind, otherwise: Spans) -> Spans:
        """The last choice of this kind."""
        found = self._choices.get((self._story_id, kind))
        return found[-1][1] if found else otherwise

    def _describe(self, opinion: Opinion) -> str:
        return f"{self._names[opinion.annotator_id]}: {opinion.verdict}"


def _ask(label: Label, prediction: Prediction | None, answer: Mapping[str, Any], heads: Heads) -> Asked:
    """The label with what is predicted; provisional where only its head knows it."""
    tag: Mapping[str, Any] = next((tag for tag in answer.get("tags", []) if tag["label"] == label.name), {})
    score, threshold = tag.get("score"), tag.get("threshold")
    head = heads.get(label.id)
    is_provisional = not tag and head is not None and prediction is not None
    if not tag and head is not None and prediction is not None:
        score, threshold = float(head.score(unpack_vector(prediction.vector)[None])[0]), _PROVISIONAL
    is_assigned = score is not None and threshold is not None and score >= threshold
    return {
        "id": label.id,
        "name": label.name,
        "description": label.description,
        "key": label.key,
        "colour": label.colour,
        "score": score,
        "threshold": threshold,
        "is_provisional": is_provisional,
        "evidence": [TITLE if one["start"] is None else one["start"] for one in tag.get("evidence", [])],
        "verdict": "yes" if is_assigned else "no",
        "others": [],
    }
