"""The first schema: catalog, history, runs, jobs, and the triggers that keep the counts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
PATH = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
SOURCE = sa.String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql")
UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    utc_now = sa.text(UTC_NOW[dialect])
    op.create_table(
        "asset_counts",
        sa.Column("label_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("split_key", sa.String(length=10), nullable=False),
        sa.Column("is_augmented", sa.Boolean(), nullable=False),
        sa.Column("num_assets", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "label_key", "split_key", "is_augmented", name=op.f("pk_asset_counts")
        ),
    )
    op.create_table(
        "catalog_state",
        sa.Column("state_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_revision_id", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("state_id = 1", name=op.f("ck_catalog_state_single_row")),
        sa.PrimaryKeyConstraint("state_id", name=op.f("pk_catalog_state")),
    )
    op.create_table(
        "label_classes",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.Column("hotkey", sa.String(length=8), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("is_retired", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_label_classes_name_not_empty")),
        sa.PrimaryKeyConstraint("label_id", name=op.f("pk_label_classes")),
        sa.UniqueConstraint("name", name=op.f("uq_label_classes_name")),
    )
    op.create_table(
        "revisions",
        sa.Column("revision_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operation_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("num_changes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("undoes_revision_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.ForeignKeyConstraint(
            ["undoes_revision_id"],
            ["revisions.revision_id"],
            name=op.f("fk_revisions_undoes_revision_id"),
        ),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("operation_id", name=op.f("uq_revisions_operation_id")),
    )
    op.create_table(
        "training_runs",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), server_default="", nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("config", JSON, nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("class_names", JSON, nullable=False),
        sa.Column("label_ids", JSON, nullable=False),
        sa.Column("environment", JSON, nullable=True),
        sa.Column("device", sa.String(length=128), server_default="", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("best_epoch", sa.Integer(), nullable=True),
        sa.Column("best_val_accuracy", sa.Double(), nullable=True),
        sa.Column("report", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("is_deleted", sa.Boolean(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')",
            name=op.f("ck_training_runs_status_known"),
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_training_runs")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("val_accuracy", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint(
            "file_path NOT LIKE '/%'", name=op.f("ck_checkpoints_file_path_relative")
        ),
        sa.CheckConstraint("kind IN ('best', 'last')", name=op.f("ck_checkpoints_kind_known")),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_checkpoints_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "kind", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "jobs",
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
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')",
            name=op.f("ck_jobs_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_runs.run_id"], name=op.f("fk_jobs_run_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_run", "jobs", ["run_id"], unique=False)
    op.create_index("ix_jobs_status", "jobs", ["status", "job_id"], unique=False)
    op.create_table(
        "label_class_names",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["label_id"],
            ["label_classes.label_id"],
            name=op.f("fk_label_class_names_label_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.revision_id"],
            name=op.f("fk_label_class_names_revision_id"),
        ),
        sa.PrimaryKeyConstraint("label_id", "revision_id", name=op.f("pk_label_class_names")),
    )
    op.create_table(
        "run_metrics",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("train_loss", sa.Double(), nullable=False),
        sa.Column("train_accuracy", sa.Double(), nullable=False),
        sa.Column("val_loss", sa.Double(), nullable=False),
        sa.Column("val_accuracy", sa.Double(), nullable=False),
        sa.Column("learning_rates", JSON, nullable=False),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        sa.Column("images_per_second", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_run_metrics_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "epoch", name=op.f("pk_run_metrics")),
    )
    op.create_table(
        "vision_assets",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("file_path", PATH, nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=True),
        sa.Column("label_name", sa.String(length=128), nullable=True),
        sa.Column("split_type", sa.String(length=10), nullable=True),
        sa.Column("source_dataset", SOURCE, server_default="", nullable=False),
        sa.Column("is_augmented", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("last_augmented_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("mime", sa.String(length=64), nullable=False),
        sa.Column("perceptual_hash", sa.String(length=16), nullable=True),
        sa.Column("parent_asset_id", sa.Uuid(), nullable=True),
        sa.Column("review_state", sa.String(length=16), nullable=True),
        sa.Column("review_note", sa.Text(), server_default="", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_deleted", sa.Boolean(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "length(file_path) > 0 AND file_path NOT LIKE '/%' "
            "AND file_path NOT LIKE '%\\%' ESCAPE '|' AND file_path NOT LIKE '_:%' "
            "AND file_path NOT LIKE '%://%' AND '/' || file_path || '/' NOT LIKE '%/../%'",
            name=op.f("ck_vision_assets_file_path_relative"),
        ),
        sa.CheckConstraint(
            "split_type IN ('train', 'val', 'test', 'held_out')",
            name=op.f("ck_vision_assets_split_type_known"),
        ),
        sa.CheckConstraint(
            "(label_id IS NULL) = (label_name IS NULL)",
            name=op.f("ck_vision_assets_label_name_beside_label_id"),
        ),
        sa.CheckConstraint(
            "width > 0 AND height > 0", name=op.f("ck_vision_assets_dimensions_positive")
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_vision_assets_label_id")
        ),
        sa.ForeignKeyConstraint(
            ["parent_asset_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_vision_assets_parent_asset_id"),
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_vision_assets")),
    )
    op.create_index(
        "ix_vision_assets_content_hash", "vision_assets", ["content_hash"], unique=False
    )
    op.create_index(
        "ix_vision_assets_label", "vision_assets", ["label_id", "asset_id"], unique=False
    )
    op.create_index(
        "ix_vision_assets_label_split",
        "vision_assets",
        ["label_id", "split_type", "asset_id"],
        unique=False,
    )
    op.create_index("ix_vision_assets_parent", "vision_assets", ["parent_asset_id"], unique=False)
    op.create_index(
        "ix_vision_assets_source", "vision_assets", ["source_dataset", "asset_id"], unique=False
    )
    op.create_index(
        "ix_vision_assets_split", "vision_assets", ["split_type", "asset_id"], unique=False
    )
    op.create_index(
        "uq_vision_assets_file_path_living",
        "vision_assets",
        ["file_path"],
        unique=True,
        sqlite_where=sa.text("is_deleted IS 0"),
        postgresql_where=sa.text("is_deleted IS false"),
    )
    op.create_table(
        "asset_changes",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("before_exists", sa.Boolean(), nullable=False),
        sa.Column("before_file_path", sa.Text(), nullable=True),
        sa.Column("before_content_hash", sa.String(length=64), nullable=True),
        sa.Column("before_label_id", sa.Integer(), nullable=True),
        sa.Column("before_split_type", sa.String(length=10), nullable=True),
        sa.Column("before_review_state", sa.String(length=16), nullable=True),
        sa.Column("before_parent_asset_id", sa.Uuid(), nullable=True),
        sa.Column("after_exists", sa.Boolean(), nullable=False),
        sa.Column("after_file_path", sa.Text(), nullable=True),
        sa.Column("after_content_hash", sa.String(length=64), nullable=True),
        sa.Column("after_label_id", sa.Integer(), nullable=True),
        sa.Column("after_split_type", sa.String(length=10), nullable=True),
        sa.Column("after_review_state", sa.String(length=16), nullable=True),
        sa.Column("after_parent_asset_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_asset_changes_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.revision_id"], name=op.f("fk_asset_changes_revision_id")
        ),
        sa.PrimaryKeyConstraint("revision_id", "asset_id", name=op.f("pk_asset_changes")),
    )
    op.create_index(
        "ix_asset_changes_asset", "asset_changes", ["asset_id", "revision_id"], unique=False
    )
    op.create_table(
        "label_votes",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_label_votes_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_label_votes_label_id")
        ),
        sa.PrimaryKeyConstraint("asset_id", "author", name=op.f("pk_label_votes")),
    )
    op.create_table(
        "predictions",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column("entropy", sa.Double(), nullable=False),
        sa.Column("label_quality", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_predictions_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_predictions_label_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_predictions_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "asset_id", name=op.f("pk_predictions")),
    )
    op.create_index(
        "ix_predictions_run_confidence",
        "predictions",
        ["run_id", "confidence", "asset_id"],
        unique=False,
    )
    op.get_bind().exec_driver_sql(
        "INSERT INTO catalog_state (state_id, last_revision_id) VALUES (1, 0)"
    )
    for statement in SQLITE_TRIGGERS if dialect == "sqlite" else POSTGRESQL_TRIGGERS:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")


def _sqlite_add(row: str, delta: str) -> str:
    return f"""
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce({row}.label_id, 0), coalesce({row}.split_type, ''), {row}.is_augmented,
               {delta}1
        WHERE NOT {row}.is_deleted
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = num_assets + excluded.num_assets;"""


SQLITE_TRIGGERS = [
    "CREATE TRIGGER count_inserted AFTER INSERT ON vision_assets "
    f"BEGIN {_sqlite_add('NEW', '')} END",
    "CREATE TRIGGER count_deleted AFTER DELETE ON vision_assets "
    f"BEGIN {_sqlite_add('OLD', '-')} END",
    "CREATE TRIGGER count_updated AFTER UPDATE OF label_id, split_type, is_augmented, is_deleted "
    "ON vision_assets WHEN NEW.label_id IS NOT OLD.label_id "
    "OR NEW.split_type IS NOT OLD.split_type OR NEW.is_augmented IS NOT OLD.is_augmented "
    "OR NEW.is_deleted IS NOT OLD.is_deleted "
    f"BEGIN {_sqlite_add('OLD', '-')} {_sqlite_add('NEW', '')} END",
]


def _postgresql_add(rows: str) -> str:
    # ORDER BY: every writer touches the count rows in the same order.
    return f"""
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(label_id, 0), coalesce(split_type, ''), is_augmented, sum(delta)
        FROM ({rows}) AS changed WHERE NOT is_deleted
        GROUP BY 1, 2, 3 HAVING sum(delta) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = asset_counts.num_assets + excluded.num_assets;"""


_COLUMNS = "label_id, split_type, is_augmented, is_deleted"
_INSERTED = f"SELECT {_COLUMNS}, 1 AS delta FROM inserted"
_DELETED = f"SELECT {_COLUMNS}, -1 AS delta FROM deleted"


def _postgresql_trigger(event: str, rows: str, tables: str) -> list[str]:
    return [
        f"CREATE FUNCTION count_assets_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {_postgresql_add(rows)} RETURN NULL; END $$",
        f"CREATE TRIGGER count_{event} AFTER {event.upper()} ON vision_assets "
        f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION count_assets_{event}()",
    ]


POSTGRESQL_TRIGGERS = [
    *_postgresql_trigger("insert", _INSERTED, "NEW TABLE AS inserted"),
    *_postgresql_trigger("delete", _DELETED, "OLD TABLE AS deleted"),
    *_postgresql_trigger(
        "update",
        f"{_INSERTED} UNION ALL {_DELETED}",
        "OLD TABLE AS deleted NEW TABLE AS inserted",
    ),
]
