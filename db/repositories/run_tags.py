"""Words that people gave runs."""

from collections.abc import Sequence

from sqlalchemy import delete, false, func, insert, select
from sqlalchemy.orm import Session

from db.models import RunTag, TrainingRun


class RunTagRepository:
    """Tags of runs; those of removed runs are not seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_of_run(self, run_id: int) -> list[str]:
        """The tags of a run, sorted."""
        return sorted(
            self._session.scalars(select(RunTag.tag).where(RunTag.run_id == run_id)),
            key=str.casefold,
        )

    def count_all(self) -> dict[str, int]:
        """Every tag and how many runs have it, sorted by the tag."""
        rows = self._session.execute(
            select(RunTag.tag, func.count())
            .join(TrainingRun, TrainingRun.run_id == RunTag.run_id)
            .where(TrainingRun.is_deleted.is_(false()))
            .group_by(RunTag.tag)
        )
        return dict(sorted(((tag, count) for tag, count in rows), key=lambda e: e[0].casefold()))

    def replace(self, run_id: int, tags: Sequence[str]) -> None:
        """Give a run these tags in the place of those that it had."""
        self._session.execute(delete(RunTag).where(RunTag.run_id == run_id))
        if tags:
            self._session.execute(
                insert(RunTag), [{"run_id": run_id, "tag": tag} for tag in sorted(set(tags))]
            )
