"""Crop, resize, flips and turns: one by one and as a batch the same picture."""

import math

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from forge_core.augmentation import geometry
from forge_core.augmentation.drawing import Box, Draw
from forge_core.augmentation.eval_transform import EvalTransform, Interpolation


def make_pixels(height: int, width: int) -> Tensor:
    """Noise that is smooth enough to look like a picture."""
    generator = torch.Generator().manual_seed(height * 1000 + width)
    coarse = torch.rand(3, height // 4 + 1, width // 4 + 1, generator=generator)
    smooth = functional.resize(coarse, [height, width], antialias=True)
    return (smooth * 255).to(torch.uint8)


def make_draw(crop: Box, *, horizontal: bool = False, vertical: bool = False) -> Draw:
    return Draw(
        crop=crop,
        flip_horizontal=horizontal,
        flip_vertical=vertical,
        angle_radians=0,
        colour=(),
        greyscale=False,
        erased=None,
    )


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("side", [16, 64])
def test_crop__a_batch_of_any_sizes_equals_its_images(
    interpolation: Interpolation, side: int
) -> None:
    transform = EvalTransform(resize=side, crop=side, interpolation=interpolation)
    pixels = [make_pixels(40, 56), make_pixels(90, 33), make_pixels(1, 1)]
    draws = [
        make_draw(Box(3, 5, 30, 44)),
        make_draw(Box(0, 0, 90, 33), horizontal=True, vertical=True),
        make_draw(Box(0, 0, 1, 1), horizontal=True),
    ]
    found = geometry.crop_batch(pixels, draws, transform)
    assert found.shape == (3, 3, side, side)
    for index, (image, drawn) in enumerate(zip(pixels, draws, strict=True)):
        expected = geometry.crop_one(image, drawn, transform).float()
        assert float((found[index] - expected).abs().max()) <= 1


def test_crop_one__is_torchvisions_resized_crop_and_flips() -> None:
    transform = EvalTransform(resize=24, crop=24)
    pixels = make_pixels(40, 56)
    expected = functional.resized_crop(pixels, 3, 5, 30, 44, [24, 24], antialias=True)
    found = geometry.crop_one(pixels, make_draw(Box(3, 5, 30, 44)), transform)
    assert torch.equal(found, expected)
    flipped = geometry.crop_one(pixels, make_draw(Box(3, 5, 30, 44), vertical=True), transform)
    assert torch.equal(flipped, functional.vertical_flip(expected))


def test_rotate__turns_each_image_by_its_angle() -> None:
    # A bright dot right of the centre keeps its distance and lands where the angle says.
    pixels = torch.zeros(5, 3, 41, 61)
    pixels[:, :, 19:22, 39:42] = 255  # 10 px right of the centre (30, 20)
    angles = [-1.3, -0.4, 0.0, 0.7, 1.5]
    rows, columns = torch.meshgrid(torch.arange(41.0), torch.arange(61.0), indexing="ij")
    for turned, angle in zip(geometry.rotate(pixels, angles)[:, 0], angles, strict=True):
        x = float((turned * columns).sum() / turned.sum()) - 30
        y = float((turned * rows).sum() / turned.sum()) - 20
        assert x == pytest.approx(10 * math.cos(angle), abs=0.3)
        assert y == pytest.approx(-10 * math.sin(angle), abs=0.3)  # rows grow downwards


def test_rotate__by_nothing_changes_nothing() -> None:
    pixels = torch.rand(2, 3, 17, 30)
    torch.testing.assert_close(geometry.rotate(pixels, [0, 0]), pixels, rtol=0, atol=1e-5)


def test_rotate__leaves_no_dark_corners() -> None:
    white = torch.ones(10, 3, 32, 32)
    assert float(geometry.rotate(white, [index / 3 for index in range(10)]).min()) > 0.999
