"""Series of numbers of runs: loss, learning rate, images a second, whatever has a name."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import RunSeriesRow
from db.repositories import bulk
from db.repositories.rows import list_distinct
from db.run_records import SeriesPoint


class RunSeriesRepository:
    """Series of runs, read forward from a step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run_id: int, series: Mapping[str, Iterable[SeriesPoint]]) -> None:
        """Write points by the names of their series; each replaces one of the same step.

        NaN and the infinities are kept as None.
        """
        rows = [
            {
                "run_id": run_id,
                "name": name,
                "step": step,
                "value": value if value is not None and math.isfinite(value) else None,
            }
            for name, points in series.items()
            for step, value in points
        ]
        if not rows:
            return
        dialect: Any = sqlite if bulk.is_sqlite(self._session) else postgresql
        statement = dialect.insert(RunSeriesRow)
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["run_id", "name", "step"],
                set_={"value": statement.excluded["value"]},
            ),
            rows,
        )

    def list_names(self, run_id: int) -> list[str]:
        """Names of a run's series; costs a step in the index a name, not a look at each point."""
        return list_distinct(self._session, RunSeriesRow.name, RunSeriesRow.run_id == run_id)

    def list_after(
        self, run_id: int, name: str, *, step: int = -1, limit: int | None = None
    ) -> list[SeriesPoint]:
        """The next points of a series behind a step, in order: the last step read is the cursor."""
        rows = self._session.execute(
            select(RunSeriesRow.step, RunSeriesRow.value)
            .where(
                RunSeriesRow.run_id == run_id,
                RunSeriesRow.name == name,
                RunSeriesRow.step > step,
            )
            .order_by(RunSeriesRow.step)
            .limit(limit)
        )
        return [SeriesPoint(*row) for row in rows]

    def find_last_step(self, run_id: int, name: str) -> int | None:
        """The step of the last point of a series; None of an empty one."""
        return self._session.scalar(
            select(func.max(RunSeriesRow.step)).where(
                RunSeriesRow.run_id == run_id, RunSeriesRow.name == name
            )
        )

    def remove_after(self, run_id: int, step: int) -> None:
        """Forget what lies behind a step in all series of a run, which goes on from there."""
        for name in self.list_names(run_id):
            self._session.execute(
                delete(RunSeriesRow).where(
                    RunSeriesRow.run_id == run_id,
                    RunSeriesRow.name == name,
                    RunSeriesRow.step > step,
                )
            )
