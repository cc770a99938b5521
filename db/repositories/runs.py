"""Training runs."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db import boxes
from db.enums import RunStatus
from db.models import Prediction, TrainingRun
from db.records import Run
from db.repositories.rows import columns_of

RUN_COLUMNS = columns_of(Run, TrainingRun)
SUMMARY = ("accuracy", "accuracy_interval", "num_images", "sampled")
"""What `accuracies` keeps of a report."""


class RunRepository:
    """Training runs; removed ones are not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, run_id: int) -> Run | None:
        """The run with this number, or None."""
        row = self._session.execute(
            select(*RUN_COLUMNS).where(
                TrainingRun.run_id == run_id, TrainingRun.is_deleted.is_(False)
            )
        ).one_or_none()
        return _to_run(row) if row else None

    def get_with_removed(self, run_id: int) -> Run:
        """The run with this number, also one that was removed.

        Raises:
            sqlalchemy.exc.NoResultFound: There never was one.
        """
        return _to_run(
            self._session.execute(select(*RUN_COLUMNS).where(TrainingRun.run_id == run_id)).one()
        )

    def exists(self, run_id: int) -> bool:
        """Whether there is a run with this number."""
        statement = select(TrainingRun.run_id).where(
            TrainingRun.run_id == run_id, TrainingRun.is_deleted.is_(False)
        )
        return self._session.scalar(statement) is not None

    def list_scored_ids(self) -> list[int]:
        """Runs that have predictions, newest first."""
        has_one = select(Prediction.run_id).where(Prediction.run_id == TrainingRun.run_id).exists()
        return list(
            self._session.scalars(
                select(TrainingRun.run_id)
                .where(TrainingRun.is_deleted.is_(False), has_one)
                .order_by(TrainingRun.run_id.desc())
            )
        )

    def list_all(self) -> list[Run]:
        """Every run, newest first."""
        rows = self._session.execute(
            select(*RUN_COLUMNS)
            .where(TrainingRun.is_deleted.is_(False))
            .order_by(TrainingRun.run_id.desc())
        )
        return [_to_run(row) for row in rows]

    def add(self, **values: Any) -> int:
        """Insert a run; returns its number."""
        return self._session.scalars(
            insert(TrainingRun).returning(TrainingRun.run_id), [boxes.as_columns(values)]
        ).one()

    def update_fields(self, run_id: int, **values: Any) -> None:
        """Set these columns of a run; what a list shows of a report follows the report."""
        if "report" in values:
            values["accuracies"] = _summarise(values["report"])
        self._session.execute(
            update(TrainingRun)
            .where(TrainingRun.run_id == run_id)
            .values(**boxes.as_columns(values))
        )


def _summarise(report: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Any] | None:
    """The numbers of each split of a report that do not grow with its classes."""
    if report is None:
        return None
    return {split: {name: values.get(name) for name in SUMMARY} for split, values in report.items()}


def _to_run(row: Any) -> Run:
    typed = {
        "status": RunStatus(row.status),
        "environment": boxes.read_environment(row.environment),
    }
    return Run(**{**row._mapping, **typed})
