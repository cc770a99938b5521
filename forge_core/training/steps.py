"""One update of the weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from forge_core.training.precision import Precision


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
