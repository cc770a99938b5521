"""Preferences, saved views and assignments; which label and revision a prediction was made at."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.add_column("predictions", sa.Column("given_label_id", sa.Integer()))
    op.add_column(
        "predictions", sa.Column("revision_id", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index("ix_revisions_author", "revisions", ["author", "num_changes", "revision_id"])
    op.create_index(
        "ix_predictions_run_label",
        "predictions",
        ["run_id", "label_id", "confidence", "asset_id"],
    )
    op.create_index("ix_predictions_run_entropy", "predictions", ["run_id", "entropy", "asset_id"])
    op.create_index(
        "ix_predictions_run_label_quality", "predictions", ["run_id", "label_quality", "asset_id"]
    )
    op.create_table(
        "user_preferences",
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.PrimaryKeyConstraint("author", "name", name=op.f("pk_user_preferences")),
    )
    op.create_table(
        "saved_views",
        sa.Column("view_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", JSON, nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_saved_views_name_not_empty")),
        sa.PrimaryKeyConstraint("view_id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_views_name")),
    )
    op.create_table(
        "assignments",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("assigned_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("length(person) > 0", name=op.f("ck_assignments_person_not_empty")),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_assignments_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_assignments")),
    )
    op.create_index("ix_assignments_person", "assignments", ["person", "asset_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
