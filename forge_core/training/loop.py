"""The training loop: fit -> train_one_epoch (`epochs`) -> train_step (`steps`), and evaluate.

It touches two folders, the one of its checkpoints and the one of the pack, and tells a
`Reporter` what happens. It knows no database.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from db.records import EpochMetrics
from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging.decode import DecodeLimits
from forge_core.models import architectures, devices
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.progress import Cancelled
from forge_core.training import (
    epochs,
    fit_context,
    results,
    resume_state,
    stages,
    time_budget,
    validation,
)
from forge_core.training.compute import compute_plan
from forge_core.training.compute.compute_plan import Speed
from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import failures, usual_mistakes
from forge_core.training.epochs import RunningTotals
from forge_core.training.fit_context import Proof, Run
from forge_core.training.inputs.batches import BatchSource
from forge_core.training.inputs.image_sets import ImageSet, check_images, num_batches
from forge_core.training.pixels.pack import DEFAULT_BUDGET_BYTES, PixelPack, RejectedImage
from forge_core.training.reporting import ProgressMeter, Reporter
from forge_core.training.results import FitResult
from forge_core.training.resume_state import (
    SAVE_SECONDS,
    BegunEpoch,
    Progression,
    RandomState,
    ResumeState,
    SaveClock,
)
from forge_core.training.stages import Stage
from forge_core.training.steps.learner import Learner


def fit(
    config: TrainConfig,
    train: ImageSet,
    val: ImageSet,
    class_names: Sequence[str],
    label_ids: Sequence[int],
    *,
    reporter: Reporter,
    folder: Path,
    pack_folder: Path,
    run_id: str | int | None = None,
    revision_id: int | None = None,
    resume: bool = False,
    pack_budget_bytes: int = DEFAULT_BUDGET_BYTES,
    limits: DecodeLimits | None = None,
    save_seconds: float = SAVE_SECONDS,
    like: Mapping[str, Any] | None = None,
    on_speed: Callable[[Speed], None] | None = None,
    ranks: Ranks = ALONE,
) -> FitResult:
    """Train a network and keep its best and last checkpoint.

    On a CPU the result is a pure function of config, images and number of threads: a run that
    was killed at any step and resumed gives the same losses and weights as one that was not.

    Images that are not decoded yet are decoded while the first epoch trains. Where one of them
    cannot be used, all are decoded and the run begins again without it, so that a cold pack and
    a full one give the same run.

    Args:
        config: All choices of the run.
        train: Training images, labels are positions in `class_names`.
        val: Validation images; decide which epoch is best, and never train.
        class_names: K different names, in the order of the logits.
        label_ids: Ids of the same classes in the catalog.
        reporter: Told of everything; may ask to stop.
        folder: Gets best.safetensors and last.safetensors each epoch, and state.pt each epoch,
            every `save_seconds` and when the run is stopped; each is replaced whole.
        pack_folder: Cache of decoded pixels, shared by runs.
        run_id: Written into the checkpoints' card.
        revision_id: Revision of the catalog that the images were read from; into the card too.
        resume: Go on after the last step saved in `folder`; else what an earlier run left
            there is removed.
        pack_budget_bytes: Disk that decoded pixels may use.
        limits: Bounds on the image files.
        save_seconds: Time between two states within an epoch; more where saving is slow.
        like: `Speed.choice` of an earlier run that this one repeats; without it the fastest way
            to compute is found out, where that pays; so it is on another kind of device.
        on_speed: Told how the run computes, before its first step.
        ranks: The processes of `ranks.joined` that train together; all call this alike. The batches
            are those of one process. Batch normalisation sees a share of them, but on CUDA; and
            each draws its own dropout, so that only a run without it is resumed exactly.

    Raises:
        InvalidInput: There is nothing to train or measure on, the device does not exist, or the
            run to resume was another one.
        WeightsUnavailable: Pretrained weights are wanted and cannot be had.
        TrainingFailed: The numbers are no longer finite, or the memory does not suffice.
    """
    check_images(train, val, class_names)
    if len(label_ids) != len(class_names):
        raise InvalidInput(f"{len(class_names)} classes have {len(label_ids)} label ids.")
    device = devices.choose(config.device)
    eval_transform = architectures.default_eval_transform(
        config.architecture, config.input_size, config.fit
    )
    told = ranks.agreeing(reporter)
    pack = PixelPack(pack_folder, eval_transform, budget_bytes=pack_budget_bytes, limits=limits)

    def prepare(rejected: tuple[RejectedImage, ...], *, is_proven: bool) -> Run:
        """The run without the images that cannot be used."""
        left_out = {image.source for image in rejected}
        usable_train, usable_val = train.without(left_out), val.without(left_out)
        check_images(usable_train, usable_val, class_names)
        _check_shares(len(usable_train), config.batch_size, ranks)
        return Run(
            config=config,
            train=usable_train,
            val=usable_val,
            class_names=tuple(class_names),
            label_ids=tuple(label_ids),
            run_id=run_id,
            revision_id=revision_id,
            folder=folder,
            device=device,
            eval_transform=eval_transform,
            pack=pack,
            plan=stages.plan_stages(config, len(usable_train)),
            identity=resume_state.fingerprint(config, usable_train, usable_val, class_names),
            reporter=told,
            meter=ProgressMeter(told),
            ranks=ranks,
            save_clock=SaveClock(save_seconds),
            rejected=rejected,
            proof=Proof(is_complete=is_proven),
        )

    with closing(pack):
        run = prepare((), is_proven=False)
        try:
            if resume or not ranks.is_alone:  # what was left out before must be left out now
                everything = run
                alone = replace(run, reporter=reporter, meter=ProgressMeter(reporter))
                rejected = ranks.on_first(lambda: fit_context.fill_pack(alone))
                run = prepare(rejected, is_proven=True)
                resume = resume and results.can_go_on(run, everything)
            try:
                return _train(run, resume, like, on_speed)
            except ImageRejected as error:
                if run.proof.is_complete:  # a file that was usable has gone since
                    raise
                told.on_message(f"{error.message} All images are decoded before the start now.")
            run = prepare(fit_context.fill_pack(run), is_proven=True)
            return _train(run, False, like, on_speed)
        except Cancelled:
            return results.make_result(run, Progression(), stopped=True)


def _check_shares(num_images: int, batch_size: int, ranks: Ranks) -> None:
    """Refuse batches of which a process would get less than batch normalisation needs.

    Raises:
        InvalidInput: Naming the smallest batch.
    """
    smallest = num_images // num_batches(num_images, batch_size)
    if not ranks.is_alone and smallest < 2 * ranks.size:
        raise InvalidInput(
            f"The smallest batch has {smallest} images: too few for {ranks.size} processes, of "
            "which each needs 2.",
            next_step=f"Choose a batch size of at least {2 * ranks.size}, or fewer processes.",
        )


def _train(
    run: Run,
    resume: bool,
    like: Mapping[str, Any] | None,
    on_speed: Callable[[Speed], None] | None,
) -> FitResult:
    """The run from its first step, or from the one after the last that it saved.

    Raises:
        ImageRejected: An image cannot be used; `Run.proof` says whether that could be expected.
    """
    fit_context.tell_data(run)
    with (
        failures.loss_of_others_explained(run.ranks),
        failures.memory_explained(run.device, run.config),
    ):
        state = results.begin(run, resume)
        model = fit_context.build_network(run, state)
        with compute_plan.threads(run.config.num_threads or _own_threads(run)):
            speed = run.ranks.on_first(lambda: fit_context.choose_speed(run, state, model, like))
        if on_speed is not None:
            on_speed(speed)
        with compute_plan.threads(speed.num_threads):
            return _run_epochs(run, state, model, speed)


def _own_threads(run: Run) -> int:
    """Torch's own number, divided among processes that share a processor."""
    sharing = run.ranks.size if run.device.kind == "cpu" else 1
    return max(1, torch.get_num_threads() // sharing)


def _run_epochs(
    run: Run,
    state: ResumeState | None,
    model: ImageClassifier,
    speed: Speed,
) -> FitResult:
    """All epochs that are still to be done."""
    progression = Progression() if state is None else state.progression
    precision = fit_context.apply_speed(run, speed, state, model)
    reporter = run.reporter
    learner: Learner | None = None
    source: BatchSource | None = None
    current = ""
    begun = None if state is None else state.begun
    parts = speed.parts if state is None else max(speed.parts, int(state.learner.get("parts", 1)))
    ended_early = False
    stopped = False
    budget_seconds = run.config.time_budget_minutes * 60.0
    try:
        while True:
            plan = time_budget.fit_plan(run.plan, progression.history, budget_seconds)
            epoch = progression.epochs_done
            if epoch >= sum(stage.epochs for stage in plan):
                ended_early = plan != run.plan
                break
            stage, place = stages.stage_of_epoch(plan, epoch)
            reason = _why_to_end(run, stage, progression, budget_seconds)
            if reason:
                ended_early = True
                reporter.on_message(f"Ended after epoch {epoch}: {reason}")
                break
            if place in (1, 2) and stage.epochs < run.config.epochs_of(stage.name):
                reporter.on_message(
                    f"The time budget has room for {stage.epochs} epochs of {stage.name}."
                )
            if stage.name != current or learner is None or source is None:
                learner = fit_context.build_learner(run, stage, model, precision)
                learner.speed = speed
                if state is not None and not current and (place > 0 or begun is not None):
                    learner.load_stage(state.learner)
                source = fit_context.choose_source(run, stage, model, precision, speed)
                learner.parts = parts if source.called is not model.head else 1
                current = stage.name
            _one_epoch(run, learner, source, stage, place, progression, begun)
            begun, parts = None, max(parts, learner.parts)
    except Cancelled:
        stopped = True
        reporter.on_message(f"Stopped on request after epoch {progression.epochs_done}.")
    reporter.on_message(devices.describe_peak_memory(run.device))
    return results.make_result(
        run, progression, speed=speed, stopped=stopped, ended_early=ended_early
    )


def _why_to_end(run: Run, stage: Stage, progression: Progression, budget_seconds: float) -> str:
    """The reason to end the run before its next epoch, which is of `stage`; empty without one."""
    patience = run.config.early_stopping_patience
    if patience and stage.name == run.plan[-1].name:
        waited = progression.epochs_without_gain(stage.name)
        if waited >= patience:
            return f"{waited} epochs brought no better validation accuracy."
    if time_budget.is_spent(progression.history, stage, budget_seconds):
        return "another one would exceed the time budget."
    return ""


def _one_epoch(
    run: Run,
    learner: Learner,
    source: BatchSource,
    stage: Stage,
    place: int,
    progression: Progression,
    begun: BegunEpoch | None,
) -> None:
    """Train, measure, save and tell one epoch, or what is left of it.

    Args:
        run: What stays the same.
        learner: Of the stage.
        source: Of the stage.
        stage: With the epochs that it has now.
        place: Epoch of the stage, from 0.
        progression: The finished epochs; gets this one.
        begun: Its steps that were done before.
    """
    run.meter.check()
    epoch = progression.epochs_done
    device = torch.device(run.device.id)
    began = time.perf_counter() - (0.0 if begun is None else begun.seconds)
    totals = RunningTotals() if begun is None else RunningTotals.from_state(begun.totals, device)
    first = totals.steps
    steps = source.num_train_batches()
    run.meter.begin(stage.name, epoch + 1, source.num_preparing_steps(epoch) + steps, done=first)
    source.prepare(epoch, run.meter.advance)
    if begun is None:
        # Of dropout alone, all else seeds itself; each process drops out on its own.
        torch.manual_seed(epochs.seed_of_epoch(run.config.seed, epoch) + source.ranks.rank)
    else:
        begun.random.restore(device)

    def keep() -> None:
        totals.check(stage.name, epoch)
        now = BegunEpoch(
            totals=totals.state_dict(),
            random=RandomState.take(device),
            seconds=time.perf_counter() - began,
        )
        results.keep_state(run, learner, progression, now)

    def keep_when_due() -> None:
        if run.save_clock.is_due():
            keep()

    try:
        epochs.train_one_epoch(
            source,
            learner,
            stage,
            totals,
            seed=run.config.seed,
            epoch=epoch,
            epoch_of_stage=place,
            meter=run.meter,
            on_step=keep_when_due,
        )
        train_seconds = time.perf_counter() - began
        fit_context.prove_training_images(run)
        with learner.averaged(), usual_mistakes.watch_relus(source.network) as watch:
            report = validation.evaluate(
                source, run.class_names, epoch=epoch, stage=stage, meter=run.meter
            )
        run.proof.is_complete = True
    except Cancelled:
        if totals.steps > first:
            keep()
        raise
    except failures.NotFinite as error:
        raise failures.name_batch(error, run.config, run.train) from error
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
        images_per_second=len(run.train) / max(train_seconds, 1e-9),
    )
    entry = run.ranks.agree(entry)  # its seconds decide what a time budget still has room for
    results.keep_epoch(run, learner, entry, report, progression)
    for words in [
        *(run.findings.of_answers(report, watch, run.class_names) if epoch > 0 else []),
        *run.findings.of_history(progression.history),
        *run.findings.of_gradients(totals.gradient_norms, epoch),
    ]:
        run.reporter.on_message(words)
    run.reporter.on_epoch(entry)
