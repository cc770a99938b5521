"""How long a run will take and how much memory it needs, from a few measured steps."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from forge_core.augmentation import seeding
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.models import architectures, devices
from forge_core.models.devices import Device
from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training import stages
from forge_core.training.compute import memory_plan
from forge_core.training.config import TrainConfig
from forge_core.training.inputs import features
from forge_core.training.stages import Stage
from forge_core.training.steps import optimizers
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.train_step import train_step

MEASURED_STEPS = 3
CPU_BATCH_SIZE = 8
"""Images of a measured step on a CPU, where larger batches are hardly faster an image."""
MAX_MEASURED_SECONDS = 4.0
AUGMENTED_SAMPLES = 8


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a run will need, to about a third."""

    seconds: float
    """Wall time of all stages, decoding not included."""
    memory_bytes: int
    """Memory of network, optimiser and one batch on the device."""


def estimate_duration(
    config: TrainConfig,
    num_images: int,
    device: Device | None = None,
    *,
    num_val_images: int = 0,
    num_classes: int = 10,
) -> Estimate:
    """Measure a few steps on random pixels and scale them up to the run.

    Takes a few seconds, leaves torch's CPU random stream as it was, and needs no weights.

    Args:
        config: The run.
        num_images: Training images.
        device: Where to measure; None is the device of the config.
        num_val_images: Validation images, measured at the end of each epoch.
        num_classes: K.

    Raises:
        InvalidInput: The device does not exist, or the network cannot be built.
    """
    device = devices.choose(config.device) if device is None else device
    torch_device = torch.device(device.id)
    transform = architectures.default_eval_transform(
        config.architecture, config.input_size, config.fit
    )
    batch_size = min(config.batch_size, max(2, num_images))
    measured_size = batch_size if device.kind == "cuda" else min(batch_size, CPU_BATCH_SIZE)
    with seeding.seeded(config.seed):
        model = construction.build_model(
            config.architecture, num_classes, pretrained=False, input_size=transform.crop
        )
        pixels = torch.randint(0, 256, (3, transform.resize, transform.resize), dtype=torch.uint8)
        augmentation = TrainTransform(config.augmentation_parameters, transform)
        augment_seconds = _augment_seconds(augmentation, pixels.to(torch_device))
        inputs = torch.randn(measured_size, 3, transform.crop, transform.crop)
        labels = torch.randint(0, num_classes, (measured_size,))
    precision = Precision(device, config.number_format, config.memory_layout)
    model.to(device=torch_device, memory_format=precision.memory_format)  # type: ignore[call-overload]
    inputs = inputs.to(torch_device, memory_format=precision.memory_format)
    labels = labels.to(torch_device)

    forward_seconds = _forward_seconds(model, inputs) / measured_size
    seconds, memory_bytes = 0.0, 0
    for stage in stages.plan_stages(config, num_images):
        optimizer = optimizers.build_optimizer(stage, model)
        if stage.is_backbone_frozen:  # the head's own steps are next to nothing
            image_seconds = forward_seconds + augment_seconds
            passes, val_passes = _frozen_passes(model, stage, num_images, transform.crop)
        else:
            with seeding.seeded(config.seed):
                step_seconds, step_bytes = _measure_steps(
                    model, inputs, labels, optimizer, precision, device, batch_size
                )
            image_seconds = step_seconds / measured_size + augment_seconds
            passes = val_passes = stage.epochs
            memory_bytes = max(memory_bytes, step_bytes)
        seconds += passes * num_images * image_seconds
        seconds += val_passes * num_val_images * forward_seconds
    # of a stage that only infers: the weights and a few batches
    memory_bytes = memory_bytes or _weight_bytes(model) + 4 * inputs[0].nbytes * batch_size
    return Estimate(seconds=seconds, memory_bytes=memory_bytes)


def _frozen_passes(
    model: ImageClassifier, stage: Stage, num_images: int, input_size: int
) -> tuple[int, int]:
    """How often training and validation images go through the frozen backbone."""
    num_views = features.num_views_for(model, num_images, stage.epochs, input_size)
    return (num_views, 1) if num_views else (stage.epochs, stage.epochs)


def _measure_steps(
    model: ImageClassifier,
    inputs: Tensor,
    labels: Tensor,
    optimizer: torch.optim.Optimizer,
    precision: Precision,
    device: Device,
    batch_size: int,
) -> tuple[float, int]:
    """Median seconds of a step on `inputs`, and the bytes of one with `batch_size` images."""
    model.train()
    if device.kind == "cuda":
        torch.cuda.reset_peak_memory_stats(device.id)
    with memory_plan.saved_for_backward(model) as saved:
        train_step(model, inputs, labels, optimizer, precision)

    def step() -> None:
        loss, _ = train_step(model, inputs, labels, optimizer, precision)
        loss.item()  # waits for the device

    seconds = _median_seconds(step, MEASURED_STEPS)
    if device.kind == "cuda":
        return seconds, torch.cuda.max_memory_allocated(device.id)
    # beside each weight its gradient and two moments of Adam
    per_image_bytes = (sum(saved.values()) + inputs.nbytes) / len(inputs)
    return seconds, 4 * _weight_bytes(model) + round(per_image_bytes * batch_size)


def _augment_seconds(augmentation: TrainTransform, pixels: Tensor) -> float:
    """Seconds an image, where the pixels are."""
    batch, seeds = [pixels] * AUGMENTED_SAMPLES, list(range(AUGMENTED_SAMPLES))

    def augment() -> None:
        augmentation(batch, seeds)[0, 0, 0, 0].item()  # waits for the device

    augment()
    return _median_seconds(augment, MEASURED_STEPS) / AUGMENTED_SAMPLES


def _weight_bytes(model: ImageClassifier) -> int:
    return sum(parameter.nbytes for parameter in model.parameters())


def _forward_seconds(model: ImageClassifier, inputs: Tensor) -> float:
    model.eval()

    def forward() -> None:
        with torch.inference_mode():
            model(inputs)[0, 0].item()

    forward()
    return _median_seconds(forward, MEASURED_STEPS)


def _median_seconds(action: Callable[[], object], repeats: int) -> float:
    """Median duration of an action, repeated until the time for measuring is used up."""
    durations: list[float] = []
    while len(durations) < repeats and sum(durations) < MAX_MEASURED_SECONDS:
        began = time.perf_counter()
        action()
        durations.append(time.perf_counter() - began)
    return sorted(durations)[len(durations) // 2]
