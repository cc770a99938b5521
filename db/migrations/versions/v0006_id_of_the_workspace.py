"""The id by which addresses, tokens and jobs name a workspace; made when it is next opened."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalog_state", sa.Column("workspace_id", sa.String(length=16)))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")
