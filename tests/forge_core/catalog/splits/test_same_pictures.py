"""What the hash joined, verified on the pixels: copies are found, look-alikes are not."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from sklearn.datasets import load_digits

from benchmarks import look_alikes
from forge_core.catalog.splits import same_pictures
from forge_core.imaging import fingerprints


def groups_of(images: Sequence[Image.Image], *, num_compared: int = 1_000) -> list[list[int]]:
    """Groups of images that the hash would all have joined."""
    found = same_pictures.find(
        [fingerprints.make(image, *image.size) for image in images],
        np.zeros(len(images), dtype=np.int64),
        num_compared=num_compared,
    )
    for number in set(found[found >= 0].tolist()):
        assert number == np.flatnonzero(found == number)[0]
    return [np.flatnonzero(found == number).tolist() for number in np.unique(found[found >= 0])]


def altered(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.resize((image.width // 2, image.height // 2)).save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


@pytest.mark.parametrize("kind", ["forms", "scans", "x-rays", "icons"])
def test_look_alikes__are_no_group_and_their_copies_are(kind: str) -> None:
    images = look_alikes.draw(kind, 20, seed=1)
    assert groups_of(images) == []
    copies = [altered(image, quality=80) for image in images[:5]]
    assert groups_of([*images, *copies]) == [[place, 20 + place] for place in range(5)]


def test_brightened__x_rays_find_their_original_among_many_that_are_alike() -> None:
    images = look_alikes.draw("x-rays", 80)
    copies = [ImageEnhance.Brightness(image).enhance(1.3) for image in images[::4]]
    assert groups_of([*images, *copies]) == [[4 * place, 80 + place] for place in range(20)]


def test_digits__of_8_pixels_are_no_group_unless_every_pixel_is_the_same() -> None:
    pixels = np.round(load_digits().images[:300] * (255 / 16)).astype(np.uint8)
    images = [Image.fromarray(digit).convert("RGB") for digit in pixels]
    assert groups_of(images) == []
    assert groups_of([*images, images[7].copy()]) == [[7, 300]]


def test_flat__large_ones_are_never_a_group() -> None:
    shade = Image.linear_gradient("L").convert("RGB")
    assert groups_of([shade, shade.resize((200, 200))]) == []


def test_chain__its_ends_are_in_no_group_together() -> None:
    # A spot fades from picture to picture: neighbours are near, the ends are far apart.
    images = []
    for step in range(8):
        pixels = np.random.default_rng(0).integers(60, 190, (8, 8, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((256, 256), Image.Resampling.BICUBIC)
        image.paste((3 * step, 3 * step, 3 * step), (96, 96, 160, 160))
        images.append(image)
    assert not any({0, 7} <= set(group) for group in groups_of(images))


def test_copies__more_than_are_compared_at_first_are_one_group() -> None:
    images = look_alikes.draw("scans", 10)
    copies = [altered(images[0], quality) for quality in range(50, 95, 3)]
    assert groups_of([*images, *copies]) == [[0, *range(10, 10 + len(copies))]]


def test_loose__counts_only_where_the_catalog_shows_how_alike_others_are() -> None:
    [image] = look_alikes.draw("forms", 1)
    cropped = image.crop((6, 9, image.width - 6, image.height - 9))
    assert groups_of([image, cropped], num_compared=60) == [[0, 1]]
    assert groups_of([image, cropped], num_compared=10) == []


def test_unread__stays_alone() -> None:
    [image] = look_alikes.draw("scans", 1)
    made = fingerprints.make(image, *image.size)
    found = same_pictures.find([made, None, made], np.zeros(3, dtype=np.int64), num_compared=3)
    assert found.tolist() == [0, -1, 0]
