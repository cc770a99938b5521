"""Checkpoint files of runs."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.enums import CheckpointKind
from db.models import CheckpointRow
from db.repositories.rows import columns_of
from db.run_records import CheckpointFile


class CheckpointRepository:
    """Checkpoint files of runs: at most one of each kind each."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_of_run(self, run_id: int) -> list[CheckpointFile]:
        """The run's checkpoints, `best` first."""
        rows = self._session.execute(
            select(*columns_of(CheckpointFile, CheckpointRow))
            .where(CheckpointRow.run_id == run_id)
            .order_by(CheckpointRow.kind)
        )
        return [_to_checkpoint(row) for row in rows]

    def list_of_kind(self, kind: CheckpointKind) -> list[CheckpointFile]:
        """The checkpoint of this kind of every run that has one, newest run first."""
        rows = self._session.execute(
            select(*columns_of(CheckpointFile, CheckpointRow))
            .where(CheckpointRow.kind == kind)
            .order_by(CheckpointRow.run_id.desc())
        )
        return [_to_checkpoint(row) for row in rows]

    def add(self, checkpoint: CheckpointFile) -> None:
        """Write or replace the checkpoint of this kind."""
        self._session.execute(
            delete(CheckpointRow).where(
                CheckpointRow.run_id == checkpoint.run_id, CheckpointRow.kind == checkpoint.kind
            )
        )
        self._session.execute(insert(CheckpointRow), [asdict(checkpoint)])

    def remove_of_run(self, run_id: int) -> None:
        """Forget the run's checkpoints; the files are the caller's to delete."""
        self._session.execute(delete(CheckpointRow).where(CheckpointRow.run_id == run_id))


def _to_checkpoint(row: Any) -> CheckpointFile:
    return CheckpointFile(**{**row._mapping, "kind": CheckpointKind(row.kind)})
