"""Searches for images that look like a picture, and what they found."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "likeness_searches",
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("network", sa.String(length=128), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("num_missing", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_likeness_searches_name_not_empty")),
        sa.PrimaryKeyConstraint("search_id", name=op.f("pk_likeness_searches")),
    )
    op.create_table(
        "likeness_hits",
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "similarity >= -1.001 AND similarity <= 1.001",
            name=op.f("ck_likeness_hits_similarity_cosine"),
        ),
        sa.ForeignKeyConstraint(
            ["search_id"],
            ["likeness_searches.search_id"],
            name=op.f("fk_likeness_hits_search_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["vision_assets.asset_id"],
            name=op.f("fk_likeness_hits_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("search_id", "asset_id", name=op.f("pk_likeness_hits")),
    )
    op.create_index(
        "ix_likeness_hits_order", "likeness_hits", ["search_id", "similarity", "asset_id"]
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
