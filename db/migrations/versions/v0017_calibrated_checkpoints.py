"""A run may have a calibrated checkpoint beside its best and its last one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}
KNOWN = "kind IN ('best', 'calibrated', 'last')"


def upgrade() -> None:
    for table in (_checkpoints(), _registry_entries()):
        name = op.f(f"ck_{table.name}_kind_known")
        with op.batch_alter_table(table.name, copy_from=table) as batch:
            batch.drop_constraint(name, type_="check")
            batch.alter_column("kind", existing_type=sa.String(8), type_=sa.String(16))
            batch.create_check_constraint(name, KNOWN)


def _checkpoints() -> sa.Table:
    """The table as it was: SQLite makes it anew, and not every version finds all its rules."""
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    return sa.Table(
        "checkpoints",
        sa.MetaData(),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("val_accuracy", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("kind IN ('best', 'last')", name=op.f("ck_checkpoints_kind_known")),
        sa.CheckConstraint(
            "file_path NOT LIKE '/%'", name=op.f("ck_checkpoints_file_path_relative")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_runs.run_id"],
            name=op.f("fk_checkpoints_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "kind", name=op.f("pk_checkpoints")),
    )


def _registry_entries() -> sa.Table:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    alias = sa.String(64).with_variant(postgresql.VARCHAR(64, collation="C"), "postgresql")
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    return sa.Table(
        "registry_entries",
        sa.MetaData(),
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
        sa.Index("uq_registry_entries_alias_version", "alias", "version", unique=True),
        sa.Index("ix_registry_entries_run", "run_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
