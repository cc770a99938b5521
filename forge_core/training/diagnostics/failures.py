"""What stops a run, in words: numbers that are no longer finite, memory that does not suffice."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

from forge_core.errors import TrainingFailed
from forge_core.models.devices import Device
from forge_core.training.compute.ranks import Ranks
from forge_core.training.config import TrainConfig
from forge_core.training.inputs.batches import train_samples
from forge_core.training.inputs.image_sets import ImageSet

WORDS_OF_NO_MEMORY = ("allocate memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""Of torch's CPU allocator; of CUDA's runtime and of MPS; of cuBLAS."""


class NotFinite(TrainingFailed):
    """The numbers of a run overflowed.

    Args:
        stage: Of the run.
        epoch: Counted from 0.
        step: The first step whose loss is not finite, from 0; None when it showed afterwards.
    """

    def __init__(self, stage: str, epoch: int, step: int | None, detail: str = "") -> None:
        where = "after its last step" if step is None else f"at step {step + 1}"
        super().__init__(
            f"The loss is no longer a finite number: stage {stage}, epoch {epoch + 1}, {where}.",
            next_step="Start again with a learning rate ten times lower, or with the number "
            "format float32.",
            detail=detail,
        )
        self.stage, self.epoch, self.step = stage, epoch, step


class ProcessLost(TrainingFailed):
    """Another process of the run ended: going on is what helps."""


def check_losses(losses: list[Tensor], first: int, stage: str, epoch: int) -> list[float]:
    """The losses of the steps from `first` on, all counted from 0; waits for the device.

    Raises:
        NotFinite: One is not finite; the first such step is named.
    """
    found: list[float] = torch.stack(losses[first:]).tolist()
    for step, loss in enumerate(found, start=first):
        if not math.isfinite(loss):
            raise NotFinite(stage, epoch, step)
    return found


def name_batch(error: NotFinite, config: TrainConfig, train: ImageSet) -> NotFinite:
    """The same failure with the images of its batch in the detail."""
    if error.step is None:
        return error
    batch = train_samples(config, train, error.epoch)[error.step]
    sources = [train.images[sample.position].source for sample in batch]
    return NotFinite(error.stage, error.epoch, error.step, "Images: " + ", ".join(sources))


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an allocation failed, on a GPU or on the processor."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return any(words in str(error) for words in WORDS_OF_NO_MEMORY)


@contextmanager
def loss_of_others_explained(ranks: Ranks) -> Iterator[None]:
    """Turn a broken connection between processes into a sentence.

    Raises:
        ProcessLost: In the middle of a step.
    """
    try:
        yield
    except RuntimeError as error:
        if ranks.is_alone or not _is_about_connections(error):
            raise
        raise ProcessLost(
            "The run stopped because another process of the run ended without a word.",
            next_step="Read the log, then resume it.",
            detail=str(error),
        ) from error


def _is_about_connections(error: Exception) -> bool:
    words = ("Connection closed by peer", "Connection reset", "Broken pipe", "NCCL", "gloo")
    return isinstance(error, dist.DistError) or any(word in str(error) for word in words)


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
