"""Runs beside the one that was trained: the same network with other weights."""

from dataclasses import replace

from db.enums import CheckpointKind, RunStatus
from db.run_records import CheckpointFile
from forge_core import file_hashes
from forge_core.models.checkpoints import checkpoint
from forge_core.runs import records
from forge_core.workspace import Workspace


def add_run(workspace: Workspace, *, scale: float) -> int:
    """A run like run 1, whose weights are those of run 1 times `scale`; returns its number."""
    first = records.get_run(workspace, 1)
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED,
            author="tester",
            config=dict(first.config),
            revision_id=first.revision_id,
            class_names=first.class_names,
            label_ids=first.label_ids,
            best_epoch=first.best_epoch,
            best_val_accuracy=first.best_val_accuracy,
        )
    key = f"run-{run_id}/best.safetensors"
    loaded = checkpoint.load_checkpoint(workspace.folder / "runs/run-1/best.safetensors")
    for parameter in loaded.model.parameters():
        parameter.data *= scale
    path = workspace.folder / "runs" / key
    checkpoint.save_checkpoint(path, loaded.model, replace(loaded.card, run_id=run_id))
    with workspace.database.write() as uow:
        uow.checkpoints.add(
            CheckpointFile(
                run_id=run_id,
                kind=CheckpointKind.BEST,
                file_path=key,
                content_hash=file_hashes.known_hash(path),
                size_bytes=path.stat().st_size,
                epoch=1,
                val_accuracy=0.5,
            )
        )
    return run_id
