"""Where the opinions of several persons came from, and whether that import still stands."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    source = sa.Column("source", sa.String(length=64), server_default="", nullable=False)
    op.add_column("label_votes", source)
    op.add_column("label_votes", sa.Column("revision_id", sa.Integer(), nullable=True))
    op.add_column("label_votes", sa.Column("taken_back_by", sa.Integer(), nullable=True))
    op.create_index("ix_label_votes_revision", "label_votes", ["revision_id"])
    op.create_index("ix_label_votes_author", "label_votes", ["taken_back_by", "author"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
