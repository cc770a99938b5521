"""One epoch: training, which can end after any step and go on there, and then measuring."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from forge_core.evaluation import metrics
from forge_core.evaluation.report import EvaluationReport
from forge_core.models import precision as float_precision
from forge_core.training.diagnostics import failures, usual_mistakes
from forge_core.training.inputs.batches import BatchSource
from forge_core.training.reporting import ProgressMeter
from forge_core.training.stages import Stage
from forge_core.training.steps import optimizers
from forge_core.training.steps.learner import Learner
from forge_core.training.steps.recovery import ForwardRecovery, StepRecovery

CHECK_STEPS = 25
CHECK_SECONDS = 1.0
"""Of steps and of time at most so much lies between two looks at the losses on a GPU, each of which
waits for the device. Several processes look by steps alone: each must find the same."""
NORM_STEPS = 4
"""Of so many steps one gradient is measured: on a processor it takes 1 % of a small step."""


@dataclass(frozen=True)
class EpochTotals:
    """Means over the training samples of one epoch."""

    loss: float
    accuracy: float


class RunningTotals:
    """What the steps of an epoch have added up to; stays on the device until it is asked for."""

    def __init__(self) -> None:
        self._losses: list[Tensor] = []
        self._sizes: list[int] = []
        self._num_correct: Tensor | None = None
        self._num_checked = 0
        self._num_norms_seen = 0
        self._seen: list[float] = []
        self.gradient_norms: list[Tensor] = []
        """Of measured steps since the start or the resumption, before clipping."""

    @property
    def steps(self) -> int:
        """Finished steps of the epoch."""
        return len(self._losses)

    def add(self, loss: Tensor, num_correct: Tensor, num_images: int) -> None:
        """Count a step."""
        self._losses.append(loss)
        self._sizes.append(num_images)
        self._num_correct = (
            num_correct if self._num_correct is None else self._num_correct + num_correct
        )

    def check(self, stage: str, epoch: int) -> None:
        """Look at the losses since the last look; waits for the device.

        Raises:
            TrainingFailed: One is not finite; the step is named.
        """
        if self._num_checked < self.steps:
            self._seen += failures.check_losses(self._losses, self._num_checked, stage, epoch)
            self._num_checked = self.steps

    def tell_losses(self, meter: ProgressMeter, steps: int, learning_rate: float) -> None:
        """Hand on the losses that were looked at since the last call, of an epoch of `steps`."""
        if not self._seen:
            return
        norms = self.gradient_norms[self._num_norms_seen :]
        meter.add_losses(
            self._seen,
            done=self._num_checked,
            steps=steps,
            learning_rate=learning_rate,
            norms=torch.stack(norms).tolist() if norms else (),
        )
        self._seen = []
        self._num_norms_seen = len(self.gradient_norms)

    def means(self) -> EpochTotals:
        """Over all images so far, of which there must be one."""
        weights = torch.tensor(self._sizes, dtype=torch.float64)
        losses = torch.stack(self._losses).to("cpu", torch.float64)
        num_images = sum(self._sizes)
        return EpochTotals(
            loss=float((losses * weights).sum()) / num_images,
            accuracy=0.0 if self._num_correct is None else float(self._num_correct) / num_images,
        )

    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors on the CPU."""
        return {
            "losses": torch.stack(self._losses).cpu() if self._losses else torch.empty(0),
            "sizes": list(self._sizes),
            "num_correct": None if self._num_correct is None else self._num_correct.cpu(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], device: torch.device) -> Self:
        """The totals that `state_dict` described; their losses were looked at already."""
        totals = cls()
        totals._losses = list(state["losses"].to(device).unbind())
        totals._sizes = list(state["sizes"])
        if totals._losses:
            totals._num_correct = state["num_correct"].to(device)
        totals._num_checked = totals.steps
        return totals


