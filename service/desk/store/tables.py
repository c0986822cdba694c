"""Every table. Times are seconds since 1970, UTC; blobs hold numbers as numpy writes them."""

import time
from typing import Any, Literal

from sqlalchemy import JSON, Float, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Role = Literal["reader", "annotator", "editor", "admin"]  # each may do what those before it may
Verdict = Literal["yes", "no", "unsure", "undone"]
Kind = Literal["summary", "furniture"]  # what a choice of sentences is for
Reason = Literal["uncertain", "rare", "random", "second", "least_sure", "topic", "adjudicate", "chosen"]

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables; constraints have names, so that migrations can change them."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own
        float: Float(53),
        str: Text,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        Role: String(16),
        Verdict: String(8),
        Kind: String(16),
        Reason: String(16),
    }


class Meta(Base):
    """Small things that the desk must remember, such as the key that signs its cookies."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Project(Base):
    """Stories that are judged by one set of labels and guidelines."""

    __tablename__ = "project"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    guideline: Mapped[str] = mapped_column(default="")
    guideline_version: Mapped[int] = mapped_column(default=1)
    double_share: Mapped[float] = mapped_column(default=0.1)  # of stories that two people judge
    created_at: Mapped[float] = mapped_column(default=time.time)


class Label(Base):
    """A topic that is asked of every story; one that was removed keeps its judgements."""

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("project_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(default="")
    colour: Mapped[int] = mapped_column(default=0)  # of the palette in desk.css
    key: Mapped[str] = mapped_column(String(1))
    removed_at: Mapped[float | None]


class Annotator(Base):
    """An account. Its epoch rises when its password or role changes, which ends its sessions and links."""

    __tablename__ = "annotator"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[Role]
    password: Mapped[str | None]  # argon2's hash; none before the first, or where a proxy says who it is
    is_active: Mapped[bool] = mapped_column(default=True)
    epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Story(Base):
    """A text, once in each project."""

    __tablename__ = "story"
    __table_args__ = (UniqueConstraint("project_id", "hash"), Index(None, "project_id", "added_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the text
    added_at: Mapped[float] = mapped_column(default=time.time)
    source: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str | None]
    text: Mapped[str]


class Model(Base):
    """A bundle that has read stories here: what the numbers of its predictions mean."""

    __tablename__ = "model"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    labels: Mapped[list[Any]]  # names, in the order of `Prediction.scores`
    thresholds: Mapped[list[Any]]
    since: Mapped[float] = mapped_column(default=time.time)


class Prediction(Base):
    """What a bundle says of a story. The answer stands last: the numbers are read without it."""

    __tablename__ = "prediction"
    __table_args__ = (
        UniqueConstraint("story_id", "digest"),
        Index(None, "project_id", "id"),
        Index(None, "project_id", "digest"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))  # of its story
    story_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"))
    draw: Mapped[float]  # the story's own number in [0, 1), from its hash
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(default=time.time)
    fault: Mapped[str | None]  # why there is no answer
    scores: Mapped[bytes] = mapped_column(LargeBinary)  # float32 [labels]
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # float16 [width], length 1
    answer: Mapped[dict[str, Any] | None]  # as /v1/analyze gives it, with sentences


class Judgement(Base):
    """One answer to one question. Never changed: a newer row counts instead, and undoing is one."""

    __tablename__ = "judgement"
    __table_args__ = (
        UniqueConstraint("save_id", "label_id"),
        Index(None, "story_id", "label_id", "annotator_id", "id"),
        Index(None, "project_id", "id"),
        Index(None, "project_id", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))  # of its story
    save_id: Mapped[str] = mapped_column(String(36))  # of all that was saved at once; the browser makes it
    story_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"))
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    verdict: Mapped[Verdict]
    reason: Mapped[Reason]  # why the story was shown
    guideline_version: Mapped[int]
    at: Mapped[float] = mapped_column(default=time.time)


class Choice(Base):
    """Sentences chosen for the summary, or lines marked as furniture. Never changed, as judgements are not."""

    __tablename__ = "choice"
    __table_args__ = (UniqueConstraint("save_id", "kind"), Index(None, "story_id", "annotator_id", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    save_id: Mapped[str] = mapped_column(String(36))
    story_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    kind: Mapped[Kind]
    spans: Mapped[list[Any] | None]  # [start, end) in code points; none: undone
    at: Mapped[float] = mapped_column(default=time.time)


class QueueItem(Base):
    """A story that waits in a lane for one judgement. While the lease lasts nobody else gets it."""

    __tablename__ = "queue_item"
    __table_args__ = (
        UniqueConstraint("story_id", "lane", "slot"),
        Index(None, "project_id", "lane", "done_at", "rank"),
        Index(None, "annotator_id", "done_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    lane: Mapped[str] = mapped_column(String(40))  # main, adjudicate, topic:ID or least:ID
    story_id: Mapped[int] = mapped_column(ForeignKey("story.id", ondelete="CASCADE"))
    slot: Mapped[int] = mapped_column(default=0)  # 1: a second person's
    rank: Mapped[float]
    reason: Mapped[Reason]
    note: Mapped[str] = mapped_column(default="")  # why, in words
    annotator_id: Mapped[int | None] = mapped_column(ForeignKey("annotator.id"))
    leased_until: Mapped[float | None]
    done_at: Mapped[float | None]


class Skip(Base):
    """Who has passed over which story."""

    __tablename__ = "skip"
    item_id: Mapped[int] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"), primary_key=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"), primary_key=True)


class Job(Base):
    """A training that somebody asked for."""

    __tablename__ = "job"
    __table_args__ = (Index(None, "project_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    asked_by: Mapped[str]
    config: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))  # starting, running, done, failed, cancelled
    started_at: Mapped[float] = mapped_column(default=time.time)
    ended_at: Mapped[float | None]
    fault: Mapped[str | None]
    candidate: Mapped[str | None] = mapped_column(String(64))  # its bundle's digest
    decision: Mapped[str | None] = mapped_column(String(16))  # promoted, refused
