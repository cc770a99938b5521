"""Into how many micro-batches a batch must be cut so that a step fits into the free memory.

A guess from two images, made before the first step, so that a run does not begin with a failure;
what it misses, `recovery` finds. It is kept with the run's plan, since they see batch
normalisation one by one.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from forge_core.augmentation import seeding
from forge_core.models.devices import Device
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.stages import Stage
from forge_core.training.steps import optimizers
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.recovery import MIN_MICRO_BATCH
from forge_core.training.steps.train_step import train_step

MEASURED_IMAGES = 2
FREE_SHARE = 0.8
"""Part of the free memory that a step may take: others use it too."""
MARGIN = 1.3
"""What a step takes over what it keeps for the backward pass: gradients of layers, workspaces."""


def micro_batches_needed(
    batch_size: int,
    device: Device,
    model: ImageClassifier,
    plan: list[Stage],
    precision: Precision,
    input_size: int,
) -> int:
    """1 where a whole batch fits, else the smallest power of two that lets them fit.

    Leaves the network and torch's CPU random stream as they were.

    Args:
        batch_size: Images of a step in this process.
        device: With the memory that is free on it.
        model: The network on that device.
        plan: Stages of the run; those that train a head alone always fit.
        precision: Number format and layout of the run.
        input_size: Side of the network's inputs in pixels.
    """
    stage = next((stage for stage in reversed(plan) if not stage.is_backbone_frozen), None)
    if stage is None:
        return 1
    fixed_bytes, image_bytes = measure_step(model, stage, precision, device, input_size)
    room_bytes = FREE_SHARE * device.free_bytes - fixed_bytes
    micro_batches = 1
    while (
        MARGIN * image_bytes * -(-batch_size // micro_batches) > room_bytes
        and batch_size >= 2 * micro_batches * MIN_MICRO_BATCH
    ):
        micro_batches *= 2
    return micro_batches


def step_bytes(
    num_images: int,
    device: Device,
    model: ImageClassifier,
    stage: Stage,
    precision: Precision,
    input_size: int,
) -> int:
    """Memory of a step that sends so many images through the network at once."""
    fixed_bytes, image_bytes = measure_step(model, stage, precision, device, input_size)
    return fixed_bytes + int(MARGIN * image_bytes * num_images)


def measure_step(
    model: ImageClassifier, stage: Stage, precision: Precision, device: Device, input_size: int
) -> tuple[int, int]:
    """Bytes of a step that do not depend on the batch, and bytes of each image.

    What the backward pass needs is counted as autograd keeps it; weights count four times, with
    their gradient and two moments, though the weights themselves are there already.
    """
    network = copy.deepcopy(model).to(memory_format=precision.memory_format)
    optimizer = optimizers.build_optimizer(stage, network)
    network.train()
    with seeding.seeded(0):
        inputs = torch.randn(MEASURED_IMAGES, 3, input_size, input_size)
        inputs = inputs.to(device.id, memory_format=precision.memory_format)
        labels = torch.zeros(MEASURED_IMAGES, dtype=torch.int64, device=device.id)
        with saved_for_backward(network) as kept:
            train_step(network, inputs, labels, optimizer, precision)
    weight_bytes = sum(parameter.nbytes for parameter in model.parameters())
    return 3 * weight_bytes, (sum(kept.values()) + inputs.nbytes) // MEASURED_IMAGES


@contextmanager
def saved_for_backward(network: nn.Module) -> Iterator[dict[int, int]]:
    """Counts what autograd keeps for the backward pass: bytes by address, weights left out."""
    weights = {parameter.data_ptr() for parameter in network.parameters()}
    kept: dict[int, int] = {}

    def count(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        yield kept
