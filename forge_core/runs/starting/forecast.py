"""How long a run will take: as an earlier run that was like it, or from a few measured steps."""

from dataclasses import dataclass, replace

from db.records import EpochRow, Run
from forge_core.models import devices
from forge_core.training import stages
from forge_core.training.compute import duration
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

LIKE = ("architecture", "pretrained", "input_size", "train_all_layers", "batch_size")
"""Fields in which an earlier run must be equal to say how fast the next one will be."""
MEASURED_BATCH = 8
"""Images of a measured step on a CPU. More would take much memory of the page's server, and time
that a job does not need, which keeps freed memory (see `models.allocator`)."""
WITH_VALIDATION = 1.1
"""An epoch's time over its training time: rates of epochs leave validation out."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a run will need, to about a third."""

    seconds: float
    """Wall time of all epochs; decoding the images comes on top the first time."""
    run_id: int | None
    """The earlier run that it was learned from; None when it was measured."""


def from_earlier_run(
    workspace: Workspace, config: TrainConfig, num_train_images: int
) -> Forecast | None:
    """What the newest run of the same network on the same device says; None without one.

    Every stage of the config must have been seen in that run.
    """
    device_name = devices.choose(config.device).name
    with workspace.database.read() as uow:
        for run in uow.runs.list_all():
            if run.device != config.device and run.device != device_name:
                continue
            if not _is_like(run, config):
                continue
            seconds = _scaled_seconds(config, uow.metrics.list_after(run.run_id), num_train_images)
            if seconds is not None:
                return Forecast(seconds=seconds, run_id=run.run_id)
    return None


def measure(
    config: TrainConfig, num_train_images: int, num_val_images: int, num_classes: int
) -> Forecast:
    """Measure a few steps on random pixels here and now; takes seconds.

    Raises:
        InvalidInput: The device does not exist, or the network cannot be built.
    """
    device = devices.choose(config.device)
    if device.kind == "cpu":
        config = replace(config, batch_size=min(config.batch_size, MEASURED_BATCH))
    estimate = duration.estimate_duration(
        config,
        num_train_images,
        device,
        num_val_images=num_val_images,
        num_classes=num_classes,
    )
    return Forecast(seconds=estimate.seconds, run_id=None)


def _is_like(run: Run, config: TrainConfig) -> bool:
    return all(run.config.get(name) == getattr(config, name) for name in LIKE)


def _scaled_seconds(
    config: TrainConfig, epochs: list[EpochRow], num_train_images: int
) -> float | None:
    """Seconds of all stages at the rates of these epochs, or None when a stage is missing.

    An epoch is matched with the one at its own place in the stage: the first epochs of a
    warm-up compute features, the later ones only use them.
    """
    seconds = 0.0
    for stage in stages.plan_stages(config):
        seen = [epoch for epoch in epochs if epoch.stage == stage.name]
        if not seen:
            return None
        for place in range(stage.epochs):
            rate = seen[min(place, len(seen) - 1)].images_per_second
            seconds += num_train_images / max(rate, 1e-9)
    return seconds * WITH_VALIDATION
