"""The deterministic transform that validation, evaluation and prediction share.

It has two halves so that training can keep decoded pixels: `resize_image` is the one resize
of the product (its uint8 output is what the pack stores) and `finish` crops and normalises.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode, functional

from forge_core.errors import InvalidInput
from forge_core.imaging.grey_window import GreyWindow

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# A strip of 1 x 100,000 px would be resized to 256 x 25,600,000 px. No crop ever looks that
# far from the centre, so ends beyond this aspect ratio are cut off before the resize.
MAX_ASPECT_RATIO = 16
MAX_SIDE = 4096

Interpolation = Literal["bilinear", "bicubic"]
Aspect = Literal["crop", "pad"]
_MODES = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}


@dataclass(frozen=True, kw_only=True)
class EvalTransform:
    """Image to network input, the same at every place that measures or predicts.

    Legend: H, W pixels of the resized image; C channels.
    """

    resize: int
    """Short side after the resize, in pixels, or the long side where `aspect` is `pad`; the aspect
    ratio is kept."""
    crop: int
    """Side of the square centre crop, in pixels: the input size of the network."""
    interpolation: Interpolation = "bilinear"
    """Filter of the resize, and of the random crop in training."""
    antialias: bool = True
    """Whether shrinking widens the filter; always true for images that Pillow resizes."""
    mean: tuple[float, ...] = IMAGENET_MEAN
    """Subtracted from each channel, on the scale 0 to 1."""
    std: tuple[float, ...] = IMAGENET_STD
    """Divides each channel after the mean was subtracted."""
    channels: int = 3
    """3 for RGB; 1 turns the pixels grey before they are normalised."""
    aspect: Aspect = "crop"
    """`crop` cuts a square out of the centre; `pad` keeps the whole image, whatever its shape, and
    fills the square up with the mean colour."""
    grey_window: str = "declared"
    """Which greys of deep images become black and white when they are decoded, before all else."""

    def __post_init__(self) -> None:
        if not isinstance(self.grey_window, str):
            raise InvalidInput(f"grey_window must be text, not {self.grey_window!r}.")
        for name in ("resize", "crop", "channels"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise InvalidInput(f"{name} must be a whole number, not {value!r}.")
        if not 1 <= self.crop <= self.resize <= MAX_SIDE:
            raise InvalidInput(
                f"Cannot crop {self.crop} px out of {self.resize} px.",
                next_step=f"Choose 1 <= crop <= resize <= {MAX_SIDE}.",
            )
        if self.interpolation not in _MODES:
            raise InvalidInput(
                f"Interpolation {self.interpolation!r} is unknown.",
                next_step=f"Choose one of {', '.join(_MODES)}.",
            )
        if self.aspect not in ("crop", "pad"):
            raise InvalidInput(
                f"An image cannot be fitted by {self.aspect!r}.", next_step="Choose crop or pad."
            )
        if self.aspect == "pad" and self.resize != self.crop:
            raise InvalidInput(
                f"A padded image has a long side of {self.resize} px, not a {self.crop} px square.",
                next_step="Choose the same number for both.",
            )
        object.__setattr__(self, "grey_window", str(GreyWindow.parse(self.grey_window)))
        if self.channels not in (1, 3):
            raise InvalidInput(f"Images have 1 or 3 channels, not {self.channels}.")
        for name in ("mean", "std"):
            try:
                values = tuple(float(value) for value in getattr(self, name))
            except (TypeError, ValueError) as error:
                raise InvalidInput(f"{name} must be a list of numbers.") from error
            if len(values) != self.channels:
                raise InvalidInput(
                    f"{name} has {len(values)} numbers for {self.channels} channels."
                )
            object.__setattr__(self, name, values)
        if not all(abs(value) < 1e3 for value in self.mean):
            raise InvalidInput(f"mean {self.mean} is not on the scale 0 to 1.")
        if not all(1e-6 < value < 1e3 for value in self.std):
            raise InvalidInput(f"std {self.std} must be positive numbers.")

    def __call__(self, image: Image.Image) -> Tensor:
        """Network input (C, crop, crop) of an RGB image."""
        return self.finish(self.resize_image(image))

    @property
    def mode(self) -> InterpolationMode:
        """The interpolation as torchvision names it."""
        return _MODES[self.interpolation]

    def resize_image(self, image: Image.Image) -> Tensor:
        """Resize to the working short side (with `pad`: long side) at native aspect ratio.

        This is the only resize of the product. Ends beyond an aspect ratio of 16 are cut off
        first, so that memory stays bounded whatever the shape of the image.

        Args:
            image: RGB, EXIF orientation already applied.

        Returns:
            (3, H, W) uint8, min(H, W) == resize; with `pad` max(H, W) == resize.
        """
        if image.mode != "RGB":
            image = image.convert("RGB")
        image = _trim_ends(image)
        size = [self.resize]
        if self.aspect == "pad":
            longest = max(image.size)
            size = [max(1, round(side * self.resize / longest)) for side in image.size[::-1]]
        resized = functional.resize(image, size, interpolation=self.mode, antialias=True)
        pixels: Tensor = functional.pil_to_tensor(resized)
        return pixels

    def finish(self, pixels: Tensor) -> Tensor:
        """Centre crop or pad, and normalise.

        Args:
            pixels: (3, H, W) or (N, 3, H, W) uint8 of `resize_image`.

        Returns:
            (C, crop, crop) or (N, C, crop, crop) float32.
        """
        return self.normalise(self.frame(pixels))

    def frame(self, pixels: Tensor) -> Tensor:
        """Centre crop or pad alone: (..., 3, H, W) uint8 to (..., 3, crop, crop) uint8."""
        framed: Tensor = functional.center_crop(self.fill_square(pixels), [self.crop, self.crop])
        return framed

    def fill_square(self, pixels: Tensor) -> Tensor:
        """With `pad`, (..., 3, H, W) uint8 in the middle of a square of the mean colour."""
        height, width = pixels.shape[-2:]
        if self.aspect == "crop" or height == width:
            return pixels
        side = max(height, width)
        colour = torch.tensor(self.square_colour(), dtype=torch.uint8, device=pixels.device)
        square = colour[:, None, None]
        square = square.expand(*pixels.shape[:-2], side, side).clone()
        top, left = (side - height) // 2, (side - width) // 2
        square[..., top : top + height, left : left + width] = pixels
        return square

    def square_colour(self) -> tuple[int, int, int]:
        """Red, green and blue, 0 to 255, of what `pad` fills a square with: the mean colour."""
        mean = (self.mean * 3)[:3] if self.channels == 1 else self.mean
        red, green, blue = (min(max(round(255 * value), 0), 255) for value in mean)
        return red, green, blue

    def normalise(self, pixels: Tensor) -> Tensor:
        """Scale uint8 (..., 3, H, W) to 0..1, then subtract the mean and divide by the std."""
        if self.channels == 1:
            pixels = functional.rgb_to_grayscale(pixels)
        return self._standardise(functional.to_dtype(pixels, torch.float32, scale=True))

    def normalise_scaled(self, pixels: Tensor) -> Tensor:
        """`normalise` for float32 (..., 3, H, W) that is on the scale 0 to 1 already."""
        if self.channels == 1:
            pixels = functional.rgb_to_grayscale(pixels)
        return self._standardise(pixels)

    def _standardise(self, scaled: Tensor) -> Tensor:
        inputs: Tensor = functional.normalize(scaled, mean=list(self.mean), std=list(self.std))
        return inputs

    def denormalise(self, inputs: Tensor) -> Tensor:
        """Undo `normalise`, to look at a network input: (C, H, W) float to (C, H, W) uint8."""
        mean = torch.tensor(self.mean).view(-1, 1, 1)
        std = torch.tensor(self.std).view(-1, 1, 1)
        return (inputs * std + mean).mul(255).round().clamp(0, 255).to(torch.uint8)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them back. Cards call the aspect "fit"."""
        values = asdict(self)
        values["fit"] = values.pop("aspect")
        return values | {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: Any) -> "EvalTransform":
        """Read what `to_dict` wrote.

        Raises:
            InvalidInput: A value is missing, unknown or out of range.
        """
        if not isinstance(values, dict):
            raise InvalidInput("An eval transform is an object with resize, crop, mean and std.")
        values = dict(values)
        if "fit" in values:
            values["aspect"] = values.pop("fit")
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InvalidInput(f"An eval transform has no {', '.join(sorted(unknown))}.")
        try:
            return cls(**values)
        except TypeError as error:
            raise InvalidInput("The eval transform is incomplete.", detail=str(error)) from error

    def to_json(self) -> str:
        """One line of JSON with sorted keys: equal transforms give equal text."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "EvalTransform":
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: The text is not JSON, or a value is missing or out of range.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidInput("The eval transform is not JSON.", detail=str(error)) from error
        return cls.from_dict(values)


def _trim_ends(image: Image.Image) -> Image.Image:
    """The centre of an image, cut so that its sides differ by at most `MAX_ASPECT_RATIO`."""
    width, height = image.size
    keep_width = min(width, height * MAX_ASPECT_RATIO)
    keep_height = min(height, width * MAX_ASPECT_RATIO)
    if (keep_width, keep_height) == (width, height):
        return image
    left, top = (width - keep_width) // 2, (height - keep_height) // 2
    return image.crop((left, top, left + keep_width, top + keep_height))
