"""Batches do not depend on who loads them, and validation is the eval transform."""

from pathlib import Path

import pytest
import torch

from forge_core.augmentation import presets
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.training import batches
from forge_core.training.batches import Sample, SampleDataset
from forge_core.training.data import ImageSet
from forge_core.training.devices import Device
from forge_core.training.pack import PixelPack
from tests.forge_core.training.arrange import Drawer, make_config

TRANSFORM = EvalTransform(resize=20, crop=16)
CPU = torch.device("cpu")
NATURAL = TrainTransform(presets.PRESETS["natural"].parameters, TRANSFORM)


def make_dataset(folder: Path, images: ImageSet) -> SampleDataset:
    return SampleDataset(images, PixelPack(folder, TRANSFORM))


def test_load_batches__the_same_in_process_and_by_two_workers(tmp_path: Path) -> None:
    images = Drawer().make("train")
    samples = batches.train_samples(make_config(batch_size=4), images, epoch=2)
    alone = list(batches.load_batches(make_dataset(tmp_path, images), samples, NATURAL, CPU))
    by_two = list(batches.load_batches(make_dataset(tmp_path, images), samples, NATURAL, CPU, 2))

    assert len(alone) == len(by_two) == 6
    for (inputs, labels), (other_inputs, other_labels) in zip(alone, by_two, strict=True):
        assert torch.equal(inputs, other_inputs)
        assert torch.equal(labels, other_labels)


def test_load_batches__leave_the_random_stream_of_dropout_alone(tmp_path: Path) -> None:
    images = Drawer().make("train")
    samples = batches.train_samples(make_config(), images, epoch=0)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    list(batches.load_batches(make_dataset(tmp_path, images), samples, NATURAL, CPU))
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
    dataset = SampleDataset(images, pack)
    ((inputs, labels),) = batches.load_batches(dataset, batches.in_order(3), finish, CPU)

    expected = [TRANSFORM.finish(pack.pixels(image, images.read)) for image in images.images]
    assert torch.equal(inputs, torch.stack(expected))
    assert labels.tolist() == [0, 1, 2]


def test_in_order__shows_each_image_once() -> None:
    parts = batches.in_order(150)
    assert [sample.position for part in parts for sample in part] == list(range(150))
    assert [len(part) for part in parts] == [64, 64, 22]
    assert parts[0][0] == Sample(0, None)


@pytest.mark.parametrize(("kind", "expected"), [("cpu", False), ("mps", False), ("cuda", True)])
def test_num_workers_for__only_beside_a_gpu(kind: str, expected: bool) -> None:
    device = Device(id=kind, name=kind, kind=kind, free_bytes=1, total_bytes=1)  # type: ignore[arg-type]
    assert (batches.num_workers_for(device) > 0) == expected
