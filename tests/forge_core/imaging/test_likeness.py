"""Fingerprints and how far apart they are: copies near, look-alikes far, no claim of the small."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from benchmarks import look_alikes
from forge_core.catalog.splits import same_pictures
from forge_core.imaging import fingerprints, likeness
from forge_core.imaging.fingerprints import Fingerprint


def print_of(image: Image.Image) -> Fingerprint:
    return fingerprints.make(image, *image.size)


def distance(first: Image.Image, second: Image.Image) -> float:
    return float(likeness.distances([(print_of(first), print_of(second))])[0])


def jpeg(image: Image.Image, quality: int = 20) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


def without_edge(image: Image.Image, pixels: int) -> Image.Image:
    return image.crop((pixels, pixels, image.width - pixels, image.height - pixels))


@pytest.mark.parametrize("size", [(300, 200), (64, 64), (20, 90), (3, 1)])
def test_fingerprint__comes_back_as_it_was_packed(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    made = print_of(Image.fromarray(pixels))
    data = fingerprints.pack(made)
    again = fingerprints.unpack(data)
    assert again is not None
    assert (again.width, again.height, again.digest) == (*size, made.digest)
    assert (again.luma == made.luma).all()
    assert (again.color == made.color).all()
    assert (made.digest == b"") == (max(size) > fingerprints.SIDE)
    assert fingerprints.unpack(data[:-1]) is None
    assert fingerprints.unpack(b"") is None


@pytest.mark.parametrize("kind", sorted(look_alikes.KINDS))
def test_copies__are_near_and_look_alikes_are_not(kind: str) -> None:
    first, second = look_alikes.draw(kind, 2, seed=3)
    assert distance(first, first) == 0
    assert distance(first, half(first)) < 1
    assert distance(first, jpeg(first)) < 1
    assert distance(first, second) > 1


def test_copies__that_were_cropped_are_laid_on_each_other() -> None:
    [first] = look_alikes.draw("x-rays", 1)
    assert distance(first, without_edge(first, 4)) < 0.6
    assert distance(first, without_edge(first, 40)) > likeness.FAR / 3


def photo(seed: int) -> Image.Image:
    """Soft colours with detail and bright parts, as outdoors; nothing of it is drawn twice."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    fine = Image.fromarray(random.integers(0, 256, (40, 40, 3), dtype=np.uint8))
    size = (240, 240)
    large, small = (each.resize(size, Image.Resampling.BICUBIC) for each in (coarse, fine))
    return Image.blend(large, small, 0.25)


@pytest.mark.parametrize(
    "alter",
    [
        lambda image: ImageEnhance.Brightness(image).enhance(1.3),
        lambda image: ImageEnhance.Brightness(image).enhance(0.6),
        lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    ],
    ids=["brighter by 1.3", "darker", "more contrast"],
)
def test_brightened__until_colours_are_clipped_is_a_copy_and_another_picture_is_none(
    alter: Callable[[Image.Image], Image.Image],
) -> None:
    for seed in range(4):
        first, second = photo(seed), photo(seed + 10)
        assert distance(first, alter(first)) < same_pictures.LOOSE
        assert distance(alter(first), first) < same_pictures.LOOSE
        assert distance(first, alter(second)) > 2 * same_pictures.LOOSE


def test_brightened__an_x_ray_of_another_exposure_is_no_copy_of_one_that_is_alike() -> None:
    pictures = look_alikes.draw("x-rays", 6, seed=5)
    bright = [ImageEnhance.Brightness(picture).enhance(1.4) for picture in pictures]
    for place, picture in enumerate(pictures):
        others = [distance(picture, each) for n, each in enumerate(bright) if n != place]
        assert distance(picture, bright[place]) < 0.5 * min(others)


def test_mirrored__is_another_picture() -> None:
    [first] = look_alikes.draw("forms", 1)
    assert distance(first, ImageOps.mirror(first)) > 5


def test_colour__another_one_is_another_thing_and_the_grey_copy_is_none() -> None:
    red, blue = Image.new("RGB", (64, 64), "white"), Image.new("RGB", (64, 64), "white")
    red.paste((200, 30, 30), (16, 8, 50, 60))
    blue.paste((30, 90, 160), (16, 8, 50, 60))
    assert abs(np.asarray(red.convert("L"))[20, 20] - np.asarray(blue.convert("L"))[20, 20]) < 5
    assert distance(red, blue) > 2
    assert distance(red, red.convert("L").convert("RGB")) < 0.2


def test_details__none_in_the_small_and_the_evenly_shaded() -> None:
    small = Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8))
    shade = Image.linear_gradient("L").convert("RGB")
    [scan] = look_alikes.draw("scans", 1)
    details = likeness.details_of([print_of(small), print_of(shade), print_of(scan)])
    assert details[0] == 0
    assert details[1] < likeness.LEAST_DETAIL < details[2]
    assert distance(small, small) == likeness.FAR


def test_noise__falls_with_the_size_of_the_picture() -> None:
    assert [likeness.noise_of(side) for side in (16, 64, 128, 1_000)] == [17, 17, 8.5, 4.25]
