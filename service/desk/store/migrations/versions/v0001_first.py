"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
_TABLES = (  # those that others point to last
    "skip", "queue_item", "prediction", "judgement", "choice", "story", "label", "job", "project", "model", "meta",
    "annotator",
)  # fmt: skip


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "annotator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_annotator"),
        sa.UniqueConstraint("name", name="uq_annotator_name"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "model",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.Column("since", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_model"),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("guideline", sa.Text(), nullable=False),
        sa.Column("guideline_version", sa.Integer(), nullable=False),
        sa.Column("double_share", sa.Float(precision=53), nullable=False),
        sa.Column("created_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
        sa.UniqueConstraint("name", name="uq_project_name"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.Float(precision=53), nullable=False),
        sa.Column("ended_at", sa.Float(precision=53), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("candidate", sa.String(length=64), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_job_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_project_id_id", "job", ["project_id", "id"], unique=False)
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("colour", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=1), nullable=False),
        sa.Column("removed_at", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_label_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_label"),
        sa.UniqueConstraint("project_id", "name", name="uq_label_project_id_name"),
    )
    op.create_table(
        "story",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.Float(precision=53), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_story_project_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
        sa.UniqueConstraint("project_id", "hash", name="uq_story_project_id_hash"),
    )
    op.create_index("ix_story_project_id_added_at", "story", ["project_id", "added_at"], unique=False)
    op.create_table(
        "choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("save_id", sa.String(length=36), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=True),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name="fk_choice_annotator_id"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_choice_story_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_choice"),
        sa.UniqueConstraint("save_id", "kind", name="uq_choice_save_id_kind"),
    )
    op.create_index("ix_choice_story_id_annotator_id_id", "choice", ["story_id", "annotator_id", "id"], unique=False)
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("save_id", sa.String(length=36), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("guideline_version", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name="fk_judgement_annotator_id"),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name="fk_judgement_label_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_judgement_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_judgement_story_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_judgement"),
        sa.UniqueConstraint("save_id", "label_id", name="uq_judgement_save_id_label_id"),
    )
    op.create_index("ix_judgement_project_id_at", "judgement", ["project_id", "at"], unique=False)
    op.create_index("ix_judgement_project_id_id", "judgement", ["project_id", "id"], unique=False)
    op.create_index(
        "ix_judgement_story_id_label_id_annotator_id_id",
        "judgement",
        ["story_id", "label_id", "annotator_id", "id"],
        unique=False,
    )
    op.create_table(
        "prediction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("draw", sa.Float(precision=53), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_prediction_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_prediction_story_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_prediction"),
        sa.UniqueConstraint("story_id", "digest", name="uq_prediction_story_id_digest"),
    )
    op.create_index("ix_prediction_project_id_digest", "prediction", ["project_id", "digest"], unique=False)
    op.create_index("ix_prediction_project_id_id", "prediction", ["project_id", "id"], unique=False)
    op.create_table(
        "queue_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Float(precision=53), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=True),
        sa.Column("leased_until", sa.Float(precision=53), nullable=True),
        sa.Column("done_at", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name="fk_queue_item_annotator_id"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_queue_item_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_queue_item_story_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_queue_item"),
        sa.UniqueConstraint("story_id", "lane", "slot", name="uq_queue_item_story_id_lane_slot"),
    )
    op.create_index("ix_queue_item_annotator_id_done_at", "queue_item", ["annotator_id", "done_at"], unique=False)
    op.create_index(
        "ix_queue_item_project_id_lane_done_at_rank",
        "queue_item",
        ["project_id", "lane", "done_at", "rank"],
        unique=False,
    )
    op.create_table(
        "skip",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name="fk_skip_annotator_id"),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], name="fk_skip_item_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "annotator_id", name="pk_skip"),
    )


def downgrade() -> None:
    """Back to nothing."""
    for table in _TABLES:
        op.drop_table(table)
