"""The training loop: fit -> train_one_epoch -> train_step, and evaluate.

It touches two folders, the one of its checkpoints and the one of the pack, and tells a
`Reporter` what happens. It knows no database.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from forge_core.errors import InvalidInput
from forge_core.evaluation import metrics
from forge_core.evaluation.metrics import EvaluationReport
from forge_core.imaging.decode import DecodeLimits
from forge_core.models import architectures
from forge_core.models import precision as float_precision
from forge_core.models.classifier import ImageClassifier
from forge_core.training import devices, failures, preparing, results, resuming, stages
from forge_core.training.batches import BatchSource
from forge_core.training.config import TrainConfig
from forge_core.training.data import ImageSet, check_images
from forge_core.training.pack import DEFAULT_BUDGET_BYTES, PixelPack, RejectedImage
from forge_core.training.precision import Precision
from forge_core.training.preparing import Run
from forge_core.training.reporting import EpochMetrics, ProgressMeter, Reporter, Stopped
from forge_core.training.results import FitResult
from forge_core.training.resuming import Progression
from forge_core.training.stages import Stage

CHECK_STEPS = 25
"""Steps between two looks at the losses on a GPU; each look waits for the device."""


@dataclass(frozen=True)
class EpochTotals:
    """Means over the training samples of one epoch."""

    loss: float
    accuracy: float
    learning_rates: dict[str, float]


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
) -> FitResult:
    """Train a network and keep its best and last checkpoint.

    On a CPU the result is a pure function of config, images and number of threads: a run that
    was killed and resumed gives the same losses and weights as one that was not.

    Args:
        config: All choices of the run.
        train: Training images, labels are positions in `class_names`.
        val: Validation images; decide which epoch is best, and never train.
        class_names: K different names, in the order of the logits.
        label_ids: Ids of the same classes in the catalog.
        reporter: Told of everything; may ask to stop.
        folder: Gets best.safetensors, last.safetensors and state.pt, replaced whole each epoch.
        pack_folder: Cache of decoded pixels, shared by runs.
        run_id: Written into the checkpoints' card.
        revision_id: Revision of the catalog that the images were read from; into the card too.
        resume: Go on after the last full epoch found in `folder`; else what an earlier run
            left there is removed.
        pack_budget_bytes: Disk that decoded pixels may use.
        limits: Bounds on the image files.

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
    eval_transform = architectures.default_eval_transform(config.architecture, config.input_size)
    meter = ProgressMeter(reporter)
    pack = PixelPack(pack_folder, eval_transform, budget_bytes=pack_budget_bytes, limits=limits)
    try:
        rejected = preparing.fill_pack(pack, train, val, reporter, meter)
    except Stopped:
        return results.make_result(folder, Progression(), (), stopped=True)
    left_out = {image.source for image in rejected}
    train, val = train.without(left_out), val.without(left_out)
    check_images(train, val, class_names)
    preparing.tell_data(reporter, train, val, class_names, config.balanced_sampling)
    run = Run(
        config=config,
        train=train,
        val=val,
        class_names=tuple(class_names),
        label_ids=tuple(label_ids),
        run_id=run_id,
        revision_id=revision_id,
        folder=folder,
        device=device,
        eval_transform=eval_transform,
        pack=pack,
        precision=Precision(device, config.amp),
        plan=stages.plan_stages(config),
        identity=resuming.fingerprint(config, train, val, class_names),
        reporter=reporter,
        meter=meter,
    )
    with failures.memory_explained(device, config):
        return _run_epochs(run, rejected, resume)


def _run_epochs(run: Run, rejected: tuple[RejectedImage, ...], resume: bool) -> FitResult:
    """All epochs that are still to be done."""
    state = results.begin(run, resume)
    progression = Progression() if state is None else state.progression
    model = preparing.build_network(run, state)
    reporter = run.reporter
    reporter.on_message(
        f"{architectures.ARCHITECTURES[run.config.architecture].title} on {run.device.name} "
        f"({run.device.id}) in {run.precision.title}."
    )
    optimizer: torch.optim.Optimizer | None = None
    source: BatchSource | None = None
    current: Stage | None = None
    ended_early = False
    stopped = False
    try:
        for epoch in range(progression.epochs_done, run.config.total_epochs):
            stage, place = stages.stage_of_epoch(run.plan, epoch)
            if run.config.early_stopping_patience and stage is run.plan[-1]:
                waited = progression.epochs_without_gain(stage.name)
                if waited >= run.config.early_stopping_patience:
                    ended_early = True
                    reporter.on_message(
                        f"Ended after epoch {epoch}: {waited} epochs brought no better "
                        "validation accuracy."
                    )
                    break
            if stage is not current or optimizer is None or source is None:
                optimizer = stages.build_optimizer(stage, model)
                if state is not None and place > 0 and current is None:
                    optimizer.load_state_dict(state.optimizer)
                source = preparing.choose_source(run, stage, model)
                current = stage
            _one_epoch(run, model, source, optimizer, stage, epoch, progression)
    except Stopped:
        stopped = True
        reporter.on_message(f"Stopped on request after epoch {progression.epochs_done}.")
    return results.make_result(
        run.folder, progression, rejected, stopped=stopped, ended_early=ended_early
    )


