"""Audits of how many labels are wrong: the images that were drawn, and from what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "label_audits",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("strata", JSON, nullable=False),
        sa.Column("num_left_out", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_label_audits")),
    )
    op.create_table(
        "label_audit_looks",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.Integer(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_id"],
            ["label_audits.audit_id"],
            name=op.f("fk_label_audit_looks_audit_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_label_audit_looks_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_label_audit_looks_label_id")
        ),
        sa.PrimaryKeyConstraint("audit_id", "asset_id", name=op.f("pk_label_audit_looks")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
