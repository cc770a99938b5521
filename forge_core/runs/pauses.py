"""Pausing a run: it ends after its current step, and `launch.resume_run` goes on with the next."""

from collections.abc import Iterable

from db.enums import RunStatus
from db.records import Job, Run
from forge_core.errors import Conflict
from forge_core.jobs import kinds, queue
from forge_core.notices import state_words
from forge_core.runs import records
from forge_core.workspace import Workspace

TRAIN = kinds.TRAIN.name


def pause_run(workspace: Workspace, run_id: int) -> Run:
    """Ask a run to end after its current step and to wait to be resumed. Idempotent.

    Raises:
        NotFound: There is no such run.
        Conflict: It is finished, and was not paused.
    """
    run = records.get_run(workspace, run_id)
    job = _find_job(workspace, run_id)
    if job is not None and not run.status.is_finished():
        queue.request_pause(workspace, job.job_id)
    elif not is_paused(workspace, run):
        raise Conflict(
            f"Run {run_id} is {state_words.name_of(run.status)}, so there is nothing to pause."
        )
    return records.get_run(workspace, run_id)


def is_paused(workspace: Workspace, run: Run) -> bool:
    """Whether a person or a full disk paused the run, and nobody resumed it yet."""
    return run.run_id in list_paused(workspace, [run])


def list_paused(workspace: Workspace, runs: Iterable[Run]) -> set[int]:
    """The numbers of those that are paused; see `is_paused`."""
    interrupted = [run.run_id for run in runs if run.status == RunStatus.INTERRUPTED]
    if not interrupted:
        return set()
    with workspace.database.read() as uow:
        jobs = {each: uow.jobs.find_latest_of_run(each, kind=TRAIN) for each in interrupted}
    return {each for each, job in jobs.items() if job is not None and queue.is_paused(job)}


def is_ending(workspace: Workspace, run_id: int) -> bool:
    """Whether the run was asked to cancel or to pause, and has not ended yet."""
    job = _find_job(workspace, run_id)
    return job is not None and job.is_ending()


def _find_job(workspace: Workspace, run_id: int) -> Job | None:
    with workspace.database.read() as uow:
        return uow.jobs.find_latest_of_run(run_id, kind=TRAIN)
