"""The images of a run, and the order in which an epoch shows them.

Order is a pure function of (seed, epoch), so a run can be repeated and resumed exactly.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import InvalidInput


@dataclass(frozen=True)
class TrainingImage:
    """One image with its class."""

    content_hash: str
    """SHA-256 of the file in hex; bytes that do not match it are not used."""
    source: str
    """What `ImageSet.read` is asked for, and the name that messages use."""
    label: int
    """Position of the class in the network's outputs, from 0."""


@dataclass(frozen=True)
class RejectedImage:
    """An image that a run leaves out, and why."""

    source: str
    reason: str
    """Machine word: one of `imaging.decode.REASONS`."""
    message: str


@dataclass(frozen=True)
class ImageSet:
    """The images of one split, in a fixed order.

    Args:
        images: In an order that does not change between a run and its resumption.
        read: Gives the bytes of an image file by its `source`. May be called from several
            threads, and on CUDA from forked processes.
    """

    images: Sequence[TrainingImage]
    read: Callable[[str], bytes]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) class positions."""
        return np.array([image.label for image in self.images], dtype=np.int64)

    def without(self, sources: set[str]) -> Self:
        """The same images in the same order, but those named by `sources`."""
        kept = tuple(image for image in self.images if image.source not in sources)
        return type(self)(kept, self.read)

    def fingerprint(self) -> str:
        """Hex digest that changes with any image, label or with their order."""
        digest = hashlib.sha256()
        for image in self.images:
            digest.update(f"{image.content_hash} {image.label}\n".encode())
        return digest.hexdigest()


def check_images(train: ImageSet, val: ImageSet, class_names: Sequence[str]) -> None:
    """Refuse what cannot be trained on, before any work.

    Raises:
        InvalidInput: When a split is empty, there are fewer than two classes, a class has no
            training images, or a label is not a position in `class_names`.
    """
    num_classes = len(class_names)
    if num_classes < 2:
        raise InvalidInput(
            f"Training needs at least 2 classes; found {num_classes}"
            f"{': ' + class_names[0] if class_names else ''}.",
            next_step="Label images of a second class first.",
        )
    if len(set(class_names)) != num_classes:
        raise InvalidInput(
            "Two classes have the same name.", next_step="Rename or merge one of them."
        )
    if len(train) == 0:
        raise InvalidInput(
            "0 images are in training, so nothing can be learned.",
            next_step="Split the labelled images first, for example 80/10/10 by class.",
        )
    if len(val) == 0:
        raise InvalidInput(
            "0 images are in validation, so nothing can be measured.",
            next_step="Split the labelled images first, for example 80/10/10 by class.",
        )
    for images in (train, val):
        labels = images.labels
        if labels.min() < 0 or labels.max() >= num_classes:
            raise InvalidInput(
                f"Labels must be 0 to {num_classes - 1} for {num_classes} classes; found "
                f"{labels.min()} to {labels.max()}.",
                next_step="Number the classes by their position in the list of class names.",
            )
    counts = np.bincount(train.labels, minlength=num_classes)
    missing = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    if missing:
        raise InvalidInput(
            f"{len(missing)} of {num_classes} classes have no training images: "
            f"{', '.join(missing[:10])}{' ...' if len(missing) > 10 else ''}.",
            next_step="Move images of these classes into training, or leave the classes out.",
        )


def classes_without_images(images: ImageSet, class_names: Sequence[str]) -> list[str]:
    """Names of the classes that have no image in `images`, in the order of `class_names`."""
    present = set(images.labels.tolist())
    return [name for position, name in enumerate(class_names) if position not in present]


def epoch_order(
    labels: NDArray[np.int64], seed: int, epoch: int, balanced: bool = False
) -> NDArray[np.int64]:
    """The positions that an epoch shows, in order: a pure function of its arguments.

    Args:
        labels: (N,) class positions.
        seed: Seed of the run.
        epoch: Number of the epoch.
        balanced: Draw N positions with replacement so that every class is equally likely;
            otherwise each position comes once.

    Returns:
        (N,) positions into `labels`.
    """
    generator = np.random.default_rng([seed, epoch])
    if not balanced:
        return generator.permutation(len(labels)).astype(np.int64)
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights = 1.0 / (len(counts) * counts[inverse])
    return generator.choice(len(labels), size=len(labels), p=weights).astype(np.int64)


def class_weights(labels: NDArray[np.int64], num_classes: int) -> NDArray[np.float64]:
    """Weights of the loss with which every class counts the same: N / (K n of the class).

    Args:
        labels: (N,) class positions, each class at least once.
        num_classes: K.

    Returns:
        (K,) whose mean over the images is 1.
    """
    counts = np.bincount(labels, minlength=num_classes)
    return len(labels) / (num_classes * counts.astype(np.float64))


def num_batches(num_images: int, batch_size: int) -> int:
    """Batches of an epoch, so that none has one image unless there is only one."""
    return max(1, min(-(-num_images // batch_size), num_images // 2))


def split_batches(order: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
    """Consecutive batches of nearly equal size.

    Even batches, because a last batch of one image breaks batch normalisation and would weigh
    as much as a full one. At most `batch_size` each, but 3 images in batches of 2 stay together.
    """
    return np.array_split(order, num_batches(len(order), batch_size))
