"""What a job was asked, in short, so that the newest answer to a question is found by an index."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ASKED = {
    "find_rate": lambda payload: payload.get("like"),
    "check_augmentation": lambda payload: payload,
    "score": lambda payload: {name: payload.get(name) for name in ("run_id", "split", "only_new")},
}
"""Of the kinds that are looked for: the part of their payload that says what was asked."""


def upgrade() -> None:
    op.add_column("jobs", sa.Column("request_key", sa.String(length=64), nullable=True))
    jobs = sa.table(
        "jobs",
        sa.column("job_id", sa.Integer),
        sa.column("kind", sa.String),
        sa.column("payload", sa.JSON),
        sa.column("request_key", sa.String),
    )
    found = op.get_bind().execute(
        sa.select(jobs.c.job_id, jobs.c.kind, jobs.c.payload).where(jobs.c.kind.in_(ASKED))
    )
    for job_id, kind, payload in found.all():
        asked = ASKED[kind](payload)
        if asked is not None:
            op.execute(jobs.update().where(jobs.c.job_id == job_id).values(request_key=_key(asked)))
    op.create_index("ix_jobs_request", "jobs", ["kind", "request_key", "job_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: history is never thrown away.")


def _key(asked: Any) -> str:
    text = json.dumps(_plain(asked), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
