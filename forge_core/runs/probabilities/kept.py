"""What is kept of class probabilities: read it, say what is damaged, remove it. Imports no torch.

The files lie in the cache folder, `probabilities/run-N/CHECKPOINT-BLOCK.f16`. Where they are gone
or damaged, images have no probabilities until the next scoring, which computes them again.

Legend: N images, K classes.
"""

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.enums import CheckpointKind
from db.run_records import PredictionBlock
from db.unit_of_work import UnitOfWork
from forge_core.runs import records
from forge_core.runs.probabilities import blocks
from forge_core.runs.probabilities.blocks import BlockFiles, Halves, Rows
from forge_core.workspace import Workspace

FOLDER = "probabilities"
"""Of a workspace's cache folder."""


@dataclass(frozen=True, kw_only=True)
class ClassProbabilities:
    """What a run's network says of images: all of it."""

    label_ids: list[int]
    """Of each of the K columns its class when the run was trained; it may be merged since."""
    asset_ids: list[uuid.UUID]
    """The N images that have probabilities, in the order they were asked for."""
    values: Halves
    """Probabilities (N, K), 0 to 1: the softmax of the network's outputs."""
    missing: list[uuid.UUID]
    """Those that have none: not scored, or their row is lost or damaged."""
    problems: list[str]
    """What is wrong with the files, a sentence each."""


def read(workspace: Workspace, run_id: int, asset_ids: Sequence[uuid.UUID]) -> ClassProbabilities:
    """All class probabilities of images, by the best checkpoint that the run has now.

    Raises:
        NotFound: There is no such run.
    """
    with workspace.database.read() as uow:
        run = uow.runs.find(run_id)
        if run is None:
            raise records.no_run(run_id)
        best = find_best_hash(uow, run_id)
        found = uow.prediction_blocks.list_of_run(run_id, checkpoint_hash=best) if best else []
    problems = [problem for block in found if (problem := find_problem(workspace, block))]
    values = np.zeros((len(asset_ids), len(run.label_ids)), np.float16)
    is_good = np.zeros(len(asset_ids), np.bool_)
    loaded = [_ids_of(workspace, block) for block in found]
    rows = blocks.RowIndex(loaded).find(blocks.as_ids(asset_ids))
    first = 0
    for block, ids in zip(found, loaded, strict=True):
        (wanted,) = np.nonzero((rows >= first) & (rows < first + len(ids)))
        good = _read_rows(workspace, block, rows[wanted] - first)
        if good is None:
            problems.append(f"{block.file_path} cannot be read.")
        else:
            values[wanted], is_good[wanted] = good
            if num_bad := int(np.count_nonzero(~good[1])):
                problems.append(f"{block.file_path} has damaged rows: {num_bad:,}.")
        first += len(ids)
    return ClassProbabilities(
        label_ids=list(run.label_ids),
        asset_ids=[each for each, good in zip(asset_ids, is_good, strict=True) if good],
        values=values[is_good],
        missing=[each for each, good in zip(asset_ids, is_good, strict=True) if not good],
        problems=problems,
    )


def find_problem(workspace: Workspace, block: PredictionBlock) -> str:
    """What is wrong with a block's files by their length, a sentence; empty for nothing."""
    whole = files_of(workspace, block).count_whole()
    if whole >= block.num_images:
        return ""
    return (
        f"{block.file_path} holds {whole:,} of {block.num_images:,} rows: "
        "it was cut off or removed."
    )


def list_problems(workspace: Workspace) -> dict[int, list[str]]:
    """What is wrong with the files of each run by their length; runs without are left out."""
    with workspace.database.read() as uow:
        found = uow.prediction_blocks.list_all()
    problems: dict[int, list[str]] = {}
    for block in found:
        if problem := find_problem(workspace, block):
            problems.setdefault(block.run_id, []).append(problem)
    return problems


def find_best_hash(uow: UnitOfWork, run_id: int) -> str | None:
    """Hash of the file of the run's best checkpoint; None while it has none."""
    found = uow.checkpoints.list_of_run(run_id)
    return next((each.content_hash for each in found if each.kind == CheckpointKind.BEST), None)


def files_of(workspace: Workspace, block: PredictionBlock) -> BlockFiles:
    """Where the rows of a block are."""
    return BlockFiles(
        values=workspace.cache_folder / block.file_path,
        num_values=block.num_classes,
        network=block.checkpoint_hash,
    )


def folder_of(workspace: Workspace, run_id: int) -> Path:
    """Folder of a run's files; it may not exist."""
    return workspace.cache_folder / FOLDER / f"run-{run_id}"


def list_files(workspace: Workspace, run_id: int) -> list[Path]:
    """Every file of a run's probabilities."""
    return sorted(path for path in folder_of(workspace, run_id).glob("*") if path.is_file())


def remove_of_run(workspace: Workspace, run_id: int) -> None:
    """Forget a run's probabilities: what the table says of them first, then the files."""
    with workspace.database.write() as uow:
        uow.prediction_blocks.remove_of_run(run_id)
    shutil.rmtree(folder_of(workspace, run_id), ignore_errors=True)


def clear(workspace: Workspace) -> None:
    """Forget the probabilities of all runs; the next scoring of each computes them again."""
    with workspace.database.write() as uow:
        uow.prediction_blocks.remove_all()
    shutil.rmtree(workspace.cache_folder / FOLDER, ignore_errors=True)


def _ids_of(workspace: Workspace, block: PredictionBlock) -> blocks.Ids:
    files = files_of(workspace, block)
    try:
        return files.read_ids(min(block.num_images, files.count_whole()))
    except OSError:
        return np.empty(0, "S16")


def _read_rows(
    workspace: Workspace, block: PredictionBlock, rows: Rows
) -> tuple[Halves, blocks.Flags] | None:
    try:
        return files_of(workspace, block).read_rows(rows)
    except OSError:  # removed since, or the disk fails
        return None
