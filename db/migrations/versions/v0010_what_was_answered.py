"""What was answered for each image of an evaluation, so that each count leads to its images."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evaluations", sa.Column("data_digest", sa.String(length=64), nullable=True))
    op.create_table(
        "evaluation_answers",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("predicted_id", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("label_rank", sa.Integer(), nullable=False),
        sa.Column("label_probability", sa.Double(), nullable=False),
        sa.Column("is_trained", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "label_rank > 0", name=op.f("ck_evaluation_answers_label_rank_positive")
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.evaluation_id"],
            name=op.f("fk_evaluation_answers_evaluation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_evaluation_answers_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label_classes.label_id"], name=op.f("fk_evaluation_answers_label_id")
        ),
        sa.ForeignKeyConstraint(
            ["predicted_id"],
            ["label_classes.label_id"],
            name=op.f("fk_evaluation_answers_predicted_id"),
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "asset_id", name=op.f("pk_evaluation_answers")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_evaluation_answers_cell",
        "evaluation_answers",
        ["evaluation_id", "label_id", "predicted_id", "asset_id"],
    )
    op.create_index(
        "ix_evaluation_answers_confidence",
        "evaluation_answers",
        ["evaluation_id", "confidence", "asset_id"],
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
