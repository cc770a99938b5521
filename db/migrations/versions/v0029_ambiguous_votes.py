"""A vote can say that no one class is right."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    with op.batch_alter_table("label_votes", copy_from=_label_votes()) as batch:
        batch.alter_column("label_id", existing_type=sa.Integer(), nullable=True)


def _label_votes() -> sa.Table:
    """The table as it was: SQLite makes it anew, and not every version finds all its rules."""
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    return sa.Table(
        "label_votes",
        sa.MetaData(),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.Column("source", sa.String(length=64), server_default="", nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_label_votes_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_label_votes_label_id")
        ),
        sa.PrimaryKeyConstraint("asset_id", "author", name=op.f("pk_label_votes")),
        sa.Index("ix_label_votes_revision", "revision_id"),
        sa.Index("ix_label_votes_author", "taken_back_by", "author"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
