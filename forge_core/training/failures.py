"""What stops a run, in words: numbers that are no longer finite, memory that does not suffice."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from forge_core.errors import TrainingFailed
from forge_core.training.config import TrainConfig
from forge_core.training.devices import Device


def check_losses(losses: list[Tensor], first: int, stage: str, epoch: int) -> None:
    """Look at the losses of the steps from `first` on, all counted from 0.

    Raises:
        TrainingFailed: One is not finite; the first such step is named.
    """
    for step, loss in enumerate(torch.stack(losses[first:]).tolist(), start=first):
        if not math.isfinite(loss):
            raise not_finite(stage, epoch, f"at step {step + 1}")


def not_finite(stage: str, epoch: int, where: str) -> TrainingFailed:
    """The failure of a run whose numbers overflowed in an epoch, counted from 0."""
    return TrainingFailed(
        f"The loss is no longer a finite number: stage {stage}, epoch {epoch + 1}, {where}.",
        next_step="Start again with a learning rate ten times lower, or with the number format "
        "float32.",
    )


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an allocation failed, on a GPU or on the processor."""
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)


@contextmanager
def memory_explained(device: Device, config: TrainConfig) -> Iterator[None]:
    """Turn a failed allocation into a sentence.

    Raises:
        TrainingFailed: The body ran out of memory.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingFailed(
            f"The memory of {device.name} did not suffice for batches of {config.batch_size} "
            f"images: {device.free_bytes / 2**30:.1f} GiB were free at the start.",
            next_step=f"Start again with a batch size of {max(2, config.batch_size // 2)}, or a "
            "smaller input size.",
            detail=str(error),
        ) from error
