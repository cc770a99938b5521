"""Make what the training tests need: drawn images in memory, configs, a reporter that listens."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from db.records import EpochMetrics
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.imaging import hashing
from forge_core.models import devices
from forge_core.training import usable_images
from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.config import TrainConfig
from forge_core.training.fit_setup import FitFolders, FitSetup, LabelledImages
from forge_core.training.inputs.image_sets import ImageSet, TrainingImage
from forge_core.training.pixels.pack import PixelPack
from forge_core.training.reporting import StepLosses
from forge_core.training.results import FitResult

CLASS_NAMES = ("circle", "square", "stripe")
LABEL_IDS = (11, 12, 13)


def draw_png(label: int, seed: int, size: tuple[int, int] = (30, 24)) -> bytes:
    """A PNG of a shape on noise, another one for each seed."""
    random = np.random.default_rng([label, seed])
    noise = random.integers(0, 90, (size[1], size[0], 3)).astype(np.uint8)
    image = Image.fromarray(noise)
    pen = ImageDraw.Draw(image)
    left, top = (int(value) for value in random.integers(0, 10, 2))
    box = (left, top, left + 13, top + 13)
    if label == 0:
        pen.ellipse(box, fill=(240, 60, 60))
    elif label == 1:
        pen.rectangle(box, fill=(60, 240, 60))
    else:
        pen.line(box, fill=(80, 80, 250), width=5)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Drawer:
    """Files in memory, and the image sets made of them."""

    files: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def read(self, source: str) -> bytes:
        self.reads.append(source)
        try:
            return self.files[source]
        except KeyError:
            raise FileNotFoundError(source) from None

    def add(self, source: str, data: bytes, label: int) -> TrainingImage:
        self.files[source] = data
        return TrainingImage(hashing.content_hash(data), source, label)

    def make(self, split: str, per_class: Sequence[int] = (7, 7, 7), offset: int = 0) -> ImageSet:
        images = tuple(
            self.add(f"{split}/{label}_{number}.png", draw_png(label, offset + number), label)
            for number in range(max(per_class))
            for label, count in enumerate(per_class)
            if number < count
        )
        return ImageSet(images, self.read)


@dataclass
class Listener:
    """A reporter that remembers, and stops the run when told to."""

    messages: list[str] = field(default_factory=list)
    progress: list[tuple[str, int, int, int]] = field(default_factory=list)
    losses: list[StepLosses] = field(default_factory=list)
    epochs: list[EpochMetrics] = field(default_factory=list)
    stop_when: Callable[["Listener"], bool] = lambda listener: False
    asked: int = 0

    def on_message(self, text: str) -> None:
        self.messages.append(text)

    def on_progress(
        self, stage: str, epoch: int, step: int, steps: int, images_per_second: float
    ) -> None:
        assert images_per_second > 0
        self.progress.append((stage, epoch, step, steps))

    def on_losses(self, losses: StepLosses) -> None:
        self.losses.append(losses)

    def on_epoch(self, metrics: EpochMetrics) -> None:
        self.epochs.append(metrics)

    def should_stop(self) -> bool:
        self.asked += 1
        return self.stop_when(self)


def make_config(**choices: object) -> TrainConfig:
    """A run of ForgeCNN at 16 px that takes less than a second."""
    values = {
        "architecture": "forge_cnn",
        "input_size": 16,
        "batch_size": 8,
        "scratch_epochs": 3,
        "device": "cpu",
        "seed": 5,
    }
    return TrainConfig(**{**values, **choices})  # type: ignore[arg-type]


def make_setup(
    folder: Path,
    config: TrainConfig,
    drawer: Drawer | None = None,
    *,
    train: ImageSet | None = None,
    val: ImageSet | None = None,
    save_seconds: float = 1e9,
    reference_plan: Mapping[str, Any] | None = None,
    pack_budget_bytes: int = 2**30,
    class_names: Sequence[str] = CLASS_NAMES,
) -> FitSetup:
    """A run on drawn images, with the pack beside the run's folder."""
    drawer = drawer or Drawer()
    return FitSetup(
        config=config,
        device=devices.choose(config.device),
        images=LabelledImages(
            train=drawer.make("train") if train is None else train,
            val=drawer.make("val", offset=100) if val is None else val,
            class_names=tuple(class_names),
            label_ids=tuple(range(11, 11 + len(class_names))),
        ),
        folders=FitFolders(
            checkpoints=folder,
            pixels=folder.parent / "pack",
            pixels_budget_bytes=pack_budget_bytes,
        ),
        run_id=47,
        revision_id=9,
        save_seconds=save_seconds,
        reference_plan=reference_plan,
    )


def run_fit(
    folder: Path,
    config: TrainConfig,
    drawer: Drawer | None = None,
    *,
    listener: Listener | None = None,
    train: ImageSet | None = None,
    val: ImageSet | None = None,
    resume: bool = False,
    save_seconds: float = 1e9,
    reference_plan: Mapping[str, Any] | None = None,
    pack_budget_bytes: int = 2**30,
    ranks: Ranks = ALONE,
) -> FitResult:
    """`fit_usable` on drawn images, with the pack beside the run's folder."""
    setup = make_setup(
        folder,
        config,
        drawer,
        train=train,
        val=val,
        save_seconds=save_seconds,
        reference_plan=reference_plan,
        pack_budget_bytes=pack_budget_bytes,
    )
    return usable_images.fit_usable(setup, listener or Listener(), resume=resume, ranks=ranks)


def run_and_die(folder: Path, config: TrainConfig, asked: int, save_seconds: float) -> None:
    """`run_fit` in a process of its own that is killed when it asks for the Nth time to go on."""
    torch.set_num_threads(1)  # as in the test: another number adds up in another order
    listener = Listener(stop_when=lambda told: told.asked >= asked and _die())
    run_fit(folder, config, listener=listener, save_seconds=save_seconds)


def go_on(folder: Path, config: TrainConfig) -> None:
    """`run_fit` in a process of its own from where one was killed; saves at each step."""
    torch.set_num_threads(1)
    run_fit(folder, config, resume=True, save_seconds=0.0)


def _die() -> bool:
    """End like a process that the system kills."""
    os.kill(os.getpid(), signal.SIGKILL)
    return True


def fill_pack_for_ever(folder: Path, transform: EvalTransform) -> None:
    """Decode the same images again and again, each time for a folder that seems empty."""
    drawer = Drawer()
    images = drawer.make("train", (60, 60, 60))
    while True:
        pack = PixelPack(folder, transform, budget_bytes=10**9)
        pack._places.clear()
        pack.prepare(images, lambda: None)
