"""Metrics of runs, an epoch a row."""

from dataclasses import asdict

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.models import RunMetric
from db.records import EpochRow
from db.repositories.rows import columns_of, to_record


class MetricRepository:
    """Metrics of runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, epoch: EpochRow) -> None:
        """Write an epoch; a resumed run that repeats it replaces what stood there and later."""
        self._session.execute(
            delete(RunMetric).where(
                RunMetric.run_id == epoch.run_id, RunMetric.epoch >= epoch.epoch
            )
        )
        values = asdict(epoch)
        values["learning_rates"] = dict(epoch.learning_rates)
        self._session.execute(insert(RunMetric), [values])

    def list_after(self, run_id: int, epoch: int = 0) -> list[EpochRow]:
        """Epochs of a run later than `epoch` (the first is 1), in order."""
        rows = self._session.execute(
            select(*columns_of(EpochRow, RunMetric))
            .where(RunMetric.run_id == run_id, RunMetric.epoch > epoch)
            .order_by(RunMetric.epoch)
        )
        return [to_record(EpochRow, row) for row in rows]
