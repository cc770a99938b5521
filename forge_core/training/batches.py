"""From images to batches on the device; what a sample looks like does not depend on who loads it.

A sample's augmentation is seeded with (seed, epoch, place in the epoch), so batches are the same
in-process, with any number of workers, and after a resumption.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from forge_core.augmentation import seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import TrainTransform
from forge_core.training.config import TrainConfig
from forge_core.training.data import ImageSet, epoch_order, num_batches, split_batches
from forge_core.training.devices import Device
from forge_core.training.pack import PixelPack
from forge_core.training.precision import MEMORY_FORMAT

MAX_WORKERS = 8
VALIDATION_BATCH_SIZE = 64

Batch = tuple[Tensor, Tensor]
"""Inputs (N, ...) and labels (N,) int64, both on the device."""


@dataclass(frozen=True)
class Sample:
    """One place in an epoch: which image, and the seed of its augmentation."""

    position: int
    seed: int | None = None


class BatchSource(Protocol):
    """Where the loop gets its batches from, and the network that they go through."""

    @property
    def network(self) -> nn.Module:
        """Maps the inputs of a batch to logits (N, K)."""

    def num_preparing_steps(self, epoch: int) -> int:
        """How often `prepare` will call back for this epoch."""

    def prepare(self, epoch: int, on_batch: Callable[[int], None]) -> None:
        """Do once what the batches of an epoch need; calls back with the images of each step."""

    def num_train_batches(self) -> int:
        """Steps of an epoch."""

    def train_batches(self, epoch: int) -> Iterator[Batch]:
        """The augmented batches of an epoch, counted from 0 over the whole run."""

    def val_batches(self) -> Iterator[Batch]:
        """All validation images in order, through the eval transform."""


class SampleDataset(Dataset[tuple[Tensor, int]]):
    """Network inputs of images, indexed by `Sample`."""

    def __init__(
        self, images: ImageSet, pack: PixelPack, transform: Callable[[Tensor], Tensor]
    ) -> None:
        self._images = images
        self._pack = pack
        self._transform = transform

    def __getitem__(self, sample: Sample) -> tuple[Tensor, int]:
        image = self._images.images[sample.position]
        pixels = self._pack.pixels(image, self._images.read)
        if sample.seed is None:
            return self._transform(pixels), image.label
        with seeding.seeded(sample.seed):
            return self._transform(pixels), image.label


def load_batches(
    dataset: SampleDataset,
    batches: Sequence[Sequence[Sample]],
    device: torch.device,
    num_workers: int = 0,
) -> Iterator[Batch]:
    """The batches in order, on the device; the same for any number of workers."""
    loader: DataLoader[tuple[Tensor, int]] = DataLoader(
        dataset,
        batch_sampler=batches,  # type: ignore[arg-type]
        num_workers=num_workers,
        multiprocessing_context="fork" if num_workers else None,
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),  # else it would draw from the stream of dropout
    )
    for inputs, labels in loader:
        yield (
            inputs.to(device, memory_format=MEMORY_FORMAT, non_blocking=True),
            labels.to(device, non_blocking=True),
        )


def num_workers_for(device: Device) -> int:
    """Processes that decode and augment beside the training one.

    None on a CPU, where they would only take cores from the network (measured), and none where
    processes cannot be forked.
    """
    if device.kind != "cuda" or "fork" not in multiprocessing.get_all_start_methods():
        return 0
    return min(MAX_WORKERS, max(1, (os.cpu_count() or 1) - 1))


def train_samples(config: TrainConfig, images: ImageSet, epoch: int) -> list[list[Sample]]:
    """The batches of an epoch as samples: a pure function of seed, epoch and images."""
    order = epoch_order(images.labels, config.seed, epoch, config.balanced_sampling)
    places = iter(range(len(order)))
    return [
        [
            Sample(int(position), seeding.sample_seed(config.seed, epoch, next(places)))
            for position in batch
        ]
        for batch in split_batches(order, config.batch_size)
    ]


class PixelSource:
    """Batches of pixels through the whole network."""

    def __init__(
        self,
        *,
        config: TrainConfig,
        model: nn.Module,
        train: ImageSet,
        val: ImageSet,
        pack: PixelPack,
        train_transform: TrainTransform,
        eval_transform: EvalTransform,
        device: Device,
    ) -> None:
        self.network = model
        self._config = config
        self._train = train
        self._train_dataset = SampleDataset(train, pack, train_transform)
        self._val_dataset = SampleDataset(val, pack, eval_transform.finish)
        self._num_val = len(val)
        self._device = torch.device(device.id)
        self._num_workers = num_workers_for(device)

    def num_preparing_steps(self, epoch: int) -> int:
        """None: pixels are in the pack."""
        return 0

    def prepare(self, epoch: int, on_batch: Callable[[int], None]) -> None:
        """Nothing to do."""

    def num_train_batches(self) -> int:
        """Steps of an epoch."""
        return num_batches(len(self._train), self._config.batch_size)

    def train_batches(self, epoch: int) -> Iterator[Batch]:
        """The augmented pixels of an epoch."""
        batches = train_samples(self._config, self._train, epoch)
        return load_batches(self._train_dataset, batches, self._device, self._num_workers)

    def val_batches(self) -> Iterator[Batch]:
        """The validation pixels through the eval transform."""
        return load_batches(
            self._val_dataset, in_order(self._num_val), self._device, self._num_workers
        )

    def view_batches(self, view: int) -> Iterator[Batch]:
        """Each training image once and in order, augmented as in `view`, from 0."""
        seed = self._config.seed
        batches = in_order(len(self._train), lambda place: seeding.sample_seed(seed, view, place))
        return load_batches(self._train_dataset, batches, self._device, self._num_workers)

    def num_view_batches(self) -> int:
        """Batches of `view_batches`."""
        return len(in_order(len(self._train)))


def in_order(
    num_images: int, seed_of: Callable[[int], int | None] = lambda place: None
) -> list[list[Sample]]:
    """All images once, in order, in batches for a forward pass."""
    samples = [Sample(place, seed_of(place)) for place in range(num_images)]
    return [
        samples[first : first + VALIDATION_BATCH_SIZE]
        for first in range(0, num_images, VALIDATION_BATCH_SIZE)
    ]
