"""Shifts of traffic that are simulated: what a camera, a program or the world may change.

TORCH_HOME=... python -m benchmarks.drift_shifts     # computes the features of all, once
"""

import io
from collections.abc import Callable

from PIL import Image, ImageEnhance, ImageFilter

from benchmarks import frozen_features
from benchmarks.frozen_features import DATA, Features

SETS = {"imagenette224_dev": 160, "aerial_dev": 160, "cifar10_1k": 128}
"""Input size in pixels."""
STRIDES = {"cifar10_1k": 8}
"""Of how many images one is taken: 1,500 of its 12,000."""
BLUR_SHARE = 1 / 80
JPEG_QUALITY = 20
DARKER = 0.5


def blur(image: Image.Image) -> Image.Image:
    """Gaussian blur with a radius of 1/80 of the shorter side."""
    return image.filter(ImageFilter.GaussianBlur(min(image.size) * BLUR_SHARE))


def jpeg(image: Image.Image) -> Image.Image:
    """Saved as JPEG of quality 20 and read again."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY)
    return Image.open(buffer).convert("RGB")


def darken(image: Image.Image) -> Image.Image:
    """Half as bright."""
    return ImageEnhance.Brightness(image).enhance(DARKER)


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blur": blur,
    "jpeg 20": jpeg,
    "half as bright": darken,
}


def read(name: str, edited: str = "") -> Features:
    """Features of a set, after an edit where one is named; always of the same images."""
    stride = STRIDES.get(name, 1)
    if edited:
        return frozen_features.read(
            DATA / name,
            SETS[name],
            edited=f"-{edited.replace(' ', '_')}",
            edit=EDITS[edited],
            stride=stride,
        )
    found = frozen_features.read(DATA / name, SETS[name])
    return Features(found.values[::stride], found.paths[::stride])


if __name__ == "__main__":
    for each in SETS:
        for kind in ("", *EDITS):
            print(each, kind, len(read(each, kind).values), flush=True)
