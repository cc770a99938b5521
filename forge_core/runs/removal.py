"""Remove training runs, and everything that was kept of them."""

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.records import Run
from db.unit_of_work import UnitOfWork
from forge_core.errors import Conflict
from forge_core.runs import logs, records, scoring_requests
from forge_core.runs.files import folders
from forge_core.runs.probabilities import kept
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class DeletedRun:
    """What the removal of a run freed."""

    run_id: int
    freed_bytes: int
    files: list[str]
    left: str = ""
    """Why a folder of the run's number stays: whose it is."""


def removal_preview(workspace: Workspace, run_id: int) -> int:
    """Bytes that `delete_run` would free.

    Raises:
        NotFound: There is no such run.
    """
    name = folders.find(workspace, records.get_run(workspace, run_id))
    stored = workspace.runs.list_files(name, with_marker=True) if name else []
    beside = [*kept.list_files(workspace, run_id), *_list_printed(workspace, run_id)]
    return sum(file.size_bytes for file in stored) + sum(_sizes(beside).values())


def list_former_aliases(workspace: Workspace, run_id: int) -> list[str]:
    """Aliases that a run answered under and could not be rolled back to once it is removed."""
    with workspace.database.read() as uow:
        return sorted({entry.alias for entry in uow.registry.list_of_run(run_id)})


def delete_run(workspace: Workspace, run_id: int) -> DeletedRun:
    """Remove a run with its checkpoints, curves, predictions, class probabilities and logs.

    Its number is not given out again. A folder that is another workspace's stays as it is.
    A scoring of its images is cancelled: without the run's checkpoint it can write nothing more.

    Raises:
        NotFound: There is no such run.
        Conflict: It runs or waits, is being evaluated, or answers under an alias.
    """
    with workspace.database.read() as uow:
        run = _check_removable(uow, run_id)
    name = folders.find(workspace, run)  # before what proves that it is ours is forgotten
    left = "" if name else folders.find_stranger(workspace, run_id)
    scoring_requests.cancel_scorings(workspace, run_id)
    removed = _sizes(kept.list_files(workspace, run_id))
    scoring_requests.remove_predictions(workspace, run_id)
    with workspace.database.write() as uow:
        _check_removable(uow, run_id)
        uow.runs.update_fields(run_id, is_deleted=True)
        uow.checkpoints.remove_of_run(run_id)
        uow.series.remove_after(run_id, -1)
        uow.prediction_blocks.remove_of_run(run_id)
        uow.evaluations.remove_of_run(run_id)
    scoring_requests.remove_predictions(workspace, run_id)  # of a scoring that had not stopped yet
    stored = workspace.runs.remove_folder(name) if name else []
    printed = _list_printed(workspace, run_id)
    removed |= _sizes(printed)
    for path in printed:
        path.unlink(missing_ok=True)
    for folder in logs.slurm_folders(workspace, run_id):
        shutil.rmtree(folder, ignore_errors=True)
    return DeletedRun(
        run_id=run_id,
        freed_bytes=sum(file.size_bytes for file in stored) + sum(removed.values()),
        files=[
            *(file.key.rpartition("/")[2] for file in stored),
            *(path.name for path in removed),
        ],
        left=left,
    )


def _check_removable(uow: UnitOfWork, run_id: int) -> Run:
    run = uow.runs.find(run_id)
    if run is None:
        raise records.no_run(run_id)
    jobs = [job for job in uow.jobs.list_of_run(run_id) if job.kind != scoring_requests.KIND]
    if not run.status.is_finished() or any(not job.status.is_finished() for job in jobs):
        raise Conflict(
            f"Run {run_id} is in use by a job that is not finished.",
            next_step="Cancel it first.",
        )
    aliases = [each.alias for each in uow.registry.list_current() if each.run_id == run_id]
    if aliases:
        raise Conflict(
            f"Run {run_id} answers as {', '.join(aliases)}; removed, nothing would.",
            next_step=f"Promote another run to {aliases[0]}, roll it back, or withdraw it: "
            f'forge registry withdraw "{aliases[0]}"',
        )
    return run


def _list_printed(workspace: Workspace, run_id: int) -> list[Path]:
    in_slurm = [path for each in logs.slurm_folders(workspace, run_id) for path in each.iterdir()]
    return [*logs.log_paths(workspace, run_id), *in_slurm]


def _sizes(files: Sequence[Path]) -> dict[Path, int]:
    """Bytes of each file; one that went away meanwhile is left out."""
    found = {}
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            found[path] = path.stat().st_size
    return found
