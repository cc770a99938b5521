"""From images to batches on the device; what a sample looks like does not depend on who loads it.

A sample's augmentation is seeded with (seed, epoch, place in the epoch), so batches are the same
from a cold and from a warm pack, by every feed, and after a resumption.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn

from forge_core.augmentation import seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.models import chunking
from forge_core.models.devices import Device
from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.config import TrainConfig
from forge_core.training.inputs.image_sets import ImageSet, epoch_order, num_batches, split_batches
from forge_core.training.pixels import feeds
from forge_core.training.pixels.feeds import PixelFeed, ResidentFeed
from forge_core.training.pixels.pack import PixelPack
from forge_core.training.steps.precision import MEMORY_FORMAT

Batch = tuple[Tensor, Tensor]
"""Inputs (N, ...) and labels (N,) int64, both on the device."""


@dataclass(frozen=True)
class Sample:
    """One place in an epoch: which image, and the seed of its augmentation."""

    position: int
    seed: int = 0


class BatchSource(Protocol):
    """Where the loop gets its batches from, and the network that they go through."""

    ranks: Ranks
    """The processes that compute each training batch together; validation batches are theirs in
    turn."""

    @property
    def network(self) -> nn.Module:
        """Maps the inputs of a batch to logits (N, K)."""

    @property
    def train_module(self) -> nn.Module:
        """The network as a training step calls it."""

    def num_preparing_steps(self, epoch: int) -> int:
        """How often `prepare` will call back for this epoch."""

    def prepare(self, epoch: int, on_batch: Callable[[int], None]) -> None:
        """Do once what the batches of an epoch need; calls back with the images of each step."""

    def num_train_batches(self) -> int:
        """Steps of an epoch."""

    def train_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The augmented batches of an epoch, counted from 0 over the whole run.

        Of several processes each gets the inputs of its share, and the labels of the whole batch.

        Args:
            epoch: Decides order and augmentation.
            first: Batches of the epoch to leave out; they are not loaded.
        """

    def num_val_batches(self) -> int:
        """Validation batches of all processes."""

    def val_batches(self) -> Iterator[Batch]:
        """All validation images in order, through the eval transform.

        Of several processes each gets its `Ranks.shard_batches` of the batches.
        """


BatchTransform = Callable[[Sequence[Tensor], Sequence[int]], Tensor]
"""From N times (3, H, W) uint8 of any sizes on one device, and N seeds, to inputs (N, C, H, W)."""


def load_batches(
    images: ImageSet,
    feed: PixelFeed,
    batches: Sequence[Sequence[Sample]],
    transform: BatchTransform,
    device: torch.device,
    memory_format: torch.memory_format = MEMORY_FORMAT,
) -> Iterator[Batch]:
    """The batches in order, on the device; the same for every feed.

    Raises:
        ImageRejected: A file that is not in the pack yet cannot be used.
    """
    wanted = [[sample.position for sample in batch] for batch in batches]
    for batch, pixels in zip(batches, feed.batches(wanted), strict=True):
        inputs = transform([image.to(device) for image in pixels], [each.seed for each in batch])
        labels = torch.tensor([images.images[sample.position].label for sample in batch])
        yield inputs.to(memory_format=memory_format), labels.to(device, non_blocking=True)


