"""Runs as they were written down: which there are, how far each is, where its files lie.

Without torch: whoever only looks at runs need not wait until it is loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db.boxes import JobError, JobProgress
from db.enums import CheckpointKind, JobStatus, RunStatus
from db.records import EpochRow, Job, Run
from db.unit_of_work import UnitOfWork
from forge_core.errors import NotFound
from forge_core.evaluation.report import EvaluationReport
from forge_core.jobs import kinds, queue, supervision
from forge_core.jobs.local_executor import LocalExecutor
from forge_core.runs.files import folders
from forge_core.training import options
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """Where a run is."""

    run_id: int
    job_id: int | None
    status: RunStatus
    stage: str
    """warmup, finetune, scratch; before and after them verify, pack and test."""
    epoch: int
    """Epoch that is running, from 1; 0 before the first."""
    total_epochs: int
    step: int
    steps: int
    images_per_second: float | None
    fraction: float
    """Done of all epochs, 0 to 1."""
    eta_seconds: float | None
    eta_low_seconds: float | None
    eta_high_seconds: float | None
    eta_why: str
    """What the time left is known from, and what makes it uncertain."""
    message: str
    next_step: str
    epochs: list[EpochRow]
    """Finished epochs after the one that was asked for."""


def get_run(workspace: Workspace, run_id: int) -> Run:
    """The run with this number.

    Raises:
        NotFound: There is none, or it was removed.
    """
    with workspace.database.read() as uow:
        run = uow.runs.find(run_id)
    if run is None:
        raise no_run(run_id)
    return run


def list_runs(workspace: Workspace) -> list[Run]:
    """Every run, newest first."""
    with workspace.database.read() as uow:
        return uow.runs.list_all()


def list_usable_runs(workspace: Workspace) -> list[Run]:
    """Runs whose best checkpoint is there, newest first; a running one is after its first epoch."""
    with workspace.database.read() as uow:
        paths = {
            found.run_id: found.file_path
            for found in uow.checkpoints.list_of_kind(CheckpointKind.BEST)
        }
        runs = uow.runs.list_all() if paths else []
    there = workspace.runs.existing(paths.values())
    if workspace.runs.local_root() is not None:  # elsewhere each would be a request
        strangers = {key for key in there if folders.is_foreign(workspace, key.split("/")[0])}
        there -= strangers
    return [run for run in runs if paths.get(run.run_id) in there]


def list_epochs(workspace: Workspace, run_ids: Sequence[int]) -> dict[int, list[EpochRow]]:
    """Every finished epoch of these runs, by the run's number; a run without any has none."""
    with workspace.database.read() as uow:
        return uow.metrics.list_of_runs(run_ids)


def run_progress(workspace: Workspace, run_id: int, after_epoch: int = 0) -> RunProgress:
    """Where a run is, with the metrics of its epochs later than `after_epoch`.

    Raises:
        NotFound: There is no such run.
    """
    with workspace.database.read() as uow:
        run = uow.runs.find(run_id)
        job = uow.jobs.find_latest_of_run(run_id, kind=kinds.TRAIN.name)
        epochs = uow.metrics.list_after(run_id, after_epoch)
        is_queued = run is not None and run.status == RunStatus.QUEUED
        active = uow.jobs.list_by_status(queue.ACTIVE) if is_queued else []
    if run is None:
        raise no_run(run_id)
    told = (job.progress if job else None) or JobProgress()
    is_halted = job is not None and supervision.is_halted(job)
    message = supervision.HALTED if is_halted else run.message or told.message
    if run.status == RunStatus.RUNNING and job is not None and job.progress is None:
        message = message or "Starting."
    if is_queued:
        earlier = (other for other in active if job is None or other.job_id < job.job_id)
        is_behind = any(kinds.find(other.kind).place == kinds.TRAIN.place for other in earlier)
        message = "Waits for a free place on this machine." if is_behind else "Starting."
        is_handed_over = job is not None and job.status == JobStatus.RUNNING
        if job is not None and is_handed_over and job.executor != LocalExecutor.name:
            message = f"Waits for a free node of the cluster ({job.executor})."
    return RunProgress(
        run_id=run_id,
        job_id=job.job_id if job else None,
        status=run.status,
        stage=told.stage,
        epoch=told.epoch,
        total_epochs=options.total_epochs(run.config),
        step=told.step,
        steps=told.steps,
        images_per_second=told.images_per_second,
        fraction=1.0 if run.status == RunStatus.SUCCEEDED else told.fraction or 0.0,
        eta_seconds=None if run.status.is_finished() else told.eta_seconds,
        eta_low_seconds=None if run.status.is_finished() else told.eta_low_seconds,
        eta_high_seconds=None if run.status.is_finished() else told.eta_high_seconds,
        eta_why="" if run.status.is_finished() else told.eta_why,
        message=message,
        next_step=((job.error if job else None) or JobError()).next_step,
        epochs=epochs,
    )


def reports_of(run: Run) -> dict[str, EvaluationReport]:
    """What is kept of the run's best checkpoint, by split.

    Raises:
        InvalidInput: A report was written by a version with another schema.
    """
    return {
        split: EvaluationReport.from_dict(values) for split, values in (run.report or {}).items()
    }


def keep_report(uow: UnitOfWork, run_id: int, split: str, report: EvaluationReport) -> None:
    """Keep a report of the best checkpoint with its run; it replaces that of the same split."""
    run = uow.runs.find(run_id)
    if run is not None:
        uow.runs.update_fields(run_id, report={**(run.report or {}), split: report.to_dict()})


def left_out_paths(run: Run) -> set[str]:
    """Paths of the images that the run found missing, changed or broken."""
    return {image.source for image in run.environment.left_out} if run.environment else set()


def no_run(run_id: int) -> NotFound:
    """What to raise where a run is not there."""
    return NotFound(f"There is no run {run_id}; it may have been removed.")


def find_job(workspace: Workspace, run_id: int) -> Job | None:
    """The newest training job of a run; None before its first."""
    with workspace.database.read() as uow:
        return uow.jobs.find_latest_of_run(run_id, kind=kinds.TRAIN.name)
