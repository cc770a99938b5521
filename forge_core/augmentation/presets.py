"""Domain presets: sets of augmentations that are safe for a kind of image.

The numbers are editable; `train_transform` applies them to pixels.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from forge_core import storable_values
from forge_core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class AugmentationParameters:
    """Every number of the training transform; the defaults change nothing but the crop."""

    crop_scale_min: float = 1.0
    """Smallest share of the image area that a random crop keeps, 0 to 1."""
    crop_scale_max: float = 1.0
    """Largest share of the image area that a random crop keeps, 0 to 1."""
    crop_ratio_min: float = 1.0
    """Smallest width / height of the crop before it is made square."""
    crop_ratio_max: float = 1.0
    """Largest width / height of the crop before it is made square."""
    horizontal_flip: float = 0.0
    """Probability of swapping left and right."""
    vertical_flip: float = 0.0
    """Probability of swapping top and bottom."""
    rotation_degrees: float = 0.0
    """Rotations are drawn evenly from minus to plus this angle; corners are mirrored in."""
    brightness: float = 0.0
    """Brightness is multiplied by 1 minus to 1 plus this number."""
    contrast: float = 0.0
    """Contrast is multiplied by 1 minus to 1 plus this number."""
    saturation: float = 0.0
    """Saturation is multiplied by 1 minus to 1 plus this number."""
    hue: float = 0.0
    """Hue is shifted by minus to plus this share of the colour circle, 0 to 0.5."""
    greyscale: float = 0.0
    """Probability of dropping all colour."""
    erasing: float = 0.0
    """Probability of blanking out a rectangle after normalisation."""
    erasing_scale_min: float = 0.02
    """Smallest share of the area that is blanked out."""
    erasing_scale_max: float = 0.15
    """Largest share of the area that is blanked out."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise InvalidInput(f"{field.name} must be a number, not {value!r}.")
            object.__setattr__(self, field.name, float(value))
        ranges = dict.fromkeys(("brightness", "contrast", "saturation"), 1.0)
        ranges |= dict.fromkeys(("horizontal_flip", "vertical_flip", "greyscale", "erasing"), 1.0)
        ranges |= {"hue": 0.5, "rotation_degrees": 180.0, "crop_scale_max": 1.0}
        ranges |= {"erasing_scale_max": 1.0, "crop_ratio_max": 10.0}
        for name, largest in ranges.items():
            if not 0.0 <= getattr(self, name) <= largest:
                raise InvalidInput(
                    f"{name} is {getattr(self, name):g}.",
                    next_step=f"Choose a number from 0 to {largest:g}.",
                )
        for pair in ("crop_scale", "crop_ratio", "erasing_scale"):
            low, high = getattr(self, f"{pair}_min"), getattr(self, f"{pair}_max")
            if not 0.0 < low <= high:
                raise InvalidInput(
                    f"{pair} goes from {low:g} to {high:g}.",
                    next_step="Choose a smallest number above 0 and at most the largest.",
                )

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> "AugmentationParameters":
        """Read what `to_dict` wrote; a missing number takes its default.

        Raises:
            InvalidInput: A name is unknown or a number is out of range.
        """
        if not isinstance(values, dict):
            raise InvalidInput("Augmentation parameters are an object of names and numbers.")
        storable_values.check(values, "The augmentation")
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InvalidInput(f"There is no augmentation {', '.join(sorted(map(str, unknown)))}.")
        return cls(**values)

    def to_json(self) -> str:
        """One line of JSON with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "AugmentationParameters":
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: The text is not JSON, a name is unknown or a number out of range.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(
                "The augmentation parameters are not JSON.", detail=str(error)
            ) from error
        return cls.from_dict(values)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named set of augmentations that are safe for a kind of image."""

    name: str
    title: str
    description: str
    parameters: AugmentationParameters
    based_on: str = ""
    """The product's preset that a person's own was made from; empty for the product's."""


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="natural",
            title="Natural photos",
            description="Everyday photos: crops, mirror images, tilts and changing light.",
            parameters=AugmentationParameters(
                crop_scale_min=0.7,
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
            ),
        ),
        Preset(
            name="medical",
            title="Medical images",
            description="Scans and slides: gentle crops and exposure; sides are never swapped "
            "and shapes hardly stretched.",
            parameters=AugmentationParameters(
                crop_scale_min=0.85,
                crop_ratio_min=0.95,
                crop_ratio_max=1.05,
                rotation_degrees=10,
                brightness=0.15,
                contrast=0.15,
            ),
        ),
        Preset(
            name="aerial",
            title="Aerial and satellite",
            description="Seen from above, where no side is up: flips, any rotation, changing sun.",
            parameters=AugmentationParameters(
                crop_scale_min=0.7,
                crop_ratio_min=0.75,
                crop_ratio_max=1.33,
                horizontal_flip=0.5,
                vertical_flip=0.5,
                rotation_degrees=90,
                brightness=0.2,
                contrast=0.2,
                saturation=0.2,
            ),
        ),
        Preset(
            name="text",
            title="Text and digits",
            description="Characters and documents: small shifts and tilts, never a mirror image.",
            parameters=AugmentationParameters(
                crop_scale_min=0.9,
                crop_ratio_min=0.95,
                crop_ratio_max=1.05,
                rotation_degrees=6,
            ),
        ),
    )
}
