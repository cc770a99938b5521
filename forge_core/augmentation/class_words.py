"""What class names say about an augmentation: where it may turn one class into another."""

import re
from collections.abc import Mapping, Sequence

from forge_core.augmentation.presets import AugmentationParameters

_ENDS = frozenset({"left", "right", "lhs", "rhs"})
# Only a mirror changes these; what is clockwise stays so however it is turned.
_SIDES = _ENDS | {"clockwise", "counterclockwise"}
_HEIGHTS = frozenset({"up", "down", "upper", "lower", "top", "bottom", "north", "south"})
_CHARACTERS = frozenset({"digit", "digits", "letter", "letters", "character", "characters", "text"})
_NUMBER_WORDS = frozenset(
    {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
)
_COLOURS = frozenset(
    {"red", "orange", "yellow", "green", "blue", "purple", "violet", "pink", "brown", "black"}
    | {"white", "grey", "gray", "golden", "silver", "ripe", "unripe", "rust", "rusty"}
)
# From about here a 6 begins to look like a 9 and a Z like an N.
_LARGE_ROTATION_DEGREES = 30.0
# Beyond a quarter turn what pointed to the left points to the right.
_SWAPPING_ROTATION_DEGREES = 90.0
_STRONG_COLOUR = 0.1


def preset_warnings(parameters: AugmentationParameters, class_names: Sequence[str]) -> list[str]:
    """Say where the augmentation may turn an image of one class into one of another.

    Judges by the words in the class names only; an empty list is no promise.

    Args:
        parameters: What training may do to an image.
        class_names: Names of the classes, in any order.

    Returns:
        One sentence a problem, naming up to three of the classes that it concerns.
    """
    words = {name: _words(name) for name in class_names}
    sides = [name for name, found in words.items() if found & _SIDES]
    heights = [name for name, found in words.items() if found & _HEIGHTS]
    coloured = [name for name, found in words.items() if found & _COLOURS]
    textual = characters_among(class_names)
    turned = _classes_that_turn(words, textual, parameters.rotation_degrees)
    flips = bool(parameters.horizontal_flip or parameters.vertical_flip)
    shifts_colour = parameters.hue > _STRONG_COLOUR or parameters.greyscale > 0
    found: list[str] = []
    if parameters.horizontal_flip and sides:
        found.append(
            f"Horizontal flip: left and right swap; your classes include {_quoted(sides)}."
        )
    if parameters.vertical_flip and heights:
        found.append(f"Vertical flip: up and down swap; your classes include {_quoted(heights)}.")
    if flips and textual:
        found.append(
            f"Flip: mirrored characters do not exist; your classes include {_quoted(textual)}."
        )
    if turned:
        found.append(
            f"Rotation up to {parameters.rotation_degrees:g} degrees can turn one class into "
            f"another; your classes include {_quoted(turned)}."
        )
    if shifts_colour and coloured:
        found.append(
            "Hue and greyscale change the colour that tells classes apart; "
            f"your classes include {_quoted(coloured)}."
        )
    return found


def _classes_that_turn(
    words: Mapping[str, set[str]], textual: list[str], degrees: float
) -> list[str]:
    """Classes that a rotation of up to so many degrees may turn into another."""
    if degrees < _LARGE_ROTATION_DEGREES:
        return []
    told_apart = _HEIGHTS | _ENDS if degrees > _SWAPPING_ROTATION_DEGREES else _HEIGHTS
    return textual or [name for name, found in words.items() if found & told_apart]


def _words(name: str) -> set[str]:
    """Lower-case words of a class name: 'Left_lung', 'leftLung' and 'left lung' are alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {word.lower() for word in re.findall(r"[^\W_]+", spaced)}


def characters_among(class_names: Sequence[str]) -> list[str]:
    """Classes that are characters, in their order.

    Those that are named so ("letter A"); else those that are one character, a whole number or
    a number word, when they are more than half of the classes or at least three.
    """
    named = [name for name in class_names if _words(name) & _CHARACTERS]
    single = [name for name in class_names if _is_character(name.strip().lower())]
    enough = len(single) >= 3 or len(single) > len(class_names) / 2
    return named or (single if enough else [])


def _is_character(name: str) -> bool:
    return (len(name) == 1 and name.isalnum()) or name.isdecimal() or name in _NUMBER_WORDS


def _quoted(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more
