"""Evaluations, series of runs, blocks of probabilities, review decisions; how a job is to end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SERIES = sa.String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql")
UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    _tell_jobs_how_to_end()
    _keep_evaluations(utc_now)
    _keep_series()
    _keep_prediction_blocks(utc_now)
    _keep_review_decisions(utc_now)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")


# Until now a pause was a cancel with `"pause": true` in the payload. A job that waited was ended at
# once, and then only the payload says which of the two was asked for.
END_REQUESTED = {
    "sqlite": "CASE json_extract(payload, '$.pause') WHEN 1 THEN 'pause' WHEN 0 THEN 'cancel' "
    "ELSE CASE WHEN cancel_requested THEN 'cancel' ELSE 'none' END END",
    "postgresql": "CASE payload->>'pause' WHEN 'true' THEN 'pause' WHEN 'false' THEN 'cancel' "
    "ELSE CASE WHEN cancel_requested THEN 'cancel' ELSE 'none' END END",
}
WITHOUT_PAUSE = {"sqlite": "json_remove(payload, '$.pause')", "postgresql": "payload - 'pause'"}


def _tell_jobs_how_to_end() -> None:
    dialect = op.get_bind().dialect.name
    with op.batch_alter_table("jobs") as batch:
        batch.add_column(
            sa.Column("end_requested", sa.String(length=8), server_default="none", nullable=False)
        )
        batch.add_column(
            sa.Column("executor", sa.String(length=16), server_default="local", nullable=False)
        )
        batch.add_column(sa.Column("handle", sa.String(length=255), nullable=True))
    op.execute(
        f"UPDATE jobs SET end_requested = {END_REQUESTED[dialect]}, "
        f"payload = {WITHOUT_PAUSE[dialect]}"
    )
    with op.batch_alter_table("jobs", copy_from=_jobs()) as batch:
        batch.drop_column("cancel_requested")
        batch.create_check_constraint(
            op.f("ck_jobs_end_requested_known"), "end_requested IN ('none', 'pause', 'cancel')"
        )
        batch.create_check_constraint(op.f("ck_jobs_executor_not_empty"), "length(executor) > 0")
    op.create_index("ix_jobs_kind", "jobs", ["kind", "job_id"])


def _jobs() -> sa.Table:
    """The table in between: SQLite makes it anew, and not every version finds all its rules."""
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    return sa.Table(
        "jobs",
        sa.MetaData(),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("progress", JSON, nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("log_path", sa.Text(), server_default="", nullable=False),
        sa.Column("host", sa.String(length=255), server_default="", nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_started", sa.String(length=32), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("end_requested", sa.String(length=8), server_default="none", nullable=False),
        sa.Column("executor", sa.String(length=16), server_default="local", nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')",
            name=op.f("ck_jobs_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_runs.run_id"], name=op.f("fk_jobs_run_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
        sa.Index("ix_jobs_run", "run_id"),
        sa.Index("ix_jobs_status", "status", "job_id"),
    )


def _keep_evaluations(utc_now: sa.TextClause) -> None:
    op.create_table(
        "evaluations",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("checkpoint_hash", sa.String(length=64), nullable=False),
        sa.Column("split", sa.String(length=10), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("num_images", sa.Integer(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint(
            "split IN ('train', 'val', 'test', 'held_out')", name=op.f("ck_evaluations_split_known")
        ),
        sa.CheckConstraint("num_images > 0", name=op.f("ck_evaluations_num_images_positive")),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_evaluations_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("pk_evaluations")),
    )
    op.create_index(
        "uq_evaluations_checkpoint_split_revision",
        "evaluations",
        ["run_id", "checkpoint_hash", "split", "revision_id"],
        unique=True,
    )
    op.create_index("ix_evaluations_split", "evaluations", ["split", "revision_id", "accuracy"])


def _keep_series() -> None:
    op.create_table(
        "run_series",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("name", SERIES, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_run_series_name_not_empty")),
        sa.CheckConstraint("step >= 0", name=op.f("ck_run_series_step_not_negative")),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_run_series_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "name", "step", name=op.f("pk_run_series")),
        sqlite_with_rowid=False,
    )


def _keep_prediction_blocks(utc_now: sa.TextClause) -> None:
    op.create_table(
        "prediction_blocks",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("checkpoint_hash", sa.String(length=64), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("num_images", sa.Integer(), nullable=False),
        sa.Column("num_classes", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint(
            "length(file_path) > 0 AND file_path NOT LIKE '/%'",
            name=op.f("ck_prediction_blocks_file_path_relative"),
        ),
        sa.CheckConstraint(
            "num_images >= 0 AND num_classes > 0", name=op.f("ck_prediction_blocks_sizes_possible")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_prediction_blocks_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "run_id", "checkpoint_hash", "block", name=op.f("pk_prediction_blocks")
        ),
    )


def _keep_review_decisions(utc_now: sa.TextClause) -> None:
    op.create_table(
        "review_decisions",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=32), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=True),
        sa.Column("class_version", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("operation_id", sa.String(length=64), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint(
            "length(question) > 0 AND length(answer) > 0",
            name=op.f("ck_review_decisions_words_not_empty"),
        ),
        sa.CheckConstraint(
            "(label_id IS NULL) = (class_version IS NULL)",
            name=op.f("ck_review_decisions_class_version_beside_label_id"),
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_review_decisions_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_review_decisions_label_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_review_decisions")),
    )
    op.create_index(
        "uq_review_decisions_operation",
        "review_decisions",
        ["operation_id", "asset_id", "question"],
        unique=True,
    )
    for name, columns in {
        "asset": ["asset_id", "question", "decision_id"],
        "question": ["question", "decision_id"],
        "actor": ["actor", "question", "decision_id"],
        "revision": ["revision_id"],
    }.items():
        op.create_index(f"ix_review_decisions_{name}", "review_decisions", columns)
