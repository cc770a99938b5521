"""Stars, tags and notes of runs, and what a list shows of their reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SUMMARY = ("accuracy", "accuracy_interval", "num_images", "sampled")


def upgrade() -> None:
    op.create_table(
        "run_tags",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(tag) > 0", name=op.f("ck_run_tags_tag_not_empty")),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_run_tags_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "tag", name=op.f("pk_run_tags")),
    )
    op.create_index("ix_run_tags_tag", "run_tags", ["tag", "run_id"])
    for column in (
        sa.Column("is_starred", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("accuracies", JSON, nullable=True),
        sa.Column("val_sample", JSON, nullable=True),
    ):
        op.add_column("training_runs", column)
    _summarise_reports()


def _summarise_reports() -> None:
    """One report at a time: with a thousand classes each is large."""
    runs = sa.table(
        "training_runs",
        sa.column("run_id", sa.Integer),
        sa.column("report", JSON),
        sa.column("accuracies", JSON),
    )
    connection = op.get_bind()
    for run_id in connection.scalars(sa.select(runs.c.run_id)).all():
        report = connection.scalar(sa.select(runs.c.report).where(runs.c.run_id == run_id))
        if not report:
            continue
        found = {
            split: {name: values.get(name) for name in SUMMARY} for split, values in report.items()
        }
        connection.execute(sa.update(runs).where(runs.c.run_id == run_id).values(accuracies=found))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
