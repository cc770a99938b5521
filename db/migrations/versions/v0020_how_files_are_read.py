"""How the image files are read, and what of them their image does not show."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UTC_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "(clock_timestamp() AT TIME ZONE 'utc')",
}


def upgrade() -> None:
    utc_now = sa.text(UTC_NOW[op.get_bind().dialect.name])
    op.create_table(
        "data_settings",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=utc_now, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_data_settings_name_not_empty")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_settings")),
    )
    op.create_table(
        "file_facts",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("highest_grey", sa.Double(), nullable=True),
        sa.Column("white_grey", sa.Double(), nullable=True),
        sa.CheckConstraint("frames > 0", name=op.f("ck_file_facts_frames_positive")),
        sa.CheckConstraint(
            "(highest_grey IS NULL) = (white_grey IS NULL)",
            name=op.f("ck_file_facts_white_grey_beside_highest"),
        ),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_file_facts")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
