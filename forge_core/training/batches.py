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
from forge_core.augmentation.train_transform import TrainTransform
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

    def train_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The augmented batches of an epoch, counted from 0 over the whole run.

        Args:
            epoch: Decides order and augmentation.
            first: Batches of the epoch to leave out; they are not loaded.
        """

    def val_batches(self) -> Iterator[Batch]:
        """All validation images in order, through the eval transform."""


class SampleDataset(Dataset[tuple[Tensor, int, int]]):
    """Decoded pixels of images, indexed by `Sample`: what the transform of a batch starts from."""

    def __init__(self, images: ImageSet, pack: PixelPack) -> None:
        self._images = images
        self._pack = pack

    def __getitem__(self, sample: Sample) -> tuple[Tensor, int, int]:
        image = self._images.images[sample.position]
        return self._pack.pixels(image, self._images.read), sample.seed or 0, image.label


BatchTransform = Callable[[Sequence[Tensor], Sequence[int]], Tensor]
"""From N times (3, H, W) uint8 of any sizes on one device, and N seeds, to inputs (N, C, H, W)."""


def load_batches(
    dataset: SampleDataset,
    batches: Sequence[Sequence[Sample]],
    transform: BatchTransform,
    device: torch.device,
    num_workers: int = 0,
    memory_format: torch.memory_format = MEMORY_FORMAT,
) -> Iterator[Batch]:
    """The batches in order, on the device; the same for any number of workers."""
    loader: DataLoader[tuple[Tensor, int, int]] = DataLoader(
        dataset,
        batch_sampler=batches,  # type: ignore[arg-type]
        num_workers=num_workers,
        multiprocessing_context="fork" if num_workers else None,
        pin_memory=device.type == "cuda",
        collate_fn=_collate,
        generator=torch.Generator(),  # else it would draw from the stream of dropout
    )
    for pixels, seeds, labels in loader:
        inputs = transform([image.to(device, non_blocking=True) for image in pixels], seeds)
        yield (
            inputs.to(memory_format=memory_format),
            labels.to(device, non_blocking=True),
        )


def _collate(
    samples: Sequence[tuple[Tensor, int, int]],
) -> tuple[list[Tensor], list[int], Tensor]:
    """Pixels as a list: their sizes differ until they are cropped."""
    pixels, seeds, labels = zip(*samples, strict=True)
    return list(pixels), list(seeds), torch.tensor(labels)


def eval_batch(eval_transform: EvalTransform) -> BatchTransform:
    """The eval transform of a batch, which needs no seeds."""

    def transform(pixels: Sequence[Tensor], seeds: Sequence[int]) -> Tensor:
        return torch.stack([eval_transform.finish(image) for image in pixels])

    return transform


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
        memory_format: torch.memory_format = MEMORY_FORMAT,
    ) -> None:
        self.network = model
        self._memory_format = memory_format
        self._config = config
        self._train = train
        self._train_dataset = SampleDataset(train, pack)
        self._val_dataset = SampleDataset(val, pack)
        self._train_transform = train_transform
        self._eval_transform = eval_batch(eval_transform)
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

    def train_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The augmented pixels of an epoch."""
        batches = train_samples(self._config, self._train, epoch)[first:]
        return self._load(self._train_dataset, batches, self._train_transform)

    def val_batches(self) -> Iterator[Batch]:
        """The validation pixels through the eval transform."""
        return self._load(self._val_dataset, in_order(self._num_val), self._eval_transform)

    def view_batches(self, view: int) -> Iterator[Batch]:
        """Each training image once and in order, augmented as in `view`, from 0."""
        seed = self._config.seed
        batches = in_order(len(self._train), lambda place: seeding.sample_seed(seed, view, place))
        return self._load(self._train_dataset, batches, self._train_transform)

    def num_view_batches(self) -> int:
        """Batches of `view_batches`."""
        return len(in_order(len(self._train)))

    def _load(
        self,
        dataset: SampleDataset,
        batches: Sequence[Sequence[Sample]],
        transform: BatchTransform,
    ) -> Iterator[Batch]:
        return load_batches(
            dataset, batches, transform, self._device, self._num_workers, self._memory_format
        )


def in_order(
    num_images: int, seed_of: Callable[[int], int | None] = lambda place: None
) -> list[list[Sample]]:
    """All images once, in order, in batches for a forward pass."""
    samples = [Sample(place, seed_of(place)) for place in range(num_images)]
    return [
        samples[first : first + VALIDATION_BATCH_SIZE]
        for first in range(0, num_images, VALIDATION_BATCH_SIZE)
    ]
