"""Pairs of images that show nearly the same scene."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scene_pairs",
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("first_hash", sa.String(length=64), nullable=False),
        sa.Column("second_hash", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=128), nullable=False),
        sa.Column("is_dismissed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_scene_pairs_first_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["second_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_scene_pairs_second_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_scene_pairs")),
    )
    op.create_index("ix_scene_pairs_similarity", "scene_pairs", ["similarity"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
