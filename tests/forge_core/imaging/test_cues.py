"""Cues of drawn pictures, by hand; and that an edit gives or takes exactly its cue."""

import numpy as np
import pytest
from PIL import Image

from forge_core.imaging import cues

RED = (200, 30, 30)


def draw(width: int = 96, height: int = 64, seed: int = 0) -> Image.Image:
    """A picture whose edge is not plain."""
    random = np.random.default_rng(seed)
    small = random.integers(40, 200, (8, 12, 3)).astype(np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.NEAREST)


def test_a_frame__is_measured_with_its_colour_and_width_and_can_be_taken() -> None:
    framed = cues.put_frame(draw(), RED, 0.1)
    assert framed.size == (96, 64)
    found = cues.measure_cues(framed)
    assert found.frame_width == pytest.approx(0.1, abs=0.03)
    assert cues.name_colour(found.edge_colour) == "red"
    assert not found.is_background
    without = cues.take_frame(framed)
    assert without.size == (96, 64)
    assert cues.measure_cues(without).frame_width == 0
    assert cues.measure_cues(draw()).frame_width == 0
    assert cues.take_frame(without) is without


def test_a_plain_background__is_no_frame_and_takes_another_colour() -> None:
    picture = Image.new("RGB", (80, 80), (240, 240, 240))
    picture.paste(draw(24, 40), (28, 20))
    found = cues.measure_cues(picture)
    assert (found.is_background, found.frame_width) == (True, 0)
    other = cues.recolour_background(picture, (20, 40, 200))
    assert cues.name_colour(cues.measure_cues(other).edge_colour) == "blue"
    middle = (32, 24, 48, 56)
    assert np.array_equal(np.asarray(other.crop(middle)), np.asarray(picture.crop(middle)))


def test_measures__move_to_what_is_asked() -> None:
    picture = draw()
    assert cues.measure_cues(cues.with_brightness(picture, 0.2)).brightness == pytest.approx(
        0.2, abs=0.01
    )
    assert cues.with_shape(picture, 1.0).size == (64, 64)
    assert cues.with_short_side(picture, 16).size == picture.size
    assert cues.with_short_side(picture, 640) is picture
    grey = np.random.default_rng(1).integers(0, 255, (64, 64)).astype("u1")
    noisy = Image.fromarray(grey).convert("RGB")
    away = [
        float(np.abs(np.asarray(cues.with_compression(noisy, rate), float) - noisy).mean())
        for rate in (0.3, 1.5)
    ]
    assert away[0] > 1.5 * away[1] > 0


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 400)])
def test_tiny_and_odd_pictures__keep_their_size_but_for_the_shape(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, (90, 90, 90))
    cues.measure_cues(picture)
    edited = [
        cues.put_frame(picture, RED, 0.2),
        cues.take_frame(cues.put_frame(picture, RED, 0.2)),
        cues.recolour_background(picture, RED),
        cues.with_brightness(picture, 0.9),
        cues.with_short_side(picture, 1),
        cues.with_compression(picture, 0.5),
    ]
    assert {each.size for each in edited} == {size}
    assert cues.with_shape(picture, 1.0).size == (min(size), min(size))


@pytest.mark.parametrize(
    ("colour", "name"),
    [((5, 9, 20), "black"), ((250, 250, 245), "white"), ((120, 125, 130), "grey"), (RED, "red")],
)
def test_colours_have_names(colour: tuple[int, int, int], name: str) -> None:
    assert cues.name_colour(colour) == name
