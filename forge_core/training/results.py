"""What a run leaves: checkpoints and state after each epoch, and a result at its end."""

import time
from dataclasses import dataclass
from pathlib import Path

from db.records import EpochMetrics
from forge_core import local_files
from forge_core.evaluation.report import EvaluationReport
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard, library_versions
from forge_core.models.checkpoints.whole_files import written_whole
from forge_core.training import resume_state
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.fit_context import FitContext
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.training.resume_state import PartialEpoch, ResumeState, TrainingState
from forge_core.training.run_files import (
    BEST_FILE,
    FIRST_BATCH_FILE,
    LAST_FILE,
    STATE_FILE,
    VALIDATION_FILE,
)
from forge_core.training.steps.learner import Learner


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
    compute_plan: ComputePlan | None
    """How it computed; None when it ended before its first step."""
    rejected: tuple[RejectedImage, ...]
    """Images of both splits that were left out, and why."""


def begin(context: FitContext, resume: bool) -> ResumeState | None:
    """The state to go on from, or None and a folder without results of an earlier context.

    Raises:
        InvalidInput: The run to resume was another one.
        TrainingFailed: Its state is damaged.
    """
    if context.ranks.is_rank_zero:
        local_files.make_folder(context.folder)
        resume_state.remove_partial(context.folder)
    if resume:
        state = resume_state.load_state(context.folder, context.identity)
        if state is not None:
            _tell_resumption(context, state)
            return state
        context.reporter.on_message("Nothing was saved yet: beginning with the first epoch.")
    if context.ranks.is_rank_zero:
        for name in (STATE_FILE, BEST_FILE, LAST_FILE, VALIDATION_FILE, FIRST_BATCH_FILE):
            (context.folder / name).unlink(missing_ok=True)
    return None


def can_go_on(context: FitContext, everything: FitContext) -> bool:
    """Whether a resumed run has a state of its own images to go on from.

    It has not when it was stopped in its first epoch, before that met an image which cannot be
    used: what it learned until then it would not have learned from a full pack.

    Args:
        context: Without the images that cannot be used.
        everything: The same run with them.
    """
    if not context.rejected or not resume_state.is_state_of(context.folder, everything.identity):
        return True
    context.reporter.on_message(
        f"{len(context.rejected)} images cannot be used, which had not come up before the run was "
        "stopped: it begins again without them."
    )
    return False


def _tell_resumption(context: FitContext, state: ResumeState) -> None:
    done = state.training_state.epochs_done
    if state.partial_epoch is None:
        context.reporter.on_message(f"Going on after epoch {done}.")
    else:
        context.reporter.on_message(
            f"Going on in epoch {done + 1} after step {state.partial_epoch.steps}."
        )
    if state.training_state.history:
        context.reporter.on_epoch(state.training_state.history[-1])


def keep_checkpoints(
    context: FitContext,
    learner: Learner,
    entry: EpochMetrics,
    report: EvaluationReport,
    training_state: TrainingState,
) -> None:
    """Write the checkpoints of an epoch, and count it; `keep_state` follows.

    Raises:
        DiskFull: There is no room for them; those that are there stay as they are.
    """
    card = ModelCard(
        architecture=context.config.architecture,
        class_names=context.images.class_names,
        label_ids=context.images.label_ids,
        eval_transform=context.eval_transform,
        run_id=context.setup.run_id,
        revision_id=context.setup.revision_id,
        seed=context.config.seed,
        stage=entry.stage,
        epoch=entry.epoch,
        metrics={
            "train_loss": entry.train_loss,
            "train_accuracy": entry.train_accuracy,
            "val_loss": report.loss,
            "val_accuracy": report.accuracy,
            "val_macro_f1": report.macro_f1,
        },
        versions=library_versions(context.device.name),
    )
    best = training_state.best_report
    is_best = best is None or (report.accuracy, -report.loss) > (best.accuracy, -best.loss)
    if context.ranks.is_rank_zero:
        with learner.averaged():
            _write_checkpoints(context.folder, learner, card, is_best=is_best)
    if is_best:
        training_state.best_epoch = entry.epoch
        training_state.best_report = report
    training_state.history.append(entry)


def _write_checkpoints(folder: Path, learner: Learner, card: ModelCard, *, is_best: bool) -> None:
    """Both or none: neither takes its place before both are complete."""
    if not is_best:
        checkpoint.save_checkpoint(folder / LAST_FILE, learner.model, card)
        return
    with written_whole(folder / LAST_FILE) as last:
        checkpoint.save_checkpoint(last, learner.model, card)
        checkpoint.copy_checkpoint(last, folder / BEST_FILE)


def keep_state(
    context: FitContext,
    learner: Learner,
    training_state: TrainingState,
    partial_epoch: PartialEpoch | None,
) -> None:
    """Write from where the run would go on; the old state stays until the new one is complete."""
    if not context.ranks.is_rank_zero:
        return
    started = time.monotonic()
    state = ResumeState(
        training_state=training_state,
        learner=learner.state_dict(),
        partial_epoch=partial_epoch,
        compute_plan=learner.compute_plan,
    )
    resume_state.save_state(context.folder, state, context.identity)
    context.save_clock.saved(time.monotonic() - started)


def make_result(
    context: FitContext,
    training_state: TrainingState,
    *,
    compute: ComputePlan | None = None,
    stopped: bool = False,
    ended_early: bool = False,
) -> FitResult:
    """The result of a run that has come so far."""
    report = training_state.best_report
    return FitResult(
        best_metric=None if report is None else report.accuracy,
        best_epoch=training_state.best_epoch,
        epochs_done=training_state.epochs_done,
        best_path=None if report is None else context.folder / BEST_FILE,
        last_path=None if report is None else context.folder / LAST_FILE,
        report=report,
        stopped=stopped,
        ended_early=ended_early,
        history=tuple(training_state.history),
        compute_plan=compute,
        rejected=context.rejected,
    )
