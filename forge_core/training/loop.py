"""The training loop: fit -> train_one_epoch (`epochs`) -> train_step (`steps`), and evaluate.

It touches two folders, the one of its checkpoints and the one of the pack, and tells a
`Reporter` what happens. It knows no database.
"""

import time
from collections.abc import Callable
from functools import partial

import torch

from db.records import EpochMetrics
from forge_core.errors import DiskFull
from forge_core.models import devices
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.progress import Cancelled
from forge_core.training import (
    epochs,
    fit_context,
    results,
    stages,
    time_budget,
)
from forge_core.training.compute import compute_plan
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.diagnostics import failures, usual_mistakes
from forge_core.training.epochs import RunningTotals
from forge_core.training.fit_context import FitContext
from forge_core.training.glimpses import writing as glimpses
from forge_core.training.inputs.batches import BatchSource
from forge_core.training.results import FitResult
from forge_core.training.resume_state import (
    PartialEpoch,
    RandomState,
    ResumeState,
    TrainingState,
)
from forge_core.training.stages import Stage
from forge_core.training.steps.learner import Learner


def fit(
    context: FitContext,
    *,
    resume: bool = False,
    on_plan: Callable[[ComputePlan], None] = lambda compute: None,
) -> FitResult:
    """Train a network and keep its best and last checkpoint.

    On a CPU the result is a pure function of config, images and number of threads: a run that
    was killed at any step and resumed gives the same losses and weights as one that was not.

    Args:
        context: Of the run.
        resume: Go on after the last step saved in the run's folder; else what an earlier run left
            there is removed.
        on_plan: Told how the run computes, before its first step.

    Raises:
        ImageRejected: An image cannot be used; `FitContext.all_decoded` says whether that could be
            expected.
        InvalidInput: The run to resume was another one.
        WeightsUnavailable: Pretrained weights are wanted and cannot be had.
        TrainingFailed: The numbers are no longer finite, or the memory does not suffice.
        DiskFull: A checkpoint or the state finds no room; what was saved before is whole.
        Cancelled: The reporter asked to stop before the first step.
    """
    fit_context.tell_data(context)
    with (
        failures.loss_of_others_explained(context.ranks),
        failures.memory_explained(context.device, context.config),
    ):
        state = results.begin(context, resume)
        model = fit_context.build_network(context, state)
        with compute_plan.threads(context.config.num_threads or _own_threads(context)):
            compute = context.ranks.on_rank_zero(
                lambda: fit_context.choose_plan(context, state, model)
            )
        on_plan(compute)
        with compute_plan.threads(compute.num_threads):
            return _run_epochs(context, state, model, compute)


