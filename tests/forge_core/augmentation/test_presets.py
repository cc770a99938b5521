"""Domain presets: the promised numbers, kept and read back."""

import pytest

from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.errors import InvalidInput


def test_natural__has_the_numbers_of_the_field() -> None:
    assert PRESETS["natural"].parameters == AugmentationParameters(
        crop_scale_min=0.7,
        crop_scale_max=1.0,
        crop_ratio_min=0.75,
        crop_ratio_max=1.33,
        horizontal_flip=0.5,
        rotation_degrees=15,
        brightness=0.3,
        contrast=0.3,
        saturation=0.2,
        hue=0.05,
        greyscale=0.05,
        erasing=0.1,
        erasing_scale_min=0.02,
        erasing_scale_max=0.15,
    )


def test_medical__crops_gently_and_never_flips() -> None:
    medical = PRESETS["medical"].parameters
    assert (medical.crop_scale_min, medical.crop_scale_max) == (0.85, 1.0)
    assert medical.rotation_degrees == 10
    assert (medical.brightness, medical.contrast) == (0.15, 0.15)
    assert (medical.horizontal_flip, medical.vertical_flip) == (0, 0)
    assert (medical.saturation, medical.hue, medical.greyscale, medical.erasing) == (0, 0, 0, 0)


def test_aerial__has_no_up() -> None:
    aerial = PRESETS["aerial"].parameters
    assert (aerial.crop_scale_min, aerial.crop_scale_max) == (0.7, 1.0)
    assert (aerial.horizontal_flip, aerial.vertical_flip) == (0.5, 0.5)
    assert aerial.rotation_degrees == 90
    assert (aerial.brightness, aerial.contrast, aerial.saturation) == (0.2, 0.2, 0.2)


def test_text__moves_little_and_never_flips() -> None:
    text = PRESETS["text"].parameters
    assert (text.crop_scale_min, text.crop_scale_max) == (0.9, 1.0)
    assert 5 <= text.rotation_degrees <= 7
    assert (text.horizontal_flip, text.vertical_flip) == (0, 0)


def test_parameters__read_back_equal_from_json() -> None:
    for preset in PRESETS.values():
        text = preset.parameters.to_json()
        assert AugmentationParameters.from_json(text) == preset.parameters


@pytest.mark.parametrize(
    "values",
    [
        {"crop_scale_min": 0.0},
        {"crop_scale_min": 0.9, "crop_scale_max": 0.5},
        {"crop_scale_max": 1.5},
        {"horizontal_flip": 1.1},
        {"hue": 0.6},
        {"rotation_degrees": float("nan")},
        {"rotation_degrees": 181},
        {"brightness": -0.1},
        {"brightness": "strong"},
        {"surprise": 1},
        "natural",
    ],
)
def test_parameters__refuse_what_cannot_be_done(values: object) -> None:
    with pytest.raises(InvalidInput):
        AugmentationParameters.from_dict(values)
