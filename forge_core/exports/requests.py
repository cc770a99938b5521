"""Ask for a run's network as an ONNX file in the background, and find it. Imports no torch.

The file is kept in the cache by the hash of the checkpoint: the same weights are exported once.
"""

from pathlib import Path

from db.enums import CheckpointKind, JobStatus
from db.records import Job
from forge_core.jobs import kinds, queue, request_keys, supervision
from forge_core.people.actor import Actor
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace

KIND = kinds.EXPORT.name
FOLDER = "onnx"
FORM_VERSION = 1
"""Higher where the same checkpoint is written as another file than before."""


def kept_path(workspace: Workspace, checkpoint_hash: str, *, in_int8: bool = False) -> Path:
    """Where the export of these weights is kept, whether or not it is there."""
    ending = "-int8.onnx" if in_int8 else ".onnx"
    return workspace.cache_folder / FOLDER / f"{checkpoint_hash}-{FORM_VERSION}{ending}"


def find_kept(
    workspace: Workspace,
    run_id: int,
    kind: str = CheckpointKind.BEST,
    *,
    in_int8: bool = False,
) -> Path | None:
    """The export of a run's checkpoint, or None while there is none.

    Raises:
        NotFound: There is no such run or checkpoint.
    """
    file = checkpoints.find_checkpoint(workspace, run_id, kind)
    path = kept_path(workspace, file.content_hash, in_int8=in_int8)
    return path if path.is_file() else None


def submit_export(
    workspace: Workspace,
    run_id: int,
    *,
    actor: Actor,
    kind: str = CheckpointKind.BEST,
    in_int8: bool = False,
) -> Job:
    """Export in the background; one that waits or runs already for the same is returned instead.

    With `in_int8` also as a file of 8 bits, with what those cost measured on validation images.

    Raises:
        NotFound: There is no such run or checkpoint.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    asked = _asked(workspace, run_id, kind, in_int8=in_int8)
    with workspace.database.write() as uow:
        waiting = uow.jobs.find_latest(
            KIND,
            request_key=request_keys.make_key(asked),
            statuses=(JobStatus.QUEUED, JobStatus.RUNNING),
        )
        if waiting is not None:
            return waiting
        payload = {"run_id": run_id, "kind": kind} | ({"in_int8": True} if in_int8 else {})
        title = f"Export run {run_id} to ONNX{' in 8 bits' if in_int8 else ''}"
        job = queue.add_in(uow, KIND, title, payload, actor=actor, run_id=run_id, asked=asked)
    supervision.ensure_supervisor(workspace)
    return job


def find_export_job(
    workspace: Workspace,
    run_id: int,
    kind: str = CheckpointKind.BEST,
    *,
    in_int8: bool = False,
) -> Job | None:
    """The newest job that exports these weights, in whatever state."""
    return queue.find_latest_job(
        workspace, KIND, asked=_asked(workspace, run_id, kind, in_int8=in_int8)
    )


def _asked(workspace: Workspace, run_id: int, kind: str, *, in_int8: bool) -> dict[str, object]:
    file = checkpoints.find_checkpoint(workspace, run_id, kind)
    asked = {"run_id": run_id, "kind": kind, "checkpoint": file.content_hash, "form": FORM_VERSION}
    return asked | ({"in_int8": True} if in_int8 else {})
