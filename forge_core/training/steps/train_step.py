"""One update of the weights."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.steps.mixing import Mix
from forge_core.training.steps.precision import Precision


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
    micro_batches: int = 1,
    ranks: Ranks = ALONE,
    norms: list[Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """One update of the weights.

    Args:
        network: In training mode.
        inputs: (N, C, H, W) or, of a head alone, (N, F). Of several processes each gives its
            share of the N; where images are mixed, the one before its share first.
        labels: (N,) int64 of the whole batch.
        optimizer: Of the network.
        precision: Number format of forward and backward.
        rules: Of loss and gradient.
        mix: How the images are mixed with each other; None trains on them as they are.
        micro_batches: Parts of the batch that go through the network one after the other, which
            takes less memory; their gradients add up to those of the batch. Batch normalisation in
            training mode sees each part by itself: the one difference.
        ranks: The processes that compute the batch together, by a network of `Ranks.wrap_ddp`.
        norms: Gets the length of the gradient over all weights (), before it is clipped, once the
            step is taken.

    Returns:
        Mean loss () and number of right answers (), both still on the device: reading them
        here would make the processor wait for the GPU. Both are those of the whole batch. An
        answer to a mixed image counts by the share that its class has in it.
    """
    optimizer.zero_grad(set_to_none=True)
    neighbours = labels if mix is None else labels.roll(1)
    if mix is not None:
        inputs = mix.apply(inputs)[0 if ranks.is_alone else 1 :]
    own = ranks.share(len(labels))
    losses, right = [], []
    for part in _cut(own, micro_batches):
        with precision.autocast():
            logits = network(inputs[part.start - own.start : part.stop - own.start]).float()
            loss = _loss(logits, labels, neighbours, part, rules, mix)
        # Gradients are averaged over the processes; those of their shares must be added up.
        precision.backward(loss * ranks.size)
        losses.append(loss.detach())
        right.append(
            num_correct(logits.detach().argmax(dim=1), labels[part], neighbours[part], mix)
        )
    if rules.clip_norm or norms is not None:
        precision.unscale(optimizer)
        gradients = [each.grad for each in network.parameters() if each.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        if rules.clip_norm:
            nn.utils.clip_grads_with_norm_(network.parameters(), rules.clip_norm, norm)
    precision.step(optimizer)
    if norms is not None:
        norms.append(norm)
    if len(losses) == 1 and ranks.is_alone:
        return losses[0], right[0]
    loss, num_right = ranks.add_up(
        torch.stack([torch.stack(losses).sum(), torch.stack(right).sum().to(losses[0].dtype)])
    )
    return loss, num_right


def num_correct(answers: Tensor, labels: Tensor, neighbours: Tensor, mix: Mix | None) -> Tensor:
    """Number of right answers (): whole, or for mixed images the sum of their shares."""
    right = (answers == labels).sum()
    if mix is None:
        return right
    return right * mix.share + (answers == neighbours).sum() * (1.0 - mix.share)


def _cut(images: slice, micro_batches: int) -> list[slice]:
    """Consecutive parts of nearly equal size."""
    num_images = images.stop - images.start
    bounds = [
        images.start + num_images * place // micro_batches for place in range(micro_batches + 1)
    ]
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
