"""How likely the label of each image is wrong, and what was judged."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "label_issues",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("suggested_label_id", sa.Integer(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=128), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_label_issues_score_a_share")),
        sa.CheckConstraint(
            "suggested_label_id <> label_id", name=op.f("ck_label_issues_suggestion_another")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_label_issues_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["suggested_label_id"],
            ["label_classes.label_id"],
            name=op.f("fk_label_issues_suggested_label_id"),
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_label_issues_label_id")
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_label_issues")),
    )
    op.create_index("ix_label_issues_score", "label_issues", ["score", "asset_id"])
    op.create_index(
        "ix_label_issues_suggested", "label_issues", ["suggested_label_id", "score", "asset_id"]
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
