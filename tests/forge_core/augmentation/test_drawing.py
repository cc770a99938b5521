"""What seeds draw: the distributions of torchvision's transforms v2, and nothing else."""

from dataclasses import replace
from statistics import mean

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from forge_core.augmentation.drawing import COLOUR_STEPS, Box, Draw, draw
from forge_core.augmentation.presets import PRESETS, AugmentationParameters

HEIGHT, WIDTH, SIDE = 120, 160, 96
NUM_DRAWS = 3000
NATURAL = PRESETS["natural"].parameters


def draw_one(parameters: AugmentationParameters, seed: int) -> Draw:
    return draw(parameters, seed, height=HEIGHT, width=WIDTH, side=SIDE)


def draw_many(parameters: AugmentationParameters) -> list[Draw]:
    return [draw_one(parameters, seed) for seed in range(NUM_DRAWS)]


def largest_gap(ours: list[float], theirs: list[float]) -> float:
    """Kolmogorov-Smirnov: the largest gap between two empirical distribution functions."""
    places = np.sort(np.concatenate([ours, theirs]))
    shares = [np.searchsorted(np.sort(x), places, side="right") / len(x) for x in (ours, theirs)]
    return float(np.abs(shares[0] - shares[1]).max())


# 1.95 * sqrt(2 / n) is passed by one of a thousand pairs of equal distributions.
BOUND = 1.95 * (2 / NUM_DRAWS) ** 0.5


def test_draw__is_the_same_on_every_machine() -> None:
    # Written down on Python 3.11; a change here changes the numbers of every run.
    drawn = draw_one(NATURAL, 7)
    assert drawn.crop == Box(top=3, left=2, height=117, width=118)
    assert (drawn.flip_horizontal, drawn.flip_vertical, drawn.greyscale) == (False, False, False)
    assert drawn.angle_radians == pytest.approx(-0.186268, abs=1e-6)
    assert [name for name, _ in drawn.colour] == ["contrast", "brightness", "hue", "saturation"]
    assert drawn.colour[0][1] == pytest.approx(1.189676, abs=1e-6)
    assert drawn.erased == Box(top=34, left=3, height=26, width=17)


@pytest.mark.parametrize("preset", ["natural", "medical"])
def test_crop__has_the_distribution_of_torchvision(preset: str) -> None:
    parameters = PRESETS[preset].parameters
    theirs = v2.RandomResizedCrop(
        SIDE,
        scale=(parameters.crop_scale_min, parameters.crop_scale_max),
        ratio=(parameters.crop_ratio_min, parameters.crop_ratio_max),
    )
    torch.manual_seed(0)
    image = torch.empty(3, HEIGHT, WIDTH)
    expected = [theirs.make_params([image]) for _ in range(NUM_DRAWS)]
    found = [drawn.crop for drawn in draw_many(parameters)]
    for name in ("top", "left", "height", "width"):
        ours = [float(getattr(box, name)) for box in found]
        assert largest_gap(ours, [float(box[name]) for box in expected]) < BOUND, name


def test_crop__stays_inside_images_of_any_shape() -> None:
    for height, width in ((1, 1), (8, 8), (3, 200), (300, 7)):
        for seed in range(200):
            box = draw(NATURAL, seed, height=height, width=width, side=SIDE).crop
            assert box.height >= 1
            assert box.width >= 1
            assert 0 <= box.top <= height - box.height
            assert 0 <= box.left <= width - box.width


def test_colour__has_the_distribution_of_torchvision() -> None:
    theirs = v2.ColorJitter(NATURAL.brightness, NATURAL.contrast, NATURAL.saturation, NATURAL.hue)
    torch.manual_seed(0)
    expected = [theirs.make_params([]) for _ in range(NUM_DRAWS)]
    found = draw_many(NATURAL)
    for place, name in enumerate(COLOUR_STEPS):
        ours = [dict(drawn.colour)[name] for drawn in found]
        assert largest_gap(ours, [p[f"{name}_factor"] for p in expected]) < BOUND, name
        first = mean(drawn.colour[0][0] == name for drawn in found)
        theirs_first = mean(int(p["fn_idx"][0]) == place for p in expected)
        assert first == pytest.approx(theirs_first, abs=0.04)
    orders = {tuple(name for name, _ in drawn.colour) for drawn in found}
    assert len(orders) == 24


def test_erased__has_the_distribution_of_torchvision() -> None:
    always = replace(NATURAL, erasing=1)
    theirs = v2.RandomErasing(1, scale=(always.erasing_scale_min, always.erasing_scale_max))
    torch.manual_seed(0)
    image = torch.empty(3, SIDE, SIDE)
    expected = [theirs.make_params([image]) for _ in range(NUM_DRAWS)]
    found = [drawn.erased for drawn in draw_many(always)]
    boxes = [box for box in found if box is not None]
    assert len(boxes) == NUM_DRAWS
    for name, key in (("top", "i"), ("left", "j"), ("height", "h"), ("width", "w")):
        ours = [float(getattr(box, name)) for box in boxes]
        assert largest_gap(ours, [float(params[key]) for params in expected]) < BOUND, name


def test_chances__are_those_of_the_parameters() -> None:
    found = draw_many(replace(NATURAL, vertical_flip=0.2, erasing=0.4, greyscale=0.3))
    assert mean(drawn.flip_horizontal for drawn in found) == pytest.approx(0.5, abs=0.03)
    assert mean(drawn.flip_vertical for drawn in found) == pytest.approx(0.2, abs=0.03)
    assert mean(drawn.greyscale for drawn in found) == pytest.approx(0.3, abs=0.03)
    assert mean(drawn.erased is not None for drawn in found) == pytest.approx(0.4, abs=0.03)
    angles = [drawn.angle_radians for drawn in found]
    limit = float(np.radians(15))
    assert largest_gap(angles, list(np.linspace(-limit, limit, NUM_DRAWS))) < BOUND


def test_switching_one_number__leaves_the_others_as_they_were() -> None:
    for seed in range(20):
        plain = draw_one(NATURAL, seed)
        bolder = draw_one(replace(NATURAL, brightness=0.9, erasing=1, hue=0), seed)
        assert bolder.crop == plain.crop
        assert bolder.flip_horizontal == plain.flip_horizontal
        assert bolder.angle_radians == plain.angle_radians
        assert dict(bolder.colour)["contrast"] == dict(plain.colour)["contrast"]


def test_nothing__is_drawn_where_nothing_may_happen() -> None:
    drawn = draw_one(AugmentationParameters(), 3)
    assert (drawn.flip_horizontal, drawn.flip_vertical, drawn.greyscale) == (False, False, False)
    assert (drawn.angle_radians, drawn.colour, drawn.erased) == (0, (), None)
