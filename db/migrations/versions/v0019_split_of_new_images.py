"""Which split new images get: the standing rule of a workspace."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "split_rule",
        sa.Column("rule_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("train", sa.Double(), nullable=False),
        sa.Column("val", sa.Double(), nullable=False),
        sa.Column("test", sa.Double(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("rule_id = 1", name=op.f("ck_split_rule_single_row")),
        sa.CheckConstraint(
            "kind IN ('none', 'group', 'ratio')", name=op.f("ck_split_rule_kind_known")
        ),
        sa.CheckConstraint(
            "train >= 0 AND val >= 0 AND test >= 0", name=op.f("ck_split_rule_parts_not_negative")
        ),
        sa.CheckConstraint(
            "(kind = 'ratio') = (train + val + test > 0)",
            name=op.f("ck_split_rule_ratio_has_parts"),
        ),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_split_rule")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
