"""The queue: ask for background work, look at it, cancel it, end it.

A claim is one conditional update, and a finished job never changes. A job whose kind mirrors its
run carries it along: the run's status is always the job's.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from db.boxes import JobError
from db.clock import utc_now
from db.enums import EndRequest, JobStatus, RunStatus
from db.records import Job
from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.errors import Conflict, JobFailed, NotFound
from forge_core.jobs import kinds, request_keys, supervision
from forge_core.jobs.executors import LOCAL
from forge_core.notices import outbox
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

PAUSED_WHILE_WAITING = JobError(
    message="Paused before it began.", next_step="Resume it when you like."
)
ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
MAX_TITLE_CHARACTERS = 200
_POLL_SECONDS = 0.1


def submit(
    workspace: Workspace,
    kind: str,
    title: str,
    payload: Mapping[str, Any],
    *,
    actor: Actor,
    run_id: int | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Job:
    """Queue a job and make sure that a supervisor will take it.

    Args:
        workspace: The workspace.
        kind: A name in `kinds.KINDS`.
        title: What a person reads in the list of jobs; cut after 200 characters.
        payload: What the handler needs, as JSON values.
        actor: Who asked for it.
        run_id: The run that it belongs to.
        asked: The question that it answers, as JSON values; `find_latest_job` finds it by that.

    Raises:
        JobFailed: The supervisor cannot be started; the job stays queued.
    """
    with workspace.database.write() as uow:
        job = add_in(uow, kind, title, payload, actor=actor, run_id=run_id, asked=asked)
    supervision.ensure_supervisor(workspace)
    return job


def add_in(
    uow: UnitOfWork,
    kind: str,
    title: str,
    payload: Mapping[str, Any],
    *,
    actor: Actor,
    run_id: int | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Job:
    """Queue a job in a transaction; `supervision.ensure_supervisor` belongs after its commit.

    Raises:
        InvalidInput: The actor's name, the title or the payload cannot be stored.
    """
    storable_values.check(title, "The title of the job")
    storable_values.check(payload, "What the job is to do")
    job_id = uow.jobs.add(
        kind=kind,
        title=title[:MAX_TITLE_CHARACTERS],
        payload=dict(payload),
        status=JobStatus.QUEUED,
        author=actor.checked().name,
        run_id=run_id,
        request_key=None if asked is None else request_keys.make_key(asked),
    )
    job = uow.jobs.find(job_id)
    assert job is not None, "just inserted"
    return job


def get_job(workspace: Workspace, job_id: int) -> Job:
    """The job with this number.

    Raises:
        NotFound: There is none.
    """
    with workspace.database.read() as uow:
        job = uow.jobs.find(job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def list_active_jobs(workspace: Workspace) -> list[Job]:
    """Queued and running jobs, oldest first."""
    with workspace.database.read() as uow:
        return uow.jobs.list_by_status(ACTIVE)


def list_latest_jobs(workspace: Workspace, *, limit: int = 50) -> list[Job]:
    """The newest jobs in any state, newest first."""
    with workspace.database.read() as uow:
        return uow.jobs.list_latest(limit=limit)


def find_latest_job(
    workspace: Workspace, kind: str, *, asked: Mapping[str, Any] | None = None
) -> Job | None:
    """The newest job of a kind (that was asked exactly this) in whatever state, or None."""
    key = None if asked is None else request_keys.make_key(asked)
    with workspace.database.read() as uow:
        return uow.jobs.find_latest(kind, request_key=key)


def request_cancel(workspace: Workspace, job_id: int) -> Job:
    """Ask a job to end, and return it as it is now. Idempotent.

    A queued job is cancelled at once; a running one is told to stop, and killed when it does
    not. A finished job stays as it is.

    Raises:
        NotFound: There is no such job.
    """
    return _request_end(workspace, job_id, EndRequest.CANCEL)


def request_pause(workspace: Workspace, job_id: int) -> Job:
    """Like `request_cancel`, but the job ends as interrupted, for it shall be resumed.

    A job that was asked to cancel already is cancelled.

    Raises:
        NotFound: There is no such job.
    """
    return _request_end(workspace, job_id, EndRequest.PAUSE)


def is_paused(job: Job) -> bool:
    """Whether a job ended to go on later: a person asked for it, or a disk was full."""
    return job.end_requested == EndRequest.PAUSE and job.status == JobStatus.INTERRUPTED


def _request_end(workspace: Workspace, job_id: int, asked: EndRequest) -> Job:
    with workspace.database.write() as uow:
        job = uow.jobs.find(job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id}.")
        if job.end_requested == EndRequest.CANCEL:
            asked = EndRequest.CANCEL
        is_pause = asked == EndRequest.PAUSE
        status = JobStatus.INTERRUPTED if is_pause else JobStatus.CANCELLED
        error = PAUSED_WHILE_WAITING if is_pause else None
        if not _end(uow, job, (JobStatus.QUEUED,), status, error=error, end_requested=asked):
            uow.jobs.update_if(job_id, (JobStatus.RUNNING,), end_requested=asked)
        job = uow.jobs.find(job_id)
        assert job is not None, "jobs are never removed"
    if not job.status.is_finished():
        supervision.ensure_supervisor(workspace, replace=False)
    return job


def claim(workspace: Workspace, job: Job, *, executor: str, log_path: str) -> bool:
    """Take a queued job for this machine; says whether it was still there to be taken.

    Args:
        workspace: The workspace.
        job: As it was read.
        executor: Name of what will run it.
        log_path: Of its log, in the logs folder.

    Raises:
        Conflict: The database is that of another workspace by now.
    """
    # A power cut that takes it back ends a process of this machine as well: the job waits again.
    with workspace.database.write(flushes=executor != LOCAL) as uow:
        if uow.jobs.claim(
            job.job_id,
            workspace_id=workspace.id,
            host=supervision.host_name(),
            log_path=log_path,
            executor=executor,
        ):
            return True
        found = uow.identity.find()
        if found != workspace.id:
            raise Conflict(
                f"Job {job.job_id} is of the workspace {found} and we tend {workspace.id}: the "
                "database was replaced."
            )
        return False


def mark_begun_in(uow: UnitOfWork, job: Job) -> None:
    """Let the run of a job run, whose process is there.

    The supervisor says so as soon as it has started the process, which imports for seconds before
    it acts. The process itself says so when it takes the job: on a cluster nobody else sees it, and
    a supervisor may have died between the start and its word.
    """
    if kinds.find(job.kind).mirrors_run and job.run_id is not None:
        uow.runs.update_fields(job.run_id, status=RunStatus.RUNNING)


def finish(
    workspace: Workspace,
    job: Job,
    status: JobStatus,
    *,
    result: Mapping[str, Any] | None = None,
    error: JobError | None = None,
    is_paused: bool = False,
    then: Callable[[UnitOfWork], None] | None = None,
) -> bool:
    """Write the end of a running job and of its run; says whether it was still running.

    Args:
        workspace: The workspace.
        job: The job; only its number, kind and run count.
        status: A finished one.
        result: JSON values for `succeeded`.
        error: For the others.
        is_paused: It shall be gone on with like one that a person paused.
        then: What follows, in the same transaction; only if it was still running.
    """
    with workspace.database.write() as uow:
        asked = {"end_requested": EndRequest.PAUSE} if is_paused else {}
        was_so = _end(uow, job, (JobStatus.RUNNING,), status, result=result, error=error, **asked)
        if was_so and kinds.find(job.kind).is_told:
            outbox.add_in(uow, workspace.settings, job.job_id, supervision.host_name())
        if was_so and then is not None:
            then(uow)
        return was_so


def wait_until_finished(workspace: Workspace, job_id: int, *, timeout_seconds: float) -> Job:
    """The job once it is finished.

    Raises:
        NotFound: There is no such job.
        JobFailed: It was not finished in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        job = get_job(workspace, job_id)
        if job.status.is_finished():
            return job
        if time.monotonic() > deadline:
            raise JobFailed(
                f"Job {job_id} ({job.title}) was still {job.status} after {timeout_seconds:g} s."
            )
        time.sleep(_POLL_SECONDS)


def _end(
    uow: UnitOfWork,
    job: Job,
    expected: tuple[JobStatus, ...],
    status: JobStatus,
    *,
    result: Mapping[str, Any] | None = None,
    error: JobError | None = None,
    **values: Any,
) -> bool:
    was_so = uow.jobs.update_if(
        job.job_id,
        expected,
        status=status,
        result=None if result is None else storable_values.readable(result),
        error=None if error is None else storable_values.readable(error),
        finished_at=utc_now(),
        **values,
    )
    if was_so and kinds.find(job.kind).mirrors_run and job.run_id is not None:
        words = {} if error is None else {"message": storable_values.readable_text(error.message)}
        uow.runs.update_fields(job.run_id, status=RunStatus(status), finished_at=utc_now(), **words)
    return was_so
