"""Which checkpoint answers under which name, and since when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    alias = sa.String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql")
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "registry_entries",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("alias", alias, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=True),
        sa.Column("checkpoint_hash", sa.String(length=64), nullable=True),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("evidence", json, nullable=False),
        sa.Column("is_forced", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("length(alias) > 0", name=op.f("ck_registry_entries_alias_not_empty")),
        sa.CheckConstraint("version > 0", name=op.f("ck_registry_entries_version_positive")),
        sa.CheckConstraint(
            "action IN ('promote', 'roll_back', 'withdraw')",
            name=op.f("ck_registry_entries_action_known"),
        ),
        sa.CheckConstraint("kind IN ('best', 'last')", name=op.f("ck_registry_entries_kind_known")),
        sa.CheckConstraint(
            "(action = 'withdraw') = (checkpoint_hash IS NULL) "
            "AND (run_id IS NULL) = (checkpoint_hash IS NULL) "
            "AND (kind IS NULL) = (checkpoint_hash IS NULL)",
            name=op.f("ck_registry_entries_withdrawn_has_none"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_runs.run_id"], name=op.f("fk_registry_entries_run_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_registry_entries")),
    )
    op.create_index(
        "uq_registry_entries_alias_version", "registry_entries", ["alias", "version"], unique=True
    )
    op.create_index("ix_registry_entries_run", "registry_entries", ["run_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
