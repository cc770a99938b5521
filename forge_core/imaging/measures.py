"""What can be measured of a picture without knowing what it shows: numbers, and no verdicts.

All are of a picture that was scaled to one size, so that a blurred one is found among pictures of
any size; shape and size are of the original.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = 128
"""Pixels of the longest side at which everything is measured."""
_NEAR = 8
"""Levels of 255 that count as the same shade, up and down."""


@dataclass(frozen=True, kw_only=True)
class PictureMeasures:
    """The measures of one picture."""

    brightness: float
    """Mean luma, 0 (black) to 1 (white)."""
    contrast: float
    """Standard deviation of the luma, 0 (one shade) to 0.5."""
    sharpness: float
    """Variance of the Laplacian of the luma in levels of 255; low is blurred. At least 0."""
    colour: float
    """Mean difference of the strongest and the weakest channel, 0 (grey) to 1."""
    emptiness: float
    """Share of pixels that are about as light as the most frequent shade, 0 to 1."""
    elongation: float
    """Longer side by shorter side, at least 1."""
    short_side: float
    """Pixels of the shorter side of the original."""


def measure(picture: Image.Image, *, width: int, height: int) -> PictureMeasures:
    """Measure an upright picture.

    Args:
        picture: Any mode; a thumbnail will do, it is scaled to `SIDE` at most.
        width: Pixels of the original.
        height: Pixels of the original.

    Source: variance of the Laplacian: Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield
    microscopy", with the kernel of four neighbours.
    """
    scaled = picture.convert("RGB")
    scale = SIDE / max(scaled.size)
    size = tuple(max(1, round(side * scale)) for side in scaled.size)
    scaled = scaled.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=None)
    luma = np.asarray(scaled.convert("L"), np.float32)
    channels = np.asarray(scaled, np.float32)
    shades = np.bincount(luma.astype(np.uint8).ravel(), minlength=256)
    commonest = int(shades.argmax())
    alike = shades[max(0, commonest - _NEAR) : commonest + _NEAR + 1].sum()
    return PictureMeasures(
        brightness=float(luma.mean()) / 255,
        contrast=float(luma.std()) / 255,
        sharpness=_laplacian_variance(luma),
        colour=float((channels.max(axis=2) - channels.min(axis=2)).mean()) / 255,
        emptiness=float(alike) / luma.size,
        elongation=max(width, height) / max(1, min(width, height)),
        short_side=float(min(width, height)),
    )


def _laplacian_variance(luma: np.ndarray) -> float:
    if min(luma.shape) < 3:
        return 0.0
    inner = luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((around - 4 * inner).var())
