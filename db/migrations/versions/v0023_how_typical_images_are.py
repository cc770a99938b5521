"""How strange images are among all and within their class."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_typicality",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=True),
        sa.Column("strangeness", sa.Double(), nullable=False),
        sa.Column("class_strangeness", sa.Double(), nullable=True),
        sa.Column("network", sa.String(length=128), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_image_typicality_asset_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_image_typicality_label_id")
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_image_typicality")),
    )
    op.create_index("ix_image_typicality_all", "image_typicality", ["strangeness", "asset_id"])
    op.create_index(
        "ix_image_typicality_class", "image_typicality", ["class_strangeness", "asset_id"]
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
