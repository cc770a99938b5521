"""Batches do not depend on how they are loaded, and validation is the eval transform."""

from pathlib import Path

import torch

from forge_core.augmentation import presets
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.training.inputs import batches
from forge_core.training.inputs.batches import Sample
from forge_core.training.inputs.image_sets import ImageSet
from forge_core.training.pixels.feeds import HostFeed, PixelFeed
from forge_core.training.pixels.pack import PixelPack
from tests.forge_core.training.arrange import Drawer, make_config

TRANSFORM = EvalTransform(resize=20, crop=16)
CPU = torch.device("cpu")
NATURAL = TrainTransform(presets.PRESETS["natural"].parameters, TRANSFORM)


def load(
    folder: Path, images: ImageSet, samples: list[list[Sample]], feed: PixelFeed | None = None
) -> list[batches.Batch]:
    feed = feed or HostFeed(images, PixelPack(folder, TRANSFORM))
    return list(batches.load_batches(images, feed, samples, NATURAL, CPU))


def test_load_batches__the_same_from_a_cold_and_a_full_pack(tmp_path: Path) -> None:
    images = Drawer().make("train")
    samples = batches.train_samples(make_config(batch_size=4), images, epoch=2)
    cold, full = load(tmp_path, images, samples), load(tmp_path, images, samples)

    assert len(cold) == len(full) == 6
    for (inputs, labels), (other_inputs, other_labels) in zip(cold, full, strict=True):
        assert torch.equal(inputs, other_inputs)
        assert torch.equal(labels, other_labels)


def test_load_batches__leave_the_random_stream_of_dropout_alone(tmp_path: Path) -> None:
    images = Drawer().make("train")
    samples = batches.train_samples(make_config(), images, epoch=0)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    load(tmp_path, images, samples)
    assert torch.equal(torch.rand(3), expected)


def test_train_samples__epochs_differ_in_order_and_augmentation() -> None:
    images = Drawer().make("train")
    config = make_config()
    first, again, second = (batches.train_samples(config, images, epoch) for epoch in (0, 0, 1))
    assert first == again
    assert {sample.seed for batch in first for sample in batch}.isdisjoint(
        {sample.seed for batch in second for sample in batch}
    )


def test_train_samples__a_repeated_image_gets_another_augmentation() -> None:
    images = Drawer().make("train", (12, 2, 2))
    config = make_config(balanced_sampling=True)
    samples = [sample for batch in batches.train_samples(config, images, 0) for sample in batch]
    assert len({sample.position for sample in samples}) < len(samples)
    assert len({sample.seed for sample in samples}) == len(samples)


def test_load_batches__without_a_seed_is_the_eval_transform(tmp_path: Path) -> None:
    images = Drawer().make("val", (1, 1, 1))
    pack = PixelPack(tmp_path, TRANSFORM)
    finish = batches.eval_batch(TRANSFORM)
    feed = HostFeed(images, pack)
    ((inputs, labels),) = batches.load_batches(images, feed, batches.in_order(3, 64), finish, CPU)

    expected = [TRANSFORM.finish(pack.pixels(image, images.read)) for image in images.images]
    assert torch.equal(inputs, torch.stack(expected))
    assert labels.tolist() == [0, 1, 2]


def test_in_order__shows_each_image_once() -> None:
    parts = batches.in_order(150, 64)
    assert [sample.position for part in parts for sample in part] == list(range(150))
    assert [len(part) for part in parts] == [64, 64, 22]
    assert parts[0][0] == Sample(0)
