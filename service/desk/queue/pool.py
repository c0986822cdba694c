"""The stories of a project as numbers, in memory: what the choice of the next ones is computed on."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.service.desk.store.predictions import list_models, unpack_scores, unpack_vector
from copydesk.service.desk.store.tables import Model, Prediction

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

_PIECE = 2_000  # rows that are fetched at once; other threads run between pieces
RESERVED_SHARE = 0.2  # of all stories, set aside by their hash to be drawn at random
_EPSILON = 1e-6


@dataclass(frozen=True)
class Numbers:
    """A project's stories that a model could read, in the order in which they were read.

    margins: float32 [stories, labels], the logit of the score less that of the threshold; NaN where the model does not
    know the label. vectors: float16 [stories, width], of length 1. draw: float32 [stories], the story's own number in
    [0, 1); below `RESERVED_SHARE` only chance may show it.
    """

    labels: tuple[str, ...]
    ids: Ids
    margins: Floats
    vectors: NDArray[np.float16]
    draw: Floats

    @property
    def is_reserved(self) -> NDArray[np.bool_]:
        """Stories that only chance may show, so that they stand for all."""
        return self.draw < RESERVED_SHARE

    def take(self, mask: NDArray[np.bool_]) -> "Numbers":
        """Those of the stories."""
        return Numbers(self.labels, self.ids[mask], self.margins[mask], self.vectors[mask], self.draw[mask])

    def without(self, story_ids: Iterable[int]) -> "Numbers":
        """All but these stories."""
        return self.take(~np.isin(self.ids, np.fromiter(story_ids, np.int64)))


@dataclass(frozen=True)
class _Known:
    """What was read of a project so far, and the last prediction among it."""

    last_id: int
    numbers: Numbers


class Pools:
    """The numbers of each project, read once and then kept up with. For any number of threads."""

    def __init__(self) -> None:
        self._projects: dict[int, _Known] = {}
        self._lock = threading.Lock()

    def numbers(self, session: Session, project_id: int, labels: Sequence[str]) -> Numbers:
        """As the database has them now."""
        with self._lock:
            known = self._projects.get(project_id)
            if known is None or known.numbers.labels != tuple(labels):
                known = _Known(0, _no_numbers(tuple(labels)))
            self._projects[project_id] = known = _read_on(session, project_id, known)
            return known.numbers

    def forget(self) -> None:
        """Read every project anew: stories were erased."""
        with self._lock:
            self._projects.clear()


def _no_numbers(labels: tuple[str, ...]) -> Numbers:
    width = len(labels)
    none = np.zeros(0, np.float32)
    return Numbers(labels, np.zeros(0, np.int64), np.zeros((0, width), np.float32), np.zeros((0, 0), np.float16), none)


def _read_on(session: Session, project_id: int, known: _Known) -> _Known:
    """What is known, and what models have read since."""
    columns = (Prediction.id, Prediction.story_id, Prediction.digest, Prediction.scores, Prediction.vector)
    query = (
        select(*columns, Prediction.draw)
        .where(Prediction.project_id == project_id, Prediction.id > known.last_id, Prediction.fault.is_(None))
        .order_by(Prediction.id)
        .execution_options(yield_per=_PIECE)
    )
    models = list_models(session)
    last_id, parts = known.last_id, [known.numbers]
    for rows in session.execute(query).partitions():
        last_id = rows[-1][0]
        parts.append(_make_numbers(known.numbers.labels, rows, models))
    return _Known(last_id, _join(parts)) if len(parts) > 1 else known


def _make_numbers(labels: tuple[str, ...], rows: Sequence[Any], models: Mapping[str, Model]) -> Numbers:
    """rows: prediction, story, digest, scores, vector and draw of each."""
    margins = np.full((len(rows), len(labels)), np.nan, np.float32)
    digests = np.array([row[2] for row in rows])
    for digest in set(digests.tolist()):
        mask, model = digests == digest, models[digest]
        scores = np.stack([unpack_scores(row[3]) for row, own in zip(rows, mask, strict=True) if own])
        margins[mask] = _margins(scores, model.labels, model.thresholds, labels)
    vectors = [unpack_vector(row[4]) for row in rows]
    width = max(map(len, vectors))
    return Numbers(
        labels,
        np.array([row[1] for row in rows], np.int64),
        margins,
        np.stack([_fit(vector, width) for vector in vectors]),
        np.array([row[5] for row in rows], np.float32),
    )


def _join(parts: Sequence[Numbers]) -> Numbers:
    """All of them; of a story that was read twice the later one."""
    width = parts[-1].vectors.shape[1]
    joined = Numbers(
        parts[-1].labels,
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.margins for part in parts]),
        np.concatenate([part.vectors if part.vectors.shape[1] == width else _blank(part, width) for part in parts]),
        np.concatenate([part.draw for part in parts]),
    )
    _, last = np.unique(joined.ids[::-1], return_index=True)
    keep = np.zeros(len(joined.ids), np.bool_)
    keep[len(joined.ids) - 1 - last] = True
    return joined if keep.all() else joined.take(keep)


def _blank(numbers: Numbers, width: int) -> NDArray[np.float16]:
    """Vectors of another encoder are of no use beside later ones."""
    return np.zeros((len(numbers.ids), width), np.float16)


def _margins(scores: Floats, known: Sequence[str], thresholds: Sequence[float], labels: Sequence[str]) -> Floats:
    """Distances to the thresholds in logits, float32 [stories, labels]."""
    margins = np.full((len(scores), len(labels)), np.nan, np.float32)
    for column, label in enumerate(labels):
        if label in known:
            own = known.index(label)
            margins[:, column] = _logit(scores[:, own]) - _logit(np.float32(thresholds[own]))
    return margins


def _logit(score: Any) -> Any:  # Any: a number or an array of them
    clipped = np.clip(score, _EPSILON, 1 - _EPSILON)
    return np.log(clipped) - np.log1p(-clipped)


def _fit(vector: NDArray[np.float16], width: int) -> NDArray[np.float16]:
    return vector if len(vector) == width else np.zeros(width, np.float16)
