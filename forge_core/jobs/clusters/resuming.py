"""A run whose node was lost goes on by itself, as often as the settings allow.

Only once the cluster says that the job is over, and where nobody says how: a worker that ended of
itself would end so again, and of one that is merely silent nobody knows that it writes no files any
more.
"""

from collections.abc import Callable
from dataclasses import dataclass

from db.enums import JobStatus, RunStatus
from db.records import Job
from db.unit_of_work import UnitOfWork
from forge_core.jobs import kinds, queue
from forge_core.jobs.executors import CommandState, Standing
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

TRY = "try"
"""Of a job's payload: how often its run went on by itself until then."""
MESSAGE = "message"
"""Of a job's payload: what its run says of that."""
LATER = " It goes on by itself once the cluster says that this process is over."


@dataclass(frozen=True)
class NextTry:
    """How a run goes on after a loss."""

    words: str
    """Behind those that say what was lost."""
    add_in: Callable[[str, UnitOfWork], None]
    """Queues the job, in the transaction that ends the one before; with what the run shall say."""


def find_next_try(workspace: Workspace, job: Job, standing: Standing) -> NextTry | None:
    """How the run of a lost job goes on; None where it does not.

    Args:
        workspace: The workspace.
        job: As it was read.
        standing: What the cluster says of it.
    """
    number = int(job.payload.get(TRY, 0)) + 1
    most = workspace.settings.cluster_resumes
    has_no_record = standing.exit_status is None
    is_lost = has_no_record and standing.state in (CommandState.LOST, CommandState.FAILED)
    run_id = job.run_id
    if not is_lost or number > most or job.is_ending() or run_id is None:
        return None
    if not kinds.find(job.kind).mirrors_run:
        return None

    def add_in(message: str, uow: UnitOfWork) -> None:
        uow.runs.update_fields(run_id, status=RunStatus.QUEUED, finished_at=None, message=message)
        payload = {**job.payload, TRY: number, MESSAGE: message}
        queue.add_in(uow, job.kind, job.title, payload, actor=Actor(job.author), run_id=run_id)

    return NextTry(f" It goes on by itself, {number} of at most {most} times.", add_in)


def begin(workspace: Workspace, job_id: int, next_try: NextTry) -> None:
    """Go on with the run of a job that was silent and is over now, if nobody else did meanwhile."""
    with workspace.database.write() as uow:
        job = uow.jobs.find(job_id)
        if job is None or job.run_id is None or job.status != JobStatus.INTERRUPTED:
            return
        run, latest = uow.runs.find(job.run_id), uow.jobs.find_latest_of_run(job.run_id)
        if run is None or run.status != RunStatus.INTERRUPTED or latest != job:
            return
        next_try.add_in(run.message.removesuffix(LATER) + next_try.words, uow)
