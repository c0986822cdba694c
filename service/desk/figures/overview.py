"""The start page of a project in numbers."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from copydesk.service.desk.figures.agreement import krippendorff_alpha
from copydesk.service.desk.figures.quality import LabelQuality, measure
from copydesk.service.desk.queue.leases import count_seconds
from copydesk.service.desk.store.predictions import count_read, list_models, unpack_scores
from copydesk.service.desk.store.stories import count_stories
from copydesk.service.desk.store.tables import Judgement, Label, Prediction
from copydesk.service.desk.store.verdicts import Standing

_DAY_S = 86_400
N_DAYS = 28
_PIECE = 500


@dataclass(frozen=True)
class Day:
    """Stories that were judged on a day."""

    day: str
    n_stories: int


@dataclass(frozen=True)
class LabelFigures:
    """What is known of a label: how many stories carry it, how well the current version finds it, how far people
    agree on it, and on how many stories two were asked."""

    label: Label
    n_yes: int
    n_no: int
    quality: LabelQuality
    alpha: float | None
    n_double: int


@dataclass(frozen=True)
class Overview:
    """A project at a glance."""

    n_stories: int
    n_read: int
    n_judged: int
    n_random: int
    n_disputed: int
    n_second: int
    days: tuple[Day, ...]
    labels: tuple[LabelFigures, ...]

    @property
    def macro_f1(self) -> float | None:
        """The mean over the labels that can be measured."""
        known = [own.quality.f1 for own in self.labels if own.quality.f1 is not None]
        return sum(known) / len(known) if known else None


def make_overview(
    session: Session, project_id: int, labels: Sequence[Label], standing: Standing, digest: str
) -> Overview:
    """The numbers now. digest: of the version that serves."""
    asked = {label.id for label in labels}
    return Overview(
        n_stories=count_stories(session, project_id),
        n_read=count_read(session, project_id, digest),
        n_judged=len(standing.whole),
        n_random=len(standing.random),
        n_disputed=sum(bool(ids & asked) for ids in standing.disputed.values()),
        n_second=count_seconds(session, project_id),
        days=tuple(count_days(session, project_id)),
        labels=tuple(_label_figures(session, labels, standing, digest)),
    )


def count_days(session: Session, project_id: int) -> list[Day]:
    """Judged stories of each of the last days, today last."""
    today = int(time.time()) // _DAY_S
    day = cast(func.floor(Judgement.at / _DAY_S), Integer)
    query = (
        select(day, func.count(func.distinct(Judgement.story_id)))
        .where(Judgement.project_id == project_id, Judgement.at >= (today - N_DAYS + 1) * _DAY_S)
        .where(Judgement.verdict != "undone")
        .group_by(day)
    )
    counts = dict(session.execute(query).all())
    days = range(today - N_DAYS + 1, today + 1)
    return [Day(datetime.fromtimestamp(n * _DAY_S, UTC).date().isoformat(), counts.get(n, 0)) for n in days]


def _label_figures(session: Session, labels: Sequence[Label], standing: Standing, digest: str) -> list[LabelFigures]:
    names = {label.id: label.name for label in labels}
    counts = Counter((label_id, verdict) for (_, label_id), verdict in standing.settled.items())
    truths = {
        (story_id, names[label_id]): verdict == "yes"
        for (story_id, label_id), verdict in standing.settled.items()
        if story_id in standing.random and label_id in names and verdict in ("yes", "no")
    }
    given = _predictions(session, sorted(standing.random), digest)
    qualities = measure(truths, given, list(names.values()))
    answers = _double_answers(standing)
    return [
        LabelFigures(
            label,
            counts[label.id, "yes"],
            counts[label.id, "no"],
            quality,
            krippendorff_alpha(answers[label.id]),
            len(answers[label.id]),
        )
        for label, quality in zip(labels, qualities, strict=True)
    ]


def _double_answers(standing: Standing) -> Mapping[int, list[tuple[bool, ...]]]:
    """By label, the answers on each story that two or more people gave one on."""
    answers: dict[int, list[tuple[bool, ...]]] = defaultdict(list)
    for story in standing.stories.values():
        for label_id, given in story.double.items():
            answers[label_id].append(given)
    return answers


def _predictions(session: Session, story_ids: Sequence[int], digest: str) -> dict[tuple[int, str], bool]:
    """What this version says of the stories, by story and label."""
    model = list_models(session).get(digest)
    given: dict[tuple[int, str], bool] = {}
    for start in range(0, len(story_ids) if model else 0, _PIECE):
        of_these = Prediction.story_id.in_(story_ids[start : start + _PIECE])
        query = select(Prediction.story_id, Prediction.scores).where(of_these, Prediction.digest == digest)
        for story_id, scores in session.execute(query.where(Prediction.fault.is_(None))):
            pairs = zip(model.labels, unpack_scores(scores) >= model.thresholds, strict=True) if model else ()
            given |= {(story_id, label): bool(is_given) for label, is_given in pairs}
    return given
