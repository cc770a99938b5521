"""What takes a person's answer back, and answers found by the bytes that were judged."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("review_decisions", sa.Column("taken_back_by", sa.String(64), nullable=True))
    op.create_index("ix_review_decisions_taken_back", "review_decisions", ["taken_back_by"])
    columns = ["content_hash", "question", "decision_id"]
    op.create_index("ix_review_decisions_bytes", "review_decisions", columns)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