def _one_epoch(
    run: Run,
    model: ImageClassifier,
    source: BatchSource,
    optimizer: torch.optim.Optimizer,
    stage: Stage,
    epoch: int,
    progression: Progression,
) -> None:
    """Train, measure, save and tell one epoch."""
    run.meter.check()
    began = time.perf_counter()
    run.meter.begin(
        stage.name, epoch + 1, source.num_preparing_steps(epoch) + source.num_train_batches()
    )
    source.prepare(epoch, run.meter.advance)
    torch.manual_seed(_epoch_seed(run.config.seed, epoch))  # dropout; all else seeds itself
    place = stages.stage_of_epoch(run.plan, epoch)[1]
    totals = train_one_epoch(
        source,
        optimizer,
        stage,
        epoch=epoch,
        epoch_of_stage=place,
        label_smoothing=run.config.label_smoothing,
        precision=run.precision,
        meter=run.meter,
    )
    train_seconds = time.perf_counter() - began
    report = evaluate(source, run.class_names, epoch=epoch, stage=stage, meter=run.meter)
    entry = EpochMetrics(
        epoch=epoch + 1,
        stage=stage.name,
        train_loss=totals.loss,
        train_accuracy=totals.accuracy,
        val_loss=report.loss,
        val_accuracy=report.accuracy,
        learning_rates=totals.learning_rates,
        duration_seconds=time.perf_counter() - began,
        images_per_second=len(run.train) / max(train_seconds, 1e-9),
    )
    results.keep_epoch(run, model, optimizer, entry, report, progression)
    run.reporter.on_epoch(entry)


def train_one_epoch(
    source: BatchSource,
    optimizer: torch.optim.Optimizer,
    stage: Stage,
    *,
    epoch: int,
    epoch_of_stage: int,
    label_smoothing: float,
    precision: Precision,
    meter: ProgressMeter,
) -> EpochTotals:
    """One pass over the training samples.

    Args:
        source: Gives the batches and the network that they go through.
        optimizer: Of that network, from `stages.build_optimizer`.
        stage: Decides the learning rate of each step.
        epoch: Epoch of the run, from 0; decides order and augmentation.
        epoch_of_stage: The same epoch counted within the stage, from 0.
        label_smoothing: Of the training loss.
        precision: Number format of forward and backward.
        meter: Told of each step.

    Raises:
        TrainingFailed: A loss is not finite; the step is named.
        Stopped: The reporter asked to stop.
    """
    network = source.network
    network.train()
    steps = source.num_train_batches()
    losses: list[Tensor] = []
    sizes: list[int] = []
    num_correct: Tensor | None = None
    rates: dict[str, float] = {}
    look_every = CHECK_STEPS if next(network.parameters()).is_cuda else 1
    num_seen = 0
    for step, (inputs, labels) in enumerate(source.train_batches(epoch)):
        rates = stage.rates_at((epoch_of_stage + step / steps) / stage.epochs)
        stages.set_rates(optimizer, rates)
        loss, correct = train_step(network, inputs, labels, optimizer, precision, label_smoothing)
        losses.append(loss)
        sizes.append(len(labels))
        num_correct = correct if num_correct is None else num_correct + correct
        if (step + 1) % look_every == 0 or step + 1 == steps:
            failures.check_losses(losses, num_seen, stage.name, epoch)
            num_seen = len(losses)
        meter.advance(len(labels))
    weights = torch.tensor(sizes, dtype=torch.float64)
    totals = torch.stack(losses).to("cpu", torch.float64)
    num_samples = sum(sizes)
    return EpochTotals(
        loss=float((totals * weights).sum()) / num_samples,
        accuracy=0.0 if num_correct is None else int(num_correct) / num_samples,
        learning_rates=rates,
    )


def train_step(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    optimizer: torch.optim.Optimizer,
    precision: Precision,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """One update of the weights.

    Returns:
        Mean loss () and number of right answers (), both still on the device: reading them
        here would make the processor wait for the GPU.
    """
    optimizer.zero_grad(set_to_none=True)
    with precision.autocast():
        logits = network(inputs)
        loss = functional.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)
    precision.update(loss, optimizer)
    return loss.detach(), (logits.detach().argmax(dim=1) == labels).sum()


def evaluate(
    source: BatchSource,
    class_names: Sequence[str],
    *,
    epoch: int,
    stage: Stage,
    meter: ProgressMeter,
) -> EvaluationReport:
    """Metrics of the validation images, in eval mode and full precision.

    Raises:
        TrainingFailed: The network gives numbers that are not finite.
        Stopped: The reporter asked to stop.
    """
    network = source.network
    network.eval()
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    with torch.inference_mode(), float_precision.full_float32():
        for inputs, batch_labels in source.val_batches():
            logits.append(network(inputs))
            labels.append(batch_labels)
            meter.check()
        scores = torch.cat(logits).cpu()
        if not bool(torch.isfinite(scores).all()):
            raise failures.not_finite(stage.name, epoch, "after its last step")
        return metrics.evaluate_logits(scores, torch.cat(labels), class_names)


def _epoch_seed(seed: int, epoch: int) -> int:
    """Seed of dropout in an epoch; another stream than those of order and augmentation."""
    return int(np.random.SeedSequence([seed, epoch, 1]).generate_state(1, np.uint64)[0] >> 1)
