"""The process of one job: `forge worker --job ID [--workspace-id ID] [--device NAME]`.

It reads what to do from the jobs table and reports there, if that is the table of the workspace
that the job is of. With `--warm` it waits for its job; see
`warm_worker`.
"""

import argparse
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from db import failures
from db.boxes import JobError
from db.clock import utc_now
from db.enums import EndRequest, JobStatus
from db.failures import DATABASE_UNAVAILABLE
from db.records import Job
from forge_core import disk_space
from forge_core.database_health import DatabaseAway
from forge_core.errors import Conflict, DiskFull, ForgeError
from forge_core.handlers import registry
from forge_core.handlers.registry import HANDLERS, Handler
from forge_core.jobs import executors, kinds, lost, processes, queue, warm_worker
from forge_core.jobs.context import JobContext, JobLost, retry_while_unavailable
from forge_core.models import allocator
from forge_core.notices import outbox
from forge_core.progress import Cancelled
from forge_core.workspace import Workspace, open_workspace

LOST_STATUS = 3
SOON_OVER = [signal.SIGUSR2] if hasattr(signal, "SIGUSR2") else []
"""What Slurm sends through submitit before the time that it gave is over."""
OPEN_SECONDS = 60.0
"""So long a worker that begins asks a database that does not answer."""
_FREE = "Free some and resume."
_log = logging.getLogger("forge.worker")


def main(arguments: Sequence[str], *, handlers: Mapping[str, Handler] = HANDLERS) -> int:
    """Run one job to its end; returns the exit status of the process.

    Args:
        arguments: Of the command line.
        handlers: What to run for each kind.
    """
    allocator.keep_freed_memory()
    processes.step_back(kinds.ASKED_NICENESS)  # also while it imports, and waits
    parser = argparse.ArgumentParser(prog="forge worker")
    parser.add_argument("--job", type=int, required=True)
    parser.add_argument("--workspace-id", default="")
    parser.add_argument("--device", default="")
    given = warm_worker.wait(arguments, prepare=_import_torch)
    if given is None:
        return 0
    options = parser.parse_args(given)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s"
    )
    processes.restore_default_signals()
    # A child of ours (a loader process) must die of SIGTERM, not note it like we do.
    os.register_at_fork(after_in_child=processes.restore_default_signals)
    try:
        workspace = _open(options.job, options.workspace_id)
    except ForgeError as error:  # the row is out of our reach: who started us reads it in the log
        _log.error("%s%s %s", executors.REFUSAL, error.message, error.next_step)
        return executors.REFUSED_STATUS
    try:
        return _do(workspace, options.job, options.device, handlers)
    except DATABASE_UNAVAILABLE:
        _log.exception("job %d: its end could not be written", options.job)
        return executors.UNRECORDED_STATUS


def _do(workspace: Workspace, job_id: int, device: str, handlers: Mapping[str, Handler]) -> int:
    """Run a job of the workspace in this process, whose signals are the job's from now on."""
    job = _take(workspace, job_id)
    if job is None:
        return LOST_STATUS
    context = JobContext(workspace, job, device=device)

    def _on_signal(number: int, frame: FrameType | None) -> None:
        context.ask_to_stop()

    for number in (signal.SIGTERM, signal.SIGINT, *SOON_OVER):
        signal.signal(number, _on_signal)
    processes.step_back(kinds.find(job.kind).niceness)
    _log.info("job %d (%s) begins as pid %d", job.job_id, job.kind, os.getpid())
    context.begin()
    return _run(context, handlers)


def _import_torch() -> None:
    """What most jobs need, imported before there is one."""
    from forge_core.handlers import train  # noqa: F401


def _open(job_id: int, workspace_id: str) -> Workspace:
    """The workspace as our environment names it, where it is the one whose job is meant.

    A database that does not answer is asked again for a while: it may be starting anew.

    Args:
        job_id: Number of the job.
        workspace_id: Of its workspace; empty from a supervisor of an older version.

    Raises:
        ForgeError: It cannot be opened, or is another one.
    """
    deadline = time.monotonic() + OPEN_SECONDS
    while True:
        try:
            workspace = open_workspace()
            break
        except DatabaseAway as error:
            if time.monotonic() > deadline:
                raise
            _log.warning("%s Trying again.", error.message)
            time.sleep(1.0)
    if workspace_id not in ("", workspace.id):
        raise Conflict(
            f"Job {job_id} is of the workspace {workspace_id}, and the environment of its process "
            f"names {workspace.id} in {workspace.folder}; nothing was done.",
            next_step="Give the worker the FORGE_ variables of its supervisor.",
        )
    return workspace


