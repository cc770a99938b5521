"""One update of the weights."""

from dataclasses import dataclass
from itertools import pairwise

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
    parts: int = 1,
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
        parts: Parts of the batch that go through the network one after the other, which takes
            less memory; their gradients add up to those of the batch. Batch normalisation in
            training mode sees each part by itself: the one difference.

    Returns:
        Mean loss () and number of right answers (), both still on the device: reading them
        here would make the processor wait for the GPU. An answer to a mixed image counts by the
        share that its class has in it.
    """
    optimizer.zero_grad(set_to_none=True)
    neighbours = labels if mix is None else labels.roll(1)
    inputs = inputs if mix is None else mix.apply(inputs)
    losses, right = [], []
    for part in _cut(len(labels), parts):
        with precision.autocast():
            logits = network(inputs[part]).float()
            loss = _loss(logits, labels, neighbours, part, rules, mix)
        precision.backward(loss)
        losses.append(loss.detach())
        right.append(
            count_right(logits.detach().argmax(dim=1), labels[part], neighbours[part], mix)
        )
    if rules.clip_norm:
        precision.unscale(optimizer)
        nn.utils.clip_grad_norm_(network.parameters(), rules.clip_norm)
    precision.step(optimizer)
    if parts == 1:
        return losses[0], right[0]
    return torch.stack(losses).sum(), torch.stack(right).sum()


def count_right(answers: Tensor, labels: Tensor, neighbours: Tensor, mix: Mix | None) -> Tensor:
    """Number of right answers (): whole, or for mixed images the sum of their shares."""
    right = (answers == labels).sum()
    if mix is None:
        return right
    return right * mix.share + (answers == neighbours).sum() * (1.0 - mix.share)


def _cut(num_images: int, parts: int) -> list[slice]:
    """Consecutive parts of nearly equal size."""
    bounds = [num_images * place // parts for place in range(parts + 1)]
    return [slice(first, last) for first, last in pairwise(bounds)]


def _loss(
    logits: Tensor,
    labels: Tensor,
    neighbours: Tensor,
    part: slice,
    rules: StepRules,
    mix: Mix | None,
) -> Tensor:
    """The part's share of the mean loss of the batch."""

    def of(targets: Tensor) -> Tensor:
        loss = functional.cross_entropy(
            logits, targets[part], weight=rules.class_weights, label_smoothing=rules.label_smoothing
        )
        if len(logits) == len(labels):
            return loss
        if rules.class_weights is None:
            return loss * (len(logits) / len(labels))
        weights = rules.class_weights[targets]
        return loss * (weights[part].sum() / weights.sum())

    if mix is None:
        return of(labels)
    # The same as the loss of the mixed target: cross entropy is linear in it.
    return mix.share * of(labels) + (1.0 - mix.share) * of(neighbours)
