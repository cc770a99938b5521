"""Order and batches are pure functions; what cannot be trained on is refused by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_core.errors import InvalidInput
from forge_core.training.inputs import image_sets
from forge_core.training.inputs.image_sets import ImageSet, TrainingImage
from tests.forge_core.training.arrange import Drawer


def make_set(labels: list[int]) -> ImageSet:
    return ImageSet(
        tuple(
            TrainingImage(f"{place:064x}", f"{place}.png", label)
            for place, label in enumerate(labels)
        ),
        read=lambda source: b"",
    )


def test_epoch_order__shows_each_position_once_and_differs_by_epoch_and_seed() -> None:
    labels = np.zeros(50, dtype=np.int64)
    order = image_sets.epoch_order(labels, seed=1, epoch=0)
    assert sorted(order) == list(range(50))
    assert (order == image_sets.epoch_order(labels, seed=1, epoch=0)).all()
    assert (order != image_sets.epoch_order(labels, seed=1, epoch=1)).any()
    assert (order != image_sets.epoch_order(labels, seed=2, epoch=0)).any()


def test_epoch_order__balanced_draws_every_class_equally_often() -> None:
    # 900 of class 0, 90 of class 1, 10 of class 2: each should come 333 times in 1,000 draws;
    # the standard deviation is sqrt(1000 * 1/3 * 2/3) = 14.9, so 75 is five of them
    labels = np.repeat([0, 1, 2], [900, 90, 10])
    order = image_sets.epoch_order(labels, seed=3, epoch=0, balanced=True)
    assert len(order) == 1000
    assert np.abs(np.bincount(labels[order]) - 333).max() < 75
    assert (order == image_sets.epoch_order(labels, seed=3, epoch=0, balanced=True)).all()


@given(st.integers(1, 300), st.integers(2, 64))
def test_split_batches__keeps_the_order_and_leaves_no_single_image(
    num_images: int, batch_size: int
) -> None:
    order = np.arange(num_images)[::-1].copy()
    batches = image_sets.split_batches(order, batch_size)
    assert (np.concatenate(batches) == order).all()
    assert len(batches) == image_sets.num_batches(num_images, batch_size)
    sizes = [len(batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 2 or num_images == 1
    assert max(sizes) <= max(batch_size, 3)


@pytest.mark.parametrize(
    ("train", "val", "names", "expected"),
    [
        ([0, 1], [0], ["cat"], "at least 2 classes; found 1: cat"),
        ([0, 1], [0], ["cat", "cat"], "same name"),
        ([], [0], ["cat", "dog"], "0 images are in training"),
        ([0, 1], [], ["cat", "dog"], "0 images are in validation"),
        ([0, 2], [0], ["cat", "dog"], "found 0 to 2"),
        ([0, 1], [-1], ["cat", "dog"], "found -1 to -1"),
        ([0, 0], [1], ["cat", "dog"], "1 of 2 classes have no training images: dog"),
    ],
)
def test_check_images__refuses(
    train: list[int], val: list[int], names: list[str], expected: str
) -> None:
    with pytest.raises(InvalidInput, match=expected):
        image_sets.check_images(make_set(train), make_set(val), names)


def test_check_images__a_class_without_validation_images_is_allowed() -> None:
    image_sets.check_images(make_set([0, 1]), make_set([0]), ["cat", "dog"])
    assert image_sets.classes_without_images(make_set([0]), ["cat", "dog"]) == ["dog"]


def test_fingerprint__changes_with_label_and_order() -> None:
    images = make_set([0, 1, 1])
    assert images.fingerprint() == make_set([0, 1, 1]).fingerprint()
    assert images.fingerprint() != make_set([0, 1, 0]).fingerprint()
    assert images.fingerprint() != ImageSet(images.images[::-1], images.read).fingerprint()


def test_without__keeps_the_order_of_the_others() -> None:
    drawer = Drawer()
    images = drawer.make("train", (2, 2, 2))
    kept = images.without({"train/1_0.png"})
    assert len(kept) == 5
    assert kept.images == tuple(image for image in images.images if image.source != "train/1_0.png")
