"""What is written when a job's process is gone without having said how it ended."""

import logging
from collections.abc import Iterable, Sequence
from functools import partial

from db.boxes import JobError, JobProgress
from db.enums import CheckpointKind, EndRequest, JobStatus
from db.records import EpochRow, Job
from db.run_records import CheckpointFile
from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.errors import JobFailed
from forge_core.jobs import executors, kinds, processes, queue, supervision, warm_worker
from forge_core.jobs.clusters.resuming import NextTry
from forge_core.jobs.executors import LOCAL, Executor, Standing
from forge_core.jobs.processes import ProcessIdentity
from forge_core.workspace import Workspace

CANCELLED = JobError(message="Cancelled on request.")
WITHOUT_A_WORD = "its process ended without a word (killed, or out of memory)."
NEVER_STARTED = "it was never started"
_log = logging.getLogger("forge.jobs")


def mark_lost(
    workspace: Workspace,
    job: Job,
    *,
    why: str = WITHOUT_A_WORD,
    detail: str = "",
    after: str = "",
    next_try: NextTry | None = None,
) -> bool:
    """End a running job whose process is gone: cancelled or paused if asked, else interrupted.

    Args:
        workspace: The workspace.
        job: As it was read; a job that finished meanwhile is left alone.
        why: What became of its process, behind a colon.
        detail: What is known of the end, such as the signal.
        after: What follows all that, with a space before it.
        next_try: How its run goes on by itself now; None where it does not.

    Returns:
        Whether the job was still running.
    """
    with workspace.database.read() as uow:
        current = uow.jobs.find(job.job_id)
        if current is None or current.status != JobStatus.RUNNING:
            return False
        message = describe_end(uow, current)
        paused = describe_pause(current)
    if current.end_requested == EndRequest.PAUSE:
        return queue.finish(workspace, current, JobStatus.INTERRUPTED, error=paused)
    if current.end_requested == EndRequest.CANCEL:
        return queue.finish(workspace, current, JobStatus.CANCELLED, error=CANCELLED)
    words = f"{message}: {why}{_last_checkpoint(workspace, current)}{after}"
    next_step, then = kinds.find(current.kind).after_loss, None
    if next_try is not None:
        words, next_step = words + next_try.words, ""
        then = partial(next_try.add_in, storable_values.readable_text(words))
    error = JobError(message=words, next_step=next_step, detail=detail)
    return queue.finish(workspace, current, JobStatus.INTERRUPTED, error=error, then=then)


def mark_abandoned(workspace: Workspace, jobs: Iterable[Job]) -> None:
    """End running jobs of this machine that have no process, while no supervisor tends them.

    Whoever shows their state calls this: a new supervisor takes seconds to start, on a busy
    machine twenty, and until then every page would say that they run.

    Args:
        workspace: The workspace.
        jobs: As they were read before this call: then whoever claimed them is gone as well.
    """
    here = supervision.host_name()
    ours = [each for each in jobs if each.status == JobStatus.RUNNING and each.host == here]
    if not ours or supervision.find_supervisor(workspace) is not None:
        return
    for job in ours:
        if not may_have_process(workspace, job):
            detail = NEVER_STARTED if job.pid is None else "its process is gone"
            if mark_lost(workspace, job, detail=detail):
                _log.warning("job %d is gone, and so is its supervisor: %s", job.job_id, detail)


def may_have_process(workspace: Workspace, job: Job) -> bool:
    """Whether a process of this machine works on a job, or begins to; true where nobody knows.

    Args:
        workspace: The workspace.
        job: A running one of this machine, whose supervisor may have died before it could note
            what it had started.
    """
    if job.executor != LOCAL:
        return True
    if job.pid is not None and job.pid_started is not None:
        return processes.is_alive(ProcessIdentity(job.pid, job.pid_started))
    own = ["--job", str(job.job_id), "--workspace-id", workspace.id]
    return any(
        warm_worker.ARGUMENT in words or own == words[start : start + len(own)]
        for words in processes.list_commands()
        for start in [words.index(own[0]) if own[0] in words else 0]
    )


def mark_unstarted(workspace: Workspace, job: Job, error: OSError | JobFailed) -> None:
    """End a claimed job whose process could not be started, with what the attempt said."""
    failure = JobError(
        message="The job's process could not be started.",
        next_step="Check free memory and disk, then start it again.",
        detail=str(error),
    )
    if isinstance(error, JobFailed):
        failure = JobError(message=error.message, next_step=error.next_step, detail=error.detail)
    queue.finish(workspace, job, JobStatus.FAILED, error=failure)


def why_it_ended(executor: Executor, handle: str, standing: Standing) -> str:
    """What a worker could not write into the row itself, by its exit status and its log."""
    if standing.exit_status == executors.UNRECORDED_STATUS:
        return (
            "its process could not write to the database any more, whose disk may be full; "
            "its log says why."
        )
    if standing.exit_status != executors.REFUSED_STATUS:
        return WITHOUT_A_WORD
    said, offset = "", 0
    while True:
        text, offset = executor.logs(handle, offset)
        if not text:
            break
        said = (said + text)[-executors.LOG_BYTES :]
    reason = said.rpartition(executors.REFUSAL)[2].partition("\n")[0].strip()
    return f"its process refused to begin. {reason or 'Its log says why.'}"


def describe_end(uow: UnitOfWork, job: Job) -> str:
    """How far a job came, for example "Run 12 stopped at epoch 7"."""
    if not kinds.find(job.kind).mirrors_run or job.run_id is None:
        return f"Job {job.job_id} ({job.title}) stopped"
    epoch = (job.progress or JobProgress()).epoch
    metrics: Sequence[EpochRow] = uow.metrics.list_after(job.run_id)
    last_finished = metrics[-1].epoch if metrics else 0
    reached = max(epoch, last_finished)
    where = f"at epoch {reached}" if reached else "before its first epoch"
    return f"Run {job.run_id} stopped {where}"


def describe_pause(job: Job) -> JobError:
    """What is written of a job that a person paused."""
    told = job.progress or JobProgress()
    where = f" in epoch {told.epoch}, step {told.step} of {told.steps}" if told.epoch else ""
    return JobError(
        message=f"Paused{where}.",
        next_step="Resume it when you like: it goes on with the next step.",
    )


def _last_checkpoint(workspace: Workspace, job: Job) -> str:
    if job.run_id is None or not kinds.find(job.kind).mirrors_run:
        return ""
    with workspace.database.read() as uow:
        found: list[CheckpointFile] = uow.checkpoints.list_of_run(job.run_id)
    last = next(
        (checkpoint for checkpoint in found if checkpoint.kind == CheckpointKind.LAST), None
    )
    return f" Last checkpoint: epoch {last.epoch}." if last else " It has no checkpoint yet."