def _own_threads(context: FitContext) -> int:
    """Torch's own number, divided among processes that share a processor."""
    sharing = context.ranks.size if context.device.kind == "cpu" else 1
    return max(1, torch.get_num_threads() // sharing)


def _run_epochs(
    context: FitContext,
    state: ResumeState | None,
    model: ImageClassifier,
    compute: ComputePlan,
) -> FitResult:
    """All epochs that are still to be done."""
    training_state = TrainingState() if state is None else state.training_state
    precision = fit_context.apply_plan(context, compute, state, model)
    reporter = context.reporter
    learner: Learner | None = None
    source: BatchSource | None = None
    current = ""
    partial_epoch = None if state is None else state.partial_epoch
    micro_batches = (
        compute.micro_batches
        if state is None
        else max(compute.micro_batches, int(state.learner.get("parts", 1)))
    )
    ended_early = False
    stopped = False
    budget_seconds = context.config.time_budget_minutes * 60.0
    try:
        while True:
            plan = time_budget.plan_within(context.plan, training_state.history, budget_seconds)
            epoch = training_state.epochs_done
            if epoch >= sum(stage.epochs for stage in plan):
                ended_early = plan != context.plan
                if ended_early:
                    reporter.on_message(
                        f"Ended after epoch {epoch}: the time budget has room for no more."
                    )
                break
            stage, place = stages.stage_of_epoch(plan, epoch)
            reason = _why_to_end(context, stage, training_state, budget_seconds)
            if reason:
                ended_early = True
                reporter.on_message(f"Ended after epoch {epoch}: {reason}")
                break
            if place in (1, 2) and stage.epochs < context.config.epochs_of(stage.name):
                reporter.on_message(
                    f"The time budget has room for {stage.epochs} epochs of {stage.name}."
                )
            if stage.name != current or learner is None or source is None:
                learner = fit_context.build_learner(context, stage, model, precision)
                learner.compute_plan = compute
                if state is not None and not current and (place > 0 or partial_epoch is not None):
                    learner.load_stage(state.learner)
                seen = partial(glimpses.keep_first_batch, context, stage=stage.name)
                source = fit_context.choose_source(
                    context, stage, model, precision, compute, on_inputs=seen
                )
                learner.micro_batches = (
                    micro_batches if source.train_module is not model.head else 1
                )
                current = stage.name
            _one_epoch(context, learner, source, stage, place, training_state, partial_epoch)
            partial_epoch, micro_batches = None, max(micro_batches, learner.micro_batches)
    except Cancelled:
        stopped = True
        reporter.on_message(f"Stopped on request after epoch {training_state.epochs_done}.")
    reporter.on_message(devices.describe_peak_memory(context.device))
    return results.make_result(
        context, training_state, compute=compute, stopped=stopped, ended_early=ended_early
    )


def _why_to_end(
    context: FitContext, stage: Stage, training_state: TrainingState, budget_seconds: float
) -> str:
    """The reason to end the run before its next epoch, which is of `stage`; empty without one."""
    patience = context.config.early_stopping_patience
    if patience and stage.name == context.plan[-1].name:
        waited = training_state.epochs_without_gain(stage.name)
        if waited >= patience:
            return f"{waited} epochs brought no better validation accuracy."
    if time_budget.is_spent(training_state.history, stage, budget_seconds):
        return "another one would exceed the time budget."
    return ""


def _one_epoch(
    context: FitContext,
    learner: Learner,
    source: BatchSource,
    stage: Stage,
    place: int,
    training_state: TrainingState,
    partial_epoch: PartialEpoch | None,
) -> None:
    """Train, measure, save and tell one epoch, or what is left of it.

    Args:
        context: What stays the same.
        learner: Of the stage.
        source: Of the stage.
        stage: With the epochs that it has now.
        place: Epoch of the stage, from 0.
        training_state: The finished epochs; gets this one.
        partial_epoch: Its steps that were done before.
    """
    context.meter.check()
    epoch = training_state.epochs_done
    device = torch.device(context.device.id)
    began = time.perf_counter() - (0.0 if partial_epoch is None else partial_epoch.seconds)
    totals = (
        RunningTotals()
        if partial_epoch is None
        else RunningTotals.from_state(partial_epoch.totals, device)
    )
    first = totals.steps
    steps = source.num_train_batches()
    to_do = source.num_preparing_steps(epoch) + steps
    context.meter.begin(stage.name, epoch + 1, to_do, done=first)
    source.prepare(epoch, context.meter.advance)
    if partial_epoch is None:
        # Of dropout alone, all else seeds itself; each process drops out on its own.
        torch.manual_seed(epochs.seed_of_epoch(context.config.seed, epoch) + source.ranks.rank)
    else:
        partial_epoch.random.restore(device)

    def keep() -> None:
        totals.check(stage.name, epoch)
        now = PartialEpoch(
            totals=totals.state_dict(),
            random=RandomState.take(device),
            seconds=time.perf_counter() - began,
        )
        results.keep_state(context, learner, training_state, now)

    def keep_when_due() -> None:
        if context.save_clock.is_due():
            keep()

    try:
        epochs.train_one_epoch(
            source,
            learner,
            stage,
            totals,
            seed=context.config.seed,
            epoch=epoch,
            epoch_of_stage=place,
            meter=context.meter,
            on_step=keep_when_due,
            on_inputs=partial(glimpses.keep_first_batch, context, stage=stage.name),
        )
        train_seconds = time.perf_counter() - began
        context.decode_rest()
        with learner.averaged(), usual_mistakes.watch_relus(source.network) as watch:
            report, scores = epochs.evaluate(
                source, context.images.class_names, epoch=epoch, stage=stage, meter=context.meter
            )
        context.all_decoded = True
    except Cancelled:
        if totals.steps > first:
            keep()
        raise
    except failures.NotFinite as error:
        raise failures.name_batch(error, context.config, context.images.train) from error
    means = totals.means()
    entry = EpochMetrics(
        epoch=epoch + 1,
        stage=stage.name,
        train_loss=means.loss,
        train_accuracy=means.accuracy,
        val_loss=report.loss,
        val_accuracy=report.accuracy,
        learning_rates=epochs.rates_of_step(stage, place, steps - 1, steps),
        duration_seconds=time.perf_counter() - began,
        images_per_second=len(context.images.train) / max(train_seconds, 1e-9),
    )
    entry = context.ranks.broadcast(
        entry
    )  # its seconds decide what a time budget still has room for
    glimpses.keep_validation(context, entry.epoch, report, scores)
    results.keep_checkpoints(context, learner, entry, report, training_state)
    try:
        results.keep_state(context, learner, training_state, None)
    except DiskFull:  # the checkpoints are there, so they are told; resumed, the epoch is redone
        context.reporter.on_epoch(entry)
        raise
    findings = context.findings
    for words in [
        *(findings.of_answers(report, watch, context.images.class_names) if epoch > 0 else []),
        *findings.of_history(training_state.history, report),
        *findings.of_gradients(totals.gradient_norms, epoch),
    ]:
        context.reporter.on_message(words)
    context.reporter.on_epoch(entry)
