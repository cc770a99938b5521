"""Metrics of runs, an epoch a row."""

from collections.abc import Sequence
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

    def list_of_runs(self, run_ids: Sequence[int]) -> dict[int, list[EpochRow]]:
        """Every epoch of these runs, in order, by the run's number; one query for all of them."""
        rows = self._session.execute(
            select(*columns_of(EpochRow, RunMetric))
            .where(RunMetric.run_id.in_(run_ids))
            .order_by(RunMetric.run_id, RunMetric.epoch)
        )
        found: dict[int, list[EpochRow]] = {run_id: [] for run_id in run_ids}
        for row in rows:
            epoch = to_record(EpochRow, row)
            found[epoch.run_id].append(epoch)
        return found
