"""Measures of pictures, each where it can be told by eye or by hand."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from forge_core.imaging import measures
from forge_core.imaging.measures import PictureMeasures


def measure(picture: Image.Image) -> PictureMeasures:
    return measures.measure(picture, width=picture.width, height=picture.height)


def noise(size: int = 256) -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1))


def test_one_shade__is_empty_and_without_contrast():
    found = measure(Image.new("RGB", (40, 40), (0, 0, 0)))
    assert (found.brightness, found.contrast, found.sharpness) == (0, 0, 0)
    assert (found.colour, found.emptiness) == (0, 1)
    assert measure(Image.new("L", (40, 40), 255)).brightness == 1


def test_half_black_half_white():
    picture = Image.new("L", (64, 64), 0)
    picture.paste(255, (0, 0, 32, 64))
    found = measure(picture)
    assert found.brightness == pytest.approx(0.5, abs=0.01)
    assert found.contrast == pytest.approx(0.5, abs=0.02)
    assert found.emptiness == pytest.approx(0.5, abs=0.03)


def test_blur_is_told_at_any_size():
    for size in (128, 512):
        sharp = noise(size)
        blurred = sharp.filter(ImageFilter.GaussianBlur(size / 32))
        assert measure(blurred).sharpness < measure(sharp).sharpness / 10


def test_colour_is_told_from_grey():
    picture = noise()
    assert measure(picture.convert("L")).colour == 0
    assert measure(Image.new("RGB", (8, 8), (255, 0, 0))).colour == 1


def test_shape_and_size_are_of_the_original():
    found = measures.measure(Image.new("RGB", (256, 64)), width=4000, height=1000)
    assert (found.elongation, found.short_side) == (4, 1000)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 2)])
def test_the_smallest_pictures_can_be_measured(size):
    found = measure(Image.new("RGB", size, (9, 9, 9)))
    assert found.sharpness == 0
    assert found.elongation == max(size) / min(size)
