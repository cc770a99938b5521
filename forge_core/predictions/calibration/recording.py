"""A calibrated copy of a run's checkpoint, kept as a checkpoint of the run.

What a run's other weights were measured with stays true of their files: the copy lies beside them.
"""

import tempfile
from pathlib import Path

from db.enums import CheckpointKind
from db.run_records import CheckpointFile
from forge_core.errors import Conflict, NotFound
from forge_core.models.checkpoints import checkpoint
from forge_core.predictions.calibration.deciding import DecidingCheckpoint
from forge_core.runs.files import checkpoints
from forge_core.training.run_files import CALIBRATED_FILE
from forge_core.workspace import Workspace


def write(deciding: DecidingCheckpoint, target: Path) -> str:
    """Write the copy to a file, proven as every checkpoint is; returns its SHA-256.

    Raises:
        DiskFull: There is no room for it.
        OSError: It cannot be written.
    """
    return checkpoint.save_checkpoint(target, deciding.loaded.model, deciding.card, deciding.known)


def record(
    workspace: Workspace, run_id: int, deciding: DecidingCheckpoint, kind: str = CheckpointKind.BEST
) -> CheckpointFile:
    """Keep the copy as the run's calibrated checkpoint, in the place of an earlier one.

    Args:
        workspace: The workspace.
        run_id: The run.
        deciding: What was calibrated.
        kind: The checkpoint of the run that it is a copy of.

    Raises:
        NotFound: The run or its checkpoint was removed meanwhile.
        Conflict: The run has a newer checkpoint by now, or the earlier copy answers under an alias.
        StorageUnavailable: The runs root does not take it.
    """
    source = checkpoints.find_checkpoint(workspace, run_id, kind)
    if source.content_hash != deciding.loaded.sha256:
        raise Conflict(
            f"Run {run_id} has written another {kind} checkpoint than the one that was calibrated.",
            next_step="Calibrate it again when the run has finished.",
        )
    _check_replaceable(workspace, run_id)
    folder, _, _ = source.file_path.partition("/")
    key = f"{folder}/{CALIBRATED_FILE}"
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / CALIBRATED_FILE
        content_hash = write(deciding, path)
        size_bytes = path.stat().st_size
        workspace.runs.files.upload(key, path)
    file = CheckpointFile(
        run_id=run_id,
        kind=CheckpointKind.CALIBRATED,
        file_path=key,
        content_hash=content_hash,
        size_bytes=size_bytes,
        epoch=source.epoch,
        val_accuracy=source.val_accuracy,
    )
    with workspace.database.write() as uow:
        if not uow.runs.exists(run_id):
            raise NotFound(f"Run {run_id} was removed while it was calibrated.")
        uow.checkpoints.add(file)
    return file


def _check_replaceable(workspace: Workspace, run_id: int) -> None:
    """Refuse to replace a copy that answers under an alias: it would answer no more."""
    with workspace.database.read() as uow:
        earlier = {
            each.content_hash
            for each in uow.checkpoints.list_of_run(run_id)
            if each.kind == CheckpointKind.CALIBRATED
        }
        held = [
            each.alias for each in uow.registry.list_current() if each.checkpoint_hash in earlier
        ]
    if held:
        raise Conflict(
            f"The calibrated checkpoint of run {run_id} answers as {', '.join(held)}.",
            next_step=f"Write the new one to a file (--out), or let {held[0]} mean another "
            "checkpoint first.",
        )
