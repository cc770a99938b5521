"""Which runs differ in their seed alone, as they were started together."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_seeds",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_run_seeds_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_seeds")),
    )
    op.create_index("ix_run_seeds_first", "run_seeds", ["first_run_id", "run_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
