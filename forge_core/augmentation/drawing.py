"""What happens to one training sample, in numbers drawn from its seed alone.

Pixels come later (`train_transform`), on whatever device. The same numbers are always drawn in the
same order, whether they are used or not: switching erasing on changes no crop.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from forge_core.augmentation.presets import AugmentationParameters

CROP_TRIES = 10
ERASING_TRIES = 10
ERASING_RATIO = (0.3, 3.3)
Numbers = Callable[[], float]
"""Gives evenly drawn numbers, 0 to below 1."""
COLOUR_STEPS = ("brightness", "contrast", "saturation", "hue")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Draw:
    """One augmentation."""

    crop: Box
    """Of the decoded pixels; it becomes the whole input."""
    flip_horizontal: bool
    flip_vertical: bool
    angle_radians: float
    """Counter-clockwise turn about the centre, after the flips."""
    colour: tuple[tuple[str, float], ...]
    """Steps of `COLOUR_STEPS` with their factor (hue: shift, -0.5 to 0.5), in their order."""
    greyscale: bool
    erased: Box | None
    """Of the input: blanked out after normalisation."""


def draw(
    parameters: AugmentationParameters, seed: int, *, height: int, width: int, side: int
) -> Draw:
    """What `seed` makes of an image.

    The distributions are those of torchvision's transforms v2 of the same names: a random
    resized crop, flips, an evenly drawn angle, colour jitter in a random order, grey, erasing.

    Args:
        parameters: What may happen.
        seed: From `seeding.sample_seed`.
        height: Of the decoded pixels, 1 or more.
        width: Of the decoded pixels, 1 or more.
        side: Of the square input.

    Returns:
        The same for the same arguments on every machine and version of Python.
    """
    numbers = random.Random(seed).random  # this method is promised to stay as it is
    crop = _draw_crop(parameters, numbers, height, width)
    flip_horizontal = numbers() < parameters.horizontal_flip
    flip_vertical = numbers() < parameters.vertical_flip
    angle = math.radians(parameters.rotation_degrees) * (2 * numbers() - 1)
    colour = _draw_colour(parameters, numbers)
    greyscale = numbers() < parameters.greyscale
    erases = numbers() < parameters.erasing
    box = _draw_erased(parameters, numbers, side)
    return Draw(
        crop=crop,
        flip_horizontal=flip_horizontal,
        flip_vertical=flip_vertical,
        angle_radians=angle,
        colour=colour,
        greyscale=greyscale,
        erased=box if erases else None,
    )


def _draw_crop(
    parameters: AugmentationParameters, numbers: Numbers, height: int, width: int
) -> Box:
    """A random resized crop: ten tries, then the largest box in the middle that is allowed."""
    low, high = parameters.crop_ratio_min, parameters.crop_ratio_max
    tries = [
        (
            _between(parameters.crop_scale_min, parameters.crop_scale_max, numbers()),
            math.exp(_between(math.log(low), math.log(high), numbers())),
        )
        for _ in range(CROP_TRIES)
    ]
    down, right = numbers(), numbers()
    for share, ratio in tries:
        area = share * height * width
        crop_width, crop_height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < crop_width <= width and 0 < crop_height <= height:
            top = int(down * (height - crop_height + 1))
            left = int(right * (width - crop_width + 1))
            return Box(top, left, crop_height, crop_width)
    crop_width, crop_height = width, height
    if width < low * height:
        crop_height = max(1, round(width / low))
    elif width > high * height:
        crop_width = max(1, round(height * high))
    return Box((height - crop_height) // 2, (width - crop_width) // 2, crop_height, crop_width)


def _draw_colour(
    parameters: AugmentationParameters, numbers: Numbers
) -> tuple[tuple[str, float], ...]:
    """Colour jitter: a factor a step, and the order of the steps."""
    steps = []
    for name in COLOUR_STEPS:
        strength, number, place = getattr(parameters, name), numbers(), numbers()
        if strength:
            middle = 0.0 if name == "hue" else 1.0
            steps.append((place, name, middle + strength * (2 * number - 1)))
    return tuple((name, factor) for _, name, factor in sorted(steps))


def _draw_erased(parameters: AugmentationParameters, numbers: Numbers, side: int) -> Box | None:
    """A rectangle for erasing: ten tries, else none."""
    low, high = (math.log(ratio) for ratio in ERASING_RATIO)
    tries = [
        (
            _between(parameters.erasing_scale_min, parameters.erasing_scale_max, numbers()),
            math.exp(_between(low, high, numbers())),
        )
        for _ in range(ERASING_TRIES)
    ]
    down, right = numbers(), numbers()
    for share, ratio in tries:
        area = share * side * side
        height, width = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < height < side and 0 < width < side:
            top, left = int(down * (side - height + 1)), int(right * (side - width + 1))
            return Box(top, left, height, width)
    return None


def _between(low: float, high: float, number: float) -> float:
    return low + (high - low) * number
