"""Augmentations that people keep under a name of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    op.create_table(
        "augmentation_presets",
        sa.Column("preset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("based_on", sa.String(length=32), nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(),
            server_default=sa.text(UTC_NOW[op.get_bind().dialect.name]),
            nullable=False,
        ),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_augmentation_presets_name_not_empty")),
        sa.PrimaryKeyConstraint("preset_id", name=op.f("pk_augmentation_presets")),
        sa.UniqueConstraint("name", name=op.f("uq_augmentation_presets_name")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
