"""What a run leaves: checkpoints and state after each epoch, and a result at its end."""

import time
from dataclasses import dataclass
from pathlib import Path

from db.records import EpochMetrics
from forge_core import local_files
from forge_core.evaluation.report import EvaluationReport
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard, library_versions
from forge_core.training import resume_state
from forge_core.training.compute.compute_plan import Speed
from forge_core.training.fit_context import Run
from forge_core.training.pixels.pack import RejectedImage
from forge_core.training.resume_state import BegunEpoch, Progression, ResumeState
from forge_core.training.steps.learner import Learner

BEST_FILE = "best.safetensors"
LAST_FILE = "last.safetensors"


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """How a run ended."""

    best_metric: float | None
    """Highest validation accuracy, 0 to 1; None when no epoch was finished."""
    best_epoch: int
    """Epoch that reached it first with the lowest loss, from 1; 0 when none was finished."""
    epochs_done: int
    best_path: Path | None
    """Checkpoint of the best epoch."""
    last_path: Path | None
    """Checkpoint of the last full epoch."""
    report: EvaluationReport | None
    """Validation metrics of the best epoch."""
    stopped: bool
    """The reporter asked to stop before the last epoch was finished."""
    ended_early: bool
    """Early stopping or the time budget ended the run before its last epoch."""
    history: tuple[EpochMetrics, ...]
    """Metrics of all epochs, those before a resumption included."""
    speed: Speed | None
    """How it computed; None when it ended before its first step."""
    rejected: tuple[RejectedImage, ...]
    """Images of both splits that were left out, and why."""


def begin(run: Run, resume: bool) -> ResumeState | None:
    """The state to go on from, or None and a folder without results of an earlier run.

    Raises:
        InvalidInput: The run to resume was another one.
        TrainingFailed: Its state is damaged.
    """
    if run.ranks.is_first:
        local_files.make_folder(run.folder)
        resume_state.remove_partial(run.folder)
    if resume:
        state = resume_state.load_state(run.folder, run.identity)
        if state is not None:
            _tell_resumption(run, state)
            return state
        run.reporter.on_message("Nothing was saved yet: beginning with the first epoch.")
    if run.ranks.is_first:
        for name in (resume_state.STATE_FILE, BEST_FILE, LAST_FILE):
            (run.folder / name).unlink(missing_ok=True)
    return None


def can_go_on(run: Run, everything: Run) -> bool:
    """Whether a resumed run has a state of its own images to go on from.

    It has not when it was stopped in its first epoch, before that met an image which cannot be
    used: what it learned until then it would not have learned from a full pack.

    Args:
        run: Without the images that cannot be used.
        everything: The same run with them.
    """
    if not run.rejected or not resume_state.is_state_of(run.folder, everything.identity):
        return True
    run.reporter.on_message(
        f"{len(run.rejected)} images cannot be used, which had not come up before the run was "
        "stopped: it begins again without them."
    )
    return False


def _tell_resumption(run: Run, state: ResumeState) -> None:
    done = state.progression.epochs_done
    if state.begun is None:
        run.reporter.on_message(f"Going on after epoch {done}.")
    else:
        run.reporter.on_message(f"Going on in epoch {done + 1} after step {state.begun.steps}.")
    if state.progression.history:
        run.reporter.on_epoch(state.progression.history[-1])


def keep_epoch(
    run: Run,
    learner: Learner,
    entry: EpochMetrics,
    report: EvaluationReport,
    progression: Progression,
) -> None:
    """Write the checkpoints, then the state that counts the epoch as done."""
    card = ModelCard(
        architecture=run.config.architecture,
        class_names=run.class_names,
        label_ids=run.label_ids,
        eval_transform=run.eval_transform,
        run_id=run.run_id,
        revision_id=run.revision_id,
        seed=run.config.seed,
        stage=entry.stage,
        epoch=entry.epoch,
        metrics={
            "train_loss": entry.train_loss,
            "train_accuracy": entry.train_accuracy,
            "val_loss": report.loss,
            "val_accuracy": report.accuracy,
            "val_macro_f1": report.macro_f1,
        },
        versions=library_versions(run.device.name),
    )
    best = progression.best_report
    is_best = best is None or (report.accuracy, -report.loss) > (best.accuracy, -best.loss)
    if run.ranks.is_first:
        with learner.averaged():
            checkpoint.save_checkpoint(run.folder / LAST_FILE, learner.model, card)
            if is_best:
                checkpoint.copy_checkpoint(run.folder / LAST_FILE, run.folder / BEST_FILE)
    if is_best:
        progression.best_epoch = entry.epoch
        progression.best_report = report
    progression.history.append(entry)
    keep_state(run, learner, progression, None)


def keep_state(
    run: Run, learner: Learner, progression: Progression, begun: BegunEpoch | None
) -> None:
    """Write from where the run would go on; the old state stays until the new one is complete."""
    if not run.ranks.is_first:
        return
    started = time.monotonic()
    state = ResumeState(
        progression=progression,
        learner=learner.state_dict(),
        begun=begun,
        speed=learner.speed,
    )
    resume_state.save_state(run.folder, state, run.identity)
    run.save_clock.saved(time.monotonic() - started)


def make_result(
    run: Run,
    progression: Progression,
    *,
    speed: Speed | None = None,
    stopped: bool = False,
    ended_early: bool = False,
) -> FitResult:
    """The result of a run that has come so far."""
    report = progression.best_report
    return FitResult(
        best_metric=None if report is None else report.accuracy,
        best_epoch=progression.best_epoch,
        epochs_done=progression.epochs_done,
        best_path=None if report is None else run.folder / BEST_FILE,
        last_path=None if report is None else run.folder / LAST_FILE,
        report=report,
        stopped=stopped,
        ended_early=ended_early,
        history=tuple(progression.history),
        speed=speed,
        rejected=run.rejected,
    )
