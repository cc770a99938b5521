"""What repaired labels brought between two runs, as it was drawn up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "repair_ledgers",
        sa.Column("ledger_id", sa.Integer(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.Column("second_run_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(length=10), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint(
            "first_run_id <> second_run_id", name=op.f("ck_repair_ledgers_two_runs")
        ),
        sa.CheckConstraint("split IN ('val', 'test')", name=op.f("ck_repair_ledgers_split_known")),
        sa.ForeignKeyConstraint(
            ["first_run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_repair_ledgers_first_run_id"),
        ),
        sa.ForeignKeyConstraint(
            ["second_run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_repair_ledgers_second_run_id"),
        ),
        sa.PrimaryKeyConstraint("ledger_id", name=op.f("pk_repair_ledgers")),
    )
    op.create_index(
        "uq_repair_ledgers_runs_split",
        "repair_ledgers",
        ["first_run_id", "second_run_id", "split"],
        unique=True,
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
