"""Groups of runs that differ in nothing but their seed."""

from collections.abc import Sequence

from sqlalchemy import false, insert, select
from sqlalchemy.orm import Session

from db.models import RunSeedsRow, TrainingRun


class RunSeedsRepository:
    """Which run is of which group; removed runs are not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find_first(self, run_id: int) -> int | None:
        """What names the group of a run; None of one that is in none."""
        return self._session.scalar(
            select(RunSeedsRow.first_run_id).where(RunSeedsRow.run_id == run_id)
        )

    def list_groups(self) -> dict[int, list[int]]:
        """By what names it the runs of each group, oldest first."""
        found: dict[int, list[int]] = {}
        rows = self._session.execute(
            select(RunSeedsRow.first_run_id, RunSeedsRow.run_id)
            .join(TrainingRun, TrainingRun.run_id == RunSeedsRow.run_id)
            .where(TrainingRun.is_deleted.is_(false()))
            .order_by(RunSeedsRow.run_id)
        )
        for first, run_id in rows:
            found.setdefault(first, []).append(run_id)
        return found

    def list_of(self, first_run_id: int) -> list[int]:
        """The runs of one group, oldest first."""
        return list(
            self._session.scalars(
                select(RunSeedsRow.run_id)
                .join(TrainingRun, TrainingRun.run_id == RunSeedsRow.run_id)
                .where(
                    RunSeedsRow.first_run_id == first_run_id, TrainingRun.is_deleted.is_(false())
                )
                .order_by(RunSeedsRow.run_id)
            )
        )

    def add(self, first_run_id: int, run_ids: Sequence[int]) -> None:
        """Put runs that are in no group into this one."""
        self._session.execute(
            insert(RunSeedsRow),
            [{"run_id": run_id, "first_run_id": first_run_id} for run_id in run_ids],
        )
