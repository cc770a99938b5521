"""Which files hold all class probabilities of the images that a checkpoint scored."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.models import PredictionBlockRow
from db.repositories import bulk
from db.repositories.rows import columns_of, to_record
from db.run_records import PredictionBlock

COLUMNS = columns_of(PredictionBlock, PredictionBlockRow)
_KEY = ("run_id", "checkpoint_hash", "block")


class PredictionBlockRepository:
    """Files of probabilities; they are the caller's to write and to delete."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_of_run(
        self, run_id: int, *, checkpoint_hash: str | None = None
    ) -> list[PredictionBlock]:
        """The blocks of a run's checkpoints (of this one), in the order of their numbers."""
        statement = select(*COLUMNS).where(PredictionBlockRow.run_id == run_id)
        if checkpoint_hash is not None:
            statement = statement.where(PredictionBlockRow.checkpoint_hash == checkpoint_hash)
        rows = self._session.execute(
            statement.order_by(PredictionBlockRow.checkpoint_hash, PredictionBlockRow.block)
        )
        return [to_record(PredictionBlock, row) for row in rows]

    def list_all(self) -> list[PredictionBlock]:
        """The blocks of all runs, in the order of the runs and of their numbers."""
        rows = self._session.execute(
            select(*COLUMNS).order_by(
                PredictionBlockRow.run_id,
                PredictionBlockRow.checkpoint_hash,
                PredictionBlockRow.block,
            )
        )
        return [to_record(PredictionBlock, row) for row in rows]

    def add(self, block: PredictionBlock) -> None:
        """Write or replace what is said of a block, in the transaction that its images are in."""
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        values = asdict(block)
        statement = dialect.insert(PredictionBlockRow).values(**values)
        replaced = {name: statement.excluded[name] for name in values if name not in _KEY}
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=_KEY, set_={**replaced, "updated_at": utc_now()}
            )
        )

    def remove_of_run(self, run_id: int, *, checkpoint_hash: str | None = None) -> None:
        """Forget all blocks of a run, or those of one of its checkpoints."""
        statement = delete(PredictionBlockRow).where(PredictionBlockRow.run_id == run_id)
        if checkpoint_hash is not None:
            statement = statement.where(PredictionBlockRow.checkpoint_hash == checkpoint_hash)
        self._session.execute(statement)

    def remove_all(self) -> None:
        """Forget the blocks of all runs."""
        self._session.execute(delete(PredictionBlockRow))