def train_one_epoch(
    source: BatchSource,
    learner: Learner,
    stage: Stage,
    totals: RunningTotals,
    *,
    seed: int,
    epoch: int,
    epoch_of_stage: int,
    meter: ProgressMeter,
    on_step: Callable[[], None] = lambda: None,
    on_inputs: Callable[[Tensor, Tensor], None] = lambda inputs, labels: None,
) -> None:
    """One pass over the training samples, or what is left of it.

    Args:
        source: Gives the batches and the network that they go through.
        learner: Of that network.
        stage: Decides the learning rate and the mixing of each step.
        totals: Of the steps that were done before; each step is added.
        seed: Of the run.
        epoch: Epoch of the run, from 0; decides order and augmentation.
        epoch_of_stage: The same epoch counted within the stage, from 0.
        meter: Told of each step.
        on_step: Called after each step, before the reporter may stop the run.
        on_inputs: Given the images and labels of the stage's first step, as the network gets them.

    Raises:
        TrainingFailed: A loss is not finite; the step is named.
        Cancelled: The reporter asked to stop; the step before is complete.
        RuntimeError: The memory does not suffice for the smallest parts of a batch.
    """
    network = source.network
    network.train()
    usual_mistakes.check_modes(network, training=True)
    steps = source.num_train_batches()
    look_every = CHECK_STEPS if next(network.parameters()).is_cuda else 1
    looked_at = -CHECK_SECONDS if source.ranks.is_alone else math.inf
    recovery = StepRecovery(source.train_module, source.ranks)
    first = totals.steps
    for step, (inputs, labels) in enumerate(source.train_batches(epoch, first), start=first):
        rates = rates_of_step(stage, epoch_of_stage, step, steps)
        optimizers.set_rates(learner.optimizer, rates)
        mix = stage.mix.draw(seed, epoch, step, inputs.shape[-1]) if stage.mix else None
        if step == 0 and epoch_of_stage == 0 and inputs.ndim == 4:
            usual_mistakes.tell_inputs(inputs, meter.tell)
            on_inputs(inputs if mix is None else mix.apply(inputs), labels)
        is_measured = step % NORM_STEPS == 0 or learner.rules.clip_norm > 0.0
        norms = totals.gradient_norms if is_measured else None
        loss, correct = recovery.step(learner, inputs, labels, mix, meter, norms)
        if learner.average is not None:
            learner.average.update()
        totals.add(loss, correct, len(labels))
        is_due = time.perf_counter() - looked_at >= CHECK_SECONDS
        if is_due or (step + 1) % look_every == 0 or step + 1 == steps:
            totals.check(stage.name, epoch)
            looked_at = time.perf_counter() if source.ranks.is_alone else math.inf
        on_step()
        totals.tell_losses(meter, steps, max(rates.values()))
        meter.advance(len(labels))


def evaluate(
    source: BatchSource,
    class_names: Sequence[str],
    *,
    epoch: int,
    stage: Stage,
    meter: ProgressMeter,
) -> tuple[EvaluationReport, Tensor]:
    """Metrics of the validation images, and their logits (N, K), in eval mode and full precision.

    Raises:
        TrainingFailed: The network gives numbers that are not finite.
        Cancelled: The reporter asked to stop.
    """
    network = source.network
    network.eval()
    usual_mistakes.check_modes(network, training=False)
    measure = ForwardRecovery(network, meter.tell)
    found: list[tuple[Tensor, Tensor]] = []
    with torch.inference_mode(), float_precision.full_float32():
        for inputs, labels in source.val_batches():
            found.append((measure(inputs), labels))
            meter.check()
        if not source.ranks.is_alone:
            found = [(logits.cpu(), labels.cpu()) for logits, labels in found]
            found = source.ranks.gather(found, source.num_val_batches())
        scores = torch.cat([logits for logits, _ in found]).cpu()
        if not bool(torch.isfinite(scores).all()):
            raise failures.NotFinite(stage.name, epoch, None)
        labels = torch.cat([labels for _, labels in found])
        return metrics.evaluate_logits(scores, labels, class_names), scores


def rates_of_step(stage: Stage, epoch_of_stage: int, step: int, steps: int) -> dict[str, float]:
    """Learning rate of each group at a step of an epoch, both from 0."""
    return stage.rates_at((epoch_of_stage + step / steps) / stage.epochs)


def seed_of_epoch(seed: int, epoch: int) -> int:
    """Seed of dropout in an epoch; another stream than those of order and augmentation."""
    return int(np.random.SeedSequence([seed, epoch, 1]).generate_state(1, np.uint64)[0] >> 1)
