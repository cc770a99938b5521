"""Class names that make an augmentation unsafe."""

import pytest

from forge_core.augmentation import class_words
from forge_core.augmentation.presets import PRESETS, AugmentationParameters


def test_preset_warnings__flip_with_sided_classes() -> None:
    (warning,) = class_words.preset_warnings(
        PRESETS["natural"].parameters, ["left lung", "heart", "right_lung", "rightKidney"]
    )
    assert warning == (
        "Horizontal flip: left and right swap; your classes include "
        "'left lung', 'right_lung', 'rightKidney'."
    )


def test_preset_warnings__flip_and_rotation_with_digits() -> None:
    digits = [str(digit) for digit in range(10)]
    found = class_words.preset_warnings(PRESETS["aerial"].parameters, digits)
    assert len(found) == 2
    assert found[0].startswith("Flip: mirrored characters do not exist")
    assert "'0', '1', '2' and 7 more" in found[0]
    assert found[1].startswith("Rotation up to 90 degrees")


def test_preset_warnings__a_turn_beyond_a_quarter_swaps_left_and_right() -> None:
    arrows = ["arrow left", "arrow right", "clockwise"]
    (warning,) = class_words.preset_warnings(AugmentationParameters(rotation_degrees=180), arrows)
    assert warning == (
        "Rotation up to 180 degrees can turn one class into another; your classes include "
        "'arrow left', 'arrow right'."
    )
    quarter = AugmentationParameters(rotation_degrees=90)
    assert class_words.preset_warnings(quarter, arrows) == []
    both = class_words.preset_warnings(
        AugmentationParameters(rotation_degrees=120), ["arrow up", *arrows]
    )
    assert "'arrow up', 'arrow left', 'arrow right'" in both[0]


def test_preset_warnings__colour_changes_with_coloured_classes() -> None:
    found = class_words.preset_warnings(PRESETS["natural"].parameters, ["green apple", "red apple"])
    assert len(found) == 1
    assert "colour" in found[0]


@pytest.mark.parametrize("preset", ["natural", "aerial"])
def test_preset_warnings__silent_where_names_give_no_reason(preset: str) -> None:
    assert class_words.preset_warnings(PRESETS[preset].parameters, ["cat", "dog", "uproar"]) == []


def test_preset_warnings__text_preset_is_safe_for_digits() -> None:
    digits = [str(digit) for digit in range(10)]
    assert class_words.preset_warnings(PRESETS["text"].parameters, digits) == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cat", "letter A", "B"], ["letter A"]),
        (["0", "1", "2", "cat", "dog", "ant", "bee"], ["0", "1", "2"]),
        (["10", "20"], ["10", "20"]),
        (["Two", "cat"], []),
        ([], []),
    ],
)
def test_characters_among(names: list[str], expected: list[str]) -> None:
    assert class_words.characters_among(names) == expected