def _take(workspace: Workspace, job_id: int) -> Job | None:
    """Write into the row who we are; None, and a line in the log, when the job is not ours."""
    identity = processes.identify(os.getpid())
    assert identity is not None, "we are alive"
    pid, started = identity.pid, identity.started

    def take() -> Job | None:
        with workspace.database.write() as uow:
            is_ours = uow.jobs.update_if(
                job_id,
                (JobStatus.RUNNING,),
                pid=pid,
                pid_started=started,
                heartbeat_at=utc_now(),
            )
            job = uow.jobs.find(job_id) if is_ours else None
            if job is not None:
                queue.mark_begun_in(uow, job)
            return job

    job = retry_while_unavailable(take)
    if job is None:
        _log.warning("job %d is not ours to run", job_id)
    return job


def _run(context: JobContext, handlers: Mapping[str, Handler]) -> int:
    job = context.job
    handler = handlers.get(job.kind)
    try:
        if handler is None:
            raise ForgeError(
                f"This version does not know jobs of the kind {job.kind!r}.",
                next_step=f"It knows {', '.join(handlers)}.",
            )
        result = handler(context)
    except Cancelled:
        return _end_stopped(context)
    except JobLost:
        _log.warning("job %d was ended by somebody else; nothing more is written", job.job_id)
        return LOST_STATUS
    except Exception as error:  # the outermost loop: whatever it was, the row must say so
        return _end_failed(context, error)
    return _end(context, JobStatus.SUCCEEDED, result=result or {})


def _end_failed(context: JobContext, error: Exception) -> int:
    """Failed, in words where they were foreseen; what found a disk full goes on later."""
    job, full = context.job, _find_full(error)
    if full is not None and kinds.find(job.kind).is_continued:
        return _end_full(context, full, error)
    known = error if isinstance(error, ForgeError) else full
    if known is not None:
        _log.error("job %d failed: %s %s", job.job_id, known.message, known.next_step)
        described = JobError(
            message=known.message,
            next_step=known.next_step,
            detail=known.detail,
            kind=type(known).__name__,
        )
        return _end(context, JobStatus.FAILED, error=described)
    _log.error("job %d failed", job.job_id, exc_info=error)
    described = JobError(
        message=f"Job {job.job_id} ({job.title}) failed for a reason that was not foreseen.",
        next_step="Its log has the details; report them if it happens again.",
        detail="".join(traceback.format_exception(error)),
    )
    return _end(context, JobStatus.FAILED, error=described)


def _find_full(error: Exception) -> DiskFull | None:
    if isinstance(error, DATABASE_UNAVAILABLE) and failures.is_full(error):
        return DiskFull("The disk of the database is full, or it fails.", next_step=_FREE)
    return disk_space.find_full(error)


def _end_full(context: JobContext, full: DiskFull, error: Exception) -> int:
    """Interrupted, and a run paused: with more room it goes on, and nothing saved is lost."""
    mirrors_run = kinds.find(context.job.kind).mirrors_run
    _log.error("job %d finds no room: %s", context.job.job_id, full.message, exc_info=error)
    described = JobError(
        message=f"{full.message} {_FREE if mirrors_run else 'Free some and start it again.'}",
        next_step="It goes on after what it saved last.",
        detail=full.detail,
        kind=outbox.DISK_FULL,
    )
    job = retry_while_unavailable(lambda: queue.get_job(context.workspace, context.job.job_id))
    if job.end_requested == EndRequest.CANCEL:
        return _end(context, JobStatus.CANCELLED, error=lost.CANCELLED)
    return _end(context, JobStatus.INTERRUPTED, error=described, is_paused=mirrors_run)


def _end_stopped(context: JobContext) -> int:
    """Cancelled or paused when that was asked; interrupted when the system told us to go."""
    if context.is_lost:
        return LOST_STATUS
    retry_while_unavailable(context.end)  # the last progress says where

    def read() -> tuple[Job | None, str]:
        with context.workspace.database.read() as uow:
            return uow.jobs.find(context.job.job_id), lost.describe_end(uow, context.job)

    job, message = retry_while_unavailable(read)
    if job is not None and job.end_requested == EndRequest.PAUSE:
        return _end(context, JobStatus.INTERRUPTED, error=lost.describe_pause(job))
    if job is not None and job.end_requested == EndRequest.CANCEL:
        return _end(context, JobStatus.CANCELLED, error=lost.CANCELLED)
    error = JobError(
        message=f"{message}: the system asked its process to end.",
        next_step=kinds.find(context.job.kind).after_end,
    )
    return _end(context, JobStatus.INTERRUPTED, error=error)


def _end(
    context: JobContext,
    status: JobStatus,
    *,
    result: Mapping[str, Any] | None = None,
    error: JobError | None = None,
    is_paused: bool = False,
) -> int:
    retry_while_unavailable(context.end)

    workspace, job = context.workspace, context.job
    is_done = status == JobStatus.SUCCEEDED
    then = registry.after_success(workspace, job) if is_done else None

    def write() -> bool:
        return queue.finish(
            workspace, job, status, result=result, error=error, is_paused=is_paused, then=then
        )

    if not retry_while_unavailable(write):
        _log.warning("job %d was ended by somebody else", job.job_id)
        return LOST_STATUS
    _log.info("job %d %s", job.job_id, status)
    return 1 if status == JobStatus.FAILED else 0
