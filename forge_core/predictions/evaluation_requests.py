"""Ask for checkpoints to be evaluated in the background. Imports no torch."""

from db.enums import CheckpointKind, JobStatus, Split
from db.records import Job
from db.unit_of_work import UnitOfWork
from forge_core.errors import InvalidInput
from forge_core.jobs import kinds, queue, request_keys, supervision
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace

SPLITS = (Split.TRAIN, Split.VAL, Split.TEST, Split.HELD_OUT)
KIND = kinds.EVALUATE.name


def check_split(split: str) -> Split:
    """The split itself.

    Raises:
        InvalidInput: There is no such split.
    """
    if split not in SPLITS:
        raise InvalidInput(
            f"There is no split {split!r} to evaluate on.", next_step=f"Use {', '.join(SPLITS)}."
        )
    return Split(split)


def submit_evaluation(
    workspace: Workspace,
    run_id: int,
    *,
    split: str,
    actor: Actor,
    kind: str = CheckpointKind.BEST,
    revision_id: int | None = None,
) -> Job:
    """Evaluate in the background, and keep what comes out.

    One of the same that waits or runs already is returned instead.

    Args:
        workspace: The workspace.
        run_id: The run.
        split: train, val, test or held_out.
        actor: Who asks.
        kind: best or last.
        revision_id: The images and labels of this revision; by default of the run's own.

    Raises:
        NotFound: There is no such run or checkpoint.
        InvalidInput: There is no such split.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    check_split(split)
    checkpoint = checkpoints.find_checkpoint(workspace, run_id, kind)
    if revision_id is None:
        revision_id = records.get_run(workspace, run_id).revision_id
    asked = _asked(run_id, split, kind, checkpoint.content_hash)
    payload = {"run_id": run_id, "split": split, "kind": kind, "revision_id": revision_id}
    title = f"Evaluate run {run_id} on {split}"
    with workspace.database.write() as uow:
        key = request_keys.make_key(asked)
        for job in uow.jobs.list_by_status((JobStatus.QUEUED, JobStatus.RUNNING)):
            if (job.kind, job.request_key) == (KIND, key) and (
                job.payload["revision_id"] == revision_id
            ):
                return job
        job = queue.add_in(uow, KIND, title, payload, actor=actor, run_id=run_id, asked=asked)
    supervision.ensure_supervisor(workspace)
    return job


def find_evaluation_job(
    uow: UnitOfWork, run_id: int, split: str, kind: str, checkpoint_hash: str
) -> Job | None:
    """The newest job that evaluates these weights on a split, as of whatever revision."""
    key = request_keys.make_key(_asked(run_id, split, kind, checkpoint_hash))
    return uow.jobs.find_latest(KIND, request_key=key)


def _asked(run_id: int, split: str, kind: str, checkpoint_hash: str) -> dict[str, object]:
    return {"run_id": run_id, "split": split, "kind": kind, "checkpoint": checkpoint_hash}
