"""Judgements and choices: only ever added to; the newest row of a person on a question counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.service.desk.errors import ConflictError, MissingError
from copydesk.service.desk.store.projects import get_project, list_labels
from copydesk.service.desk.store.stories import get_story
from copydesk.service.desk.store.tables import Annotator, Choice, Judgement, Kind, Reason, Verdict

Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Save:
    """What a person says of a story at once. save_id: made by the browser; saving it again changes nothing."""

    save_id: str
    story_id: int
    verdicts: Mapping[int, Verdict]  # by label
    choices: Mapping[Kind, Spans] = field(default_factory=dict)


@dataclass(frozen=True)
class Opinion:
    """What one person holds of one question now."""

    story_id: int
    label_id: int
    annotator_id: int
    verdict: Verdict
    reason: Reason


def is_saved(session: Session, save_id: str) -> bool:
    """Whether this was saved before: the answer got lost, and the browser tries again."""
    return session.scalar(select(Judgement.id).where(Judgement.save_id == save_id).limit(1)) is not None


def save(session: Session, project_id: int, annotator_id: int, new: Save, reason: Reason) -> None:
    """Add a row for each verdict and choice. Raises ConflictError where a label was removed meanwhile."""
    get_story(session, project_id, new.story_id)
    version = get_project(session, project_id).guideline_version
    known = {label.id for label in list_labels(session, project_id)}
    if not new.verdicts or not known.issuperset(new.verdicts):
        raise ConflictError("a label was removed meanwhile; load the page again, and judge this story anew")
    who = {"save_id": new.save_id, "story_id": new.story_id, "annotator_id": annotator_id}
    session.add_all(
        Judgement(
            **who,
            project_id=project_id,
            label_id=label_id,
            verdict=verdict,
            reason=reason,
            guideline_version=version,
        )
        for label_id, verdict in new.verdicts.items()
    )
    session.add_all(
        Choice(**who, kind=kind, spans=[list(span) for span in spans]) for kind, spans in new.choices.items()
    )
    session.flush()


def undo(session: Session, annotator_id: int, save_id: str, undo_id: str) -> int:
    """Take back what was saved, by newer rows; returns the story. Raises MissingError, ConflictError."""
    mine = select(Judgement).where(Judgement.save_id == save_id, Judgement.annotator_id == annotator_id)
    rows = list(session.scalars(mine))
    if not rows:
        raise MissingError("there is nothing to undo; it was erased, or saved by somebody else")
    if any(_newest(session, row) not in (row.id, None) for row in rows):
        raise ConflictError("this was undone or judged anew already; nothing has changed")
    for row in rows:
        who = {"project_id": row.project_id, "story_id": row.story_id, "annotator_id": annotator_id}
        session.add(
            Judgement(
                **who,
                label_id=row.label_id,
                save_id=undo_id,
                verdict="undone",
                reason=row.reason,
                guideline_version=row.guideline_version,
            )
        )
    for choice in session.scalars(select(Choice).where(Choice.save_id == save_id)):
        session.add(
            Choice(save_id=undo_id, story_id=choice.story_id, annotator_id=annotator_id, kind=choice.kind, spans=None)
        )
    session.flush()
    return rows[0].story_id


def list_opinions(session: Session, story_id: int) -> list[Opinion]:
    """What everybody holds of a story now, in the order in which it was said."""
    columns = (Judgement.story_id, Judgement.label_id, Judgement.annotator_id, Judgement.verdict, Judgement.reason)
    last: dict[tuple[int, int], Opinion] = {}
    for row in session.execute(select(*columns).where(Judgement.story_id == story_id).order_by(Judgement.id)):
        opinion = Opinion(*row)
        last[opinion.label_id, opinion.annotator_id] = opinion
    return [opinion for opinion in last.values() if opinion.verdict != "undone"]


def list_choices(session: Session, story_ids: Sequence[int]) -> dict[tuple[int, Kind], list[tuple[str, Spans]]]:
    """By story and kind: each person's choice that stands, the latest last."""
    rows = session.execute(
        select(Choice.story_id, Choice.kind, Choice.annotator_id, Annotator.name, Choice.spans)
        .join(Annotator, Annotator.id == Choice.annotator_id)
        .where(Choice.story_id.in_(story_ids))
        .order_by(Choice.id)
    )
    last: dict[tuple[int, Kind, int], tuple[str, list[tuple[int, int]] | None]] = {}
    for story_id, kind, annotator_id, name, spans in rows:
        last.pop((story_id, kind, annotator_id), None)
        last[story_id, kind, annotator_id] = name, spans and [(start, end) for start, end in spans]
    found: dict[tuple[int, Kind], list[tuple[str, Spans]]] = {}
    for (story_id, kind, _), (name, spans) in last.items():
        if spans is not None:
            found.setdefault((story_id, kind), []).append((name, spans))
    return found


def _newest(session: Session, row: Judgement) -> int | None:
    return session.scalar(
        select(func.max(Judgement.id)).where(
            Judgement.story_id == row.story_id,
            Judgement.label_id == row.label_id,
            Judgement.annotator_id == row.annotator_id,
        )
    )
