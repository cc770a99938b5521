"""What imports say of images that are there: taken, kept, or to be decided by a person."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_findings",
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "length(subject) > 0 AND length(outcome) > 0",
            name=op.f("ck_import_findings_words_not_empty"),
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.revision_id"],
            name=op.f("fk_import_findings_revision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["vision_assets.asset_id"], name=op.f("fk_import_findings_asset_id")
        ),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_import_findings")),
    )
    op.create_index(
        "ix_import_findings_revision", "import_findings", ["revision_id", "outcome", "finding_id"]
    )
    op.create_index("ix_import_findings_asset", "import_findings", ["asset_id", "finding_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
