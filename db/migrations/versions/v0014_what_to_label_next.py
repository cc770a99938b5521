"""Which images were chosen to be labelled next, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "label_requests",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_label_requests_reason_not_empty")),
        sa.CheckConstraint(
            "probability > 0 AND probability <= 1",
            name=op.f("ck_label_requests_probability_in_range"),
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_label_requests_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_label_requests")),
    )
    op.create_index("ix_label_requests_reason", "label_requests", ["reason", "asset_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
