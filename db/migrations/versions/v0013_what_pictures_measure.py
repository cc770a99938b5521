"""What is measured of pictures, and the lines that people draw through it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}
MEASURES = (
    "brightness",
    "contrast",
    "sharpness",
    "colour",
    "emptiness",
    "elongation",
    "short_side",
)


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "image_measures",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in MEASURES),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_image_measures_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_image_measures")),
    )
    op.create_table(
        "measure_lines",
        sa.Column("issue", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.PrimaryKeyConstraint("issue", name=op.f("pk_measure_lines")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
