"""What models have said of stories: kept beside each story, the numbers apart from the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.service.desk.store.stories import draw_of
from copydesk.service.desk.store.tables import Judgement, Model, Prediction, Story

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """A story as a model has read it; without an answer, why there is none.

    scores: float32 [labels of the model]; vector: float32 [width], of length 1.
    """

    story_id: int
    answer: dict[str, Any] | None  # JSON
    scores: Vector
    vector: Vector
    fault: str | None = None


def keep_model(session: Session, digest: str, name: str, labels: Sequence[str], thresholds: Sequence[float]) -> None:
    """Note what the numbers of this bundle mean."""
    if session.get(Model, digest) is None:
        session.add(Model(digest=digest, name=name, labels=list(labels), thresholds=list(thresholds)))
        session.flush()


def keep_readings(session: Session, digest: str, readings: Sequence[Reading]) -> None:
    """Add them; stories that were erased or read meanwhile are passed over."""
    ids = [reading.story_id for reading in readings]
    there = {story.id: story for story in session.scalars(select(Story).where(Story.id.in_(ids)))}
    known = set(session.scalars(select(Prediction.story_id).where(_of(digest), Prediction.story_id.in_(ids))))
    session.add_all(
        Prediction(
            story_id=reading.story_id,
            project_id=there[reading.story_id].project_id,
            draw=draw_of(there[reading.story_id].hash),
            digest=digest,
            fault=reading.fault,
            scores=reading.scores.astype("<f4").tobytes(),
            vector=reading.vector.astype("<f2").tobytes(),
            answer=reading.answer,
        )
        for reading in readings
        if reading.story_id in there and reading.story_id not in known
    )


def find_unread(session: Session, digest: str, limit: int) -> list[Story]:
    """Stories that this bundle has not read: judged ones first, then those that none has read, the latest first."""
    read = select(Prediction.id).where(Prediction.story_id == Story.id)
    unread = select(Story).where(~read.where(_of(digest)).exists())
    judged = select(Judgement.id).where(Judgement.story_id == Story.id).exists()
    for query in (unread.where(judged), unread.where(~read.exists()), unread):
        if found := list(session.scalars(query.order_by(Story.id.desc()).limit(limit))):
            return found
    return []


def latest_prediction(session: Session, story_id: int) -> Prediction | None:
    """What the last model that read the story said, if it could be read."""
    of_story = select(Prediction).where(Prediction.story_id == story_id, Prediction.fault.is_(None))
    return session.scalar(of_story.order_by(Prediction.id.desc()).limit(1))


def find_faults(session: Session, story_ids: Sequence[int]) -> dict[int, str]:
    """Why a model could not read which of these stories."""
    faults = select(Prediction.story_id, Prediction.fault).where(Prediction.story_id.in_(story_ids))
    return {story_id: fault for story_id, fault in session.execute(faults.order_by(Prediction.id)) if fault}


def count_read(session: Session, project_id: int, digest: str) -> int:
    """How many stories of the project this bundle has read."""
    of_project = select(func.count()).select_from(Prediction).where(Prediction.project_id == project_id, _of(digest))
    return session.scalar(of_project) or 0


def list_models(session: Session) -> dict[str, Model]:
    """What the numbers of each bundle mean, by digest."""
    return {model.digest: model for model in session.scalars(select(Model))}


def unpack_scores(data: bytes) -> Vector:
    """Float32 [labels]."""
    return np.frombuffer(data, "<f4")


def unpack_vector(data: bytes) -> NDArray[np.float16]:
    """Float16 [width]."""
    return np.frombuffer(data, "<f2")


def _of(digest: str) -> Any:  # Any: SQL
    return Prediction.digest == digest
