"""One update of the weights."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from forge_core.training.mixing import Mix
from forge_core.training.precision import Precision


@dataclass(frozen=True, kw_only=True)
class StepRules:
    """What a step does beside forward and backward."""

    label_smoothing: float = 0.0
    """Share of the target that is spread over all classes, 0 to below 1."""
    class_weights: Tensor | None = None
    """(K,) weight of each class in the loss, on the device; None weighs all the same."""
    clip_norm: float = 0.0
    """Longest gradient over all weights; 0 never clips."""


PLAIN = StepRules()


def train_step(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    optimizer: torch.optim.Optimizer,
    precision: Precision,
    rules: StepRules = PLAIN,
    mix: Mix | None = None,
) -> tuple[Tensor, Tensor]:
    """One update of the weights.

    Args:
        network: In training mode.
        inputs: (N, C, H, W) or, of a head alone, (N, F).
        labels: (N,) int64.
        optimizer: Of the network.
        precision: Number format of forward and backward.
        rules: Of loss and gradient.
        mix: How the images are mixed with each other; None trains on them as they are.

    Returns:
        Mean loss () and number of right answers (), both still on the device: reading them
        here would make the processor wait for the GPU. An answer to a mixed image counts by the
        share that its class has in it.
    """
    optimizer.zero_grad(set_to_none=True)
    with precision.autocast():
        logits = network(inputs if mix is None else mix.apply(inputs)).float()
        loss = _loss(logits, labels, rules, mix)
    precision.backward(loss)
    if rules.clip_norm:
        precision.unscale(optimizer)
        nn.utils.clip_grad_norm_(network.parameters(), rules.clip_norm)
    precision.step(optimizer)
    return loss.detach(), count_right(logits.detach().argmax(dim=1), labels, mix)


def count_right(answers: Tensor, labels: Tensor, mix: Mix | None) -> Tensor:
    """Number of right answers (): whole, or for mixed images the sum of their shares."""
    right = answers == labels
    if mix is None:
        return right.sum()
    other = answers == labels.roll(1)
    return right.sum() * mix.share + other.sum() * (1.0 - mix.share)


def _loss(logits: Tensor, labels: Tensor, rules: StepRules, mix: Mix | None) -> Tensor:
    def of(targets: Tensor) -> Tensor:
        return functional.cross_entropy(
            logits, targets, weight=rules.class_weights, label_smoothing=rules.label_smoothing
        )

    if mix is None:
        return of(labels)
    # The same as the loss of the mixed target: cross entropy is linear in it.
    return mix.share * of(labels) + (1.0 - mix.share) * of(labels.roll(1))
