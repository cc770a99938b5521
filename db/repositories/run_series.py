"""Series of numbers of runs: loss, learning rate, images a second, whatever has a name."""

import math
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.models import RunSeriesRow
from db.repositories import bulk
from db.repositories.rows import list_distinct
from db.run_records import SeriesColumn, SeriesPoint


class RunSeriesRepository:
    """Series of runs, read forward from a step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run_id: int, series: Mapping[str, Iterable[SeriesPoint]]) -> None:
        """Write points by the names of their series; each replaces one of the same step.

        NaN and the infinities are kept as None.
        """
        rows = [
            (run_id, name, step, value if value is not None and math.isfinite(value) else None)
            for name, points in series.items()
            for step, value in points
        ]
        if not rows:
            return
        # By the driver: a run may tell a thousand steps a second, and this takes a quarter of the
        # time of a statement that SQLAlchemy compiles.
        marks = ", ".join(["?" if bulk.is_sqlite(self._session) else "%s"] * 4)
        self._session.connection().exec_driver_sql(
            f"INSERT INTO run_series (run_id, name, step, value) VALUES ({marks}) "
            "ON CONFLICT (run_id, name, step) DO UPDATE SET value = excluded.value",
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

    def list_columns(
        self, run_id: int, name: str, *, first: int, last: int, columns: int
    ) -> list[SeriesColumn]:
        """A series from step `first` to `last`, as the columns of a chart, in order.

        The steps are divided evenly among so many columns; those without a point are left out. The
        lowest and the highest value of a column are among those that were written, so no spike is
        lost. One pass over that part of the series, which lies in one piece.
        """
        width = max(1, -(-(last - first + 1) // max(1, columns)))
        column = (RunSeriesRow.step - first) // width
        rows = self._session.execute(
            select(
                func.max(RunSeriesRow.step),
                func.min(RunSeriesRow.value),
                func.max(RunSeriesRow.value),
                func.avg(RunSeriesRow.value),
            )
            .where(
                RunSeriesRow.run_id == run_id,
                RunSeriesRow.name == name,
                RunSeriesRow.step.between(first, last),
            )
            .group_by(column)
            .order_by(column)
        )
        return [SeriesColumn(*row) for row in rows]

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