def eval_batch(eval_transform: EvalTransform) -> BatchTransform:
    """The eval transform of a batch, which needs no seeds."""

    def transform(pixels: Sequence[Tensor], seeds: Sequence[int]) -> Tensor:
        return torch.stack([eval_transform.finish(image) for image in pixels])

    return transform


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
    """Batches of pixels through the whole network.

    Args:
        config: Of the run.
        model: The network.
        train: Training images.
        val: Validation images.
        pack: Where their pixels are, or are kept when a batch needs them first.
        train_transform: Of `train_batches` and `view_batches`.
        eval_transform: Of `val_batches`.
        device: Where the network is.
        memory_format: Of the inputs.
        tell: Told in words how the training pixels come to the device, when that changes.
        ranks: The processes that compute the batches together.
        is_mixed: Training images are mixed with the one before in their batch.
        compile_network: Makes of the network what a training step calls.
        step_bytes: Memory of the device that pixels must leave to a training step.
    """

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
        tell: Callable[[str], None] = lambda words: None,
        ranks: Ranks = ALONE,
        is_mixed: bool = False,
        compile_network: Callable[[nn.Module], nn.Module] = lambda network: network,
        step_bytes: int = 0,
    ) -> None:
        self.network = model
        self._compile = compile_network
        self.ranks = ranks
        self._is_mixed = is_mixed
        self._memory_format = memory_format
        self._config = config
        self._train = train
        self._val = val
        self._pack = pack
        self._train_transform = train_transform
        self._eval_transform = eval_batch(eval_transform)
        self._device = torch.device(device.id)
        self._at_once = chunking.images_at_once(device.kind, eval_transform.crop)
        self._tell = tell
        self._step_bytes = step_bytes
        self._feed: PixelFeed | None = None

    @cached_property
    def train_module(self) -> nn.Module:
        """The network, spread over the processes; made when the first batch is trained on."""
        return self._compile(self.ranks.wrap_ddp(self.network))

    def num_preparing_steps(self, epoch: int) -> int:
        """None: pixels are in the pack, or are decoded ahead of their batch."""
        return 0

    def prepare(self, epoch: int, on_batch: Callable[[int], None]) -> None:
        """Nothing to do."""

    def num_train_batches(self) -> int:
        """Steps of an epoch."""
        return num_batches(len(self._train), self._config.batch_size)

    def train_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The augmented pixels of an epoch."""
        batches = train_samples(self._config, self._train, epoch)[first:]
        if self.ranks.is_alone:
            yield from self._load_train(batches)
            return
        shares = self._load_train([self._share(batch) for batch in batches])
        for batch, (inputs, _) in zip(batches, shares, strict=True):
            labels = [self._train.images[sample.position].label for sample in batch]
            yield inputs, torch.tensor(labels, device=self._device)

    def _share(self, batch: list[Sample]) -> list[Sample]:
        own = self.ranks.share(len(batch))
        # The image before the first is the last one, as `Tensor.roll` has it.
        return ([batch[own.start - 1]] if self._is_mixed else []) + batch[own]

    def num_val_batches(self) -> int:
        """Validation batches of all processes."""
        return len(in_order(len(self._val), self._at_once))

    def val_batches(self) -> Iterator[Batch]:
        """The validation pixels through the eval transform."""
        feed = feeds.passing_feed(self._val, self._pack, self._device)
        batches = self.ranks.shard_batches(in_order(len(self._val), self._at_once))
        return self._load(self._val, feed, batches, self._eval_transform)

    def view_batches(self, view: int) -> Iterator[Batch]:
        """Each training image once and in order, augmented as in `view`, from 0.

        Of several processes each gets its `Ranks.shard_batches` of the batches.
        """
        seed = self._config.seed
        batches = in_order(
            len(self._train),
            self._at_once,
            lambda place: seeding.sample_seed(seed, view, place),
        )
        return self._load_train(self.ranks.shard_batches(batches))

    def num_view_batches(self) -> int:
        """Batches of all processes in `view_batches`."""
        return len(in_order(len(self._train), self._at_once))

    def _load_train(self, batches: Sequence[Sequence[Sample]]) -> Iterator[Batch]:
        if not isinstance(self._feed, ResidentFeed):  # there is no better one
            before = self._feed
            self._feed = feeds.choose_feed(self._train, self._pack, self._device, self._step_bytes)
            if before is None or before.title != self._feed.title:
                self._tell(f"Training images come {self._feed.title}.")
        return self._load(self._train, self._feed, batches, self._train_transform)

    def _load(
        self,
        images: ImageSet,
        feed: PixelFeed,
        batches: Sequence[Sequence[Sample]],
        transform: BatchTransform,
    ) -> Iterator[Batch]:
        return load_batches(images, feed, batches, transform, self._device, self._memory_format)


def in_order(
    num_images: int, at_once: int, seed_of: Callable[[int], int] = lambda place: 0
) -> list[list[Sample]]:
    """All images once, in order, in batches for a forward pass."""
    samples = [Sample(place, seed_of(place)) for place in range(num_images)]
    return [samples[first : first + at_once] for first in range(0, num_images, at_once)]
