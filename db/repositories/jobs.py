"""The job queue: claims are conditional updates, finished jobs never change."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Select, Table, bindparam, exists, insert, select, update
from sqlalchemy.orm import Session

from db import boxes, models
from db.boxes import JobError, JobProgress
from db.clock import utc_now
from db.enums import EndRequest, JobStatus
from db.records import Job
from db.repositories.rows import columns_of

JOB_COLUMNS = columns_of(Job, models.JobRow)
_JOBS = cast("Table", models.JobRow.__table__)
_CATALOG = cast("Table", models.CatalogState.__table__)
# Built once: a statement that the mapper makes takes 2 ms, in which nobody else can write.
_CLAIM = (
    update(_JOBS)
    .where(
        _JOBS.c.job_id == bindparam("claimed"),
        _JOBS.c.status == JobStatus.QUEUED,
        exists().where(_CATALOG.c.workspace_id == bindparam("claimed_for")),
    )
    .values(
        status=JobStatus.RUNNING,
        host=bindparam("claiming_host"),
        log_path=bindparam("claimed_log"),
        executor=bindparam("claiming_executor"),
        started_at=utc_now(),
        heartbeat_at=utc_now(),
    )
)


class JobRepository:
    """Background work, queued, running and done."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, job_id: int) -> Job | None:
        """The job with this number, or None."""
        row = self._session.execute(
            select(*JOB_COLUMNS).where(models.JobRow.job_id == job_id)
        ).one_or_none()
        return _to_job(row) if row else None

    def find_latest_of_run(self, run_id: int, *, kind: str | None = None) -> Job | None:
        """The newest job of a run (of this kind), or None."""
        statement = select(*JOB_COLUMNS).where(models.JobRow.run_id == run_id)
        if kind is not None:
            statement = statement.where(models.JobRow.kind == kind)
        return self._find_newest(statement)

    def find_latest(
        self,
        kind: str,
        *,
        request_key: str | None = None,
        statuses: Sequence[JobStatus] = tuple(JobStatus),
    ) -> Job | None:
        """The newest job of a kind (that was asked this, that is in one of these states), or None.

        Reads one row, however many there are.
        """
        statement = select(*JOB_COLUMNS).where(models.JobRow.kind == kind)
        if request_key is not None:
            statement = statement.where(models.JobRow.request_key == request_key)
        if len(statuses) < len(JobStatus):
            statement = statement.where(models.JobRow.status.in_(statuses))
        return self._find_newest(statement)

    def list_of_run(self, run_id: int) -> list[Job]:
        """All jobs of a run, oldest first."""
        rows = self._session.execute(
            select(*JOB_COLUMNS)
            .where(models.JobRow.run_id == run_id)
            .order_by(models.JobRow.job_id)
        )
        return [_to_job(row) for row in rows]

    def list_by_status(self, statuses: Sequence[JobStatus]) -> list[Job]:
        """Jobs in one of these states, oldest first."""
        rows = self._session.execute(
            select(*JOB_COLUMNS)
            .where(models.JobRow.status.in_(statuses))
            .order_by(models.JobRow.job_id)
        )
        return [_to_job(row) for row in rows]

    def list_latest(self, *, limit: int) -> list[Job]:
        """The newest jobs, newest first."""
        statement = select(*JOB_COLUMNS).order_by(models.JobRow.job_id.desc()).limit(limit)
        return [_to_job(row) for row in self._session.execute(statement)]

    def _find_newest(self, statement: Select[Any]) -> Job | None:
        row = self._session.execute(
            statement.order_by(models.JobRow.job_id.desc()).limit(1)
        ).first()
        return _to_job(row) if row else None

    def now(self) -> Any:
        """The database's clock, UTC."""
        return self._session.scalars(select(utc_now())).one()

    def add(self, **values: Any) -> int:
        """Queue a job; returns its number."""
        return self._session.scalars(
            insert(models.JobRow).returning(models.JobRow.job_id), [boxes.as_columns(values)]
        ).one()

    def claim(
        self, job_id: int, *, workspace_id: str, host: str, log_path: str, executor: str
    ) -> bool:
        """Let a queued job of this workspace run; says whether it was there."""
        values = {
            "claimed": job_id,
            "claimed_for": workspace_id,
            "claiming_host": host,
            "claimed_log": log_path,
            "claiming_executor": executor,
        }
        return self._session.connection().execute(_CLAIM, values).rowcount == 1

    def update_if(self, job_id: int, statuses: Sequence[JobStatus], **values: Any) -> bool:
        """Set these fields only while the job is in one of the states; says whether it was."""
        result = self._session.execute(
            update(models.JobRow)
            .where(models.JobRow.job_id == job_id, models.JobRow.status.in_(statuses))
            .values(**boxes.as_columns(values))
            .execution_options(synchronize_session=False)
        )
        return cast("CursorResult[Any]", result).rowcount == 1


def _to_job(row: Any) -> Job:
    typed = {
        "status": JobStatus(row.status),
        "end_requested": EndRequest(row.end_requested),
        "progress": boxes.read_box(JobProgress, row.progress),
        "error": boxes.read_box(JobError, row.error),
    }
    return Job(**{**row._mapping, **typed})
