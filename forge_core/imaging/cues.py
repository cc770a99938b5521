"""Cues of a picture that say nothing of what it shows, and the same picture with another cue.

A frame, a plain background, brightness, size, shape and compression: a network can learn them in
place of the thing. Each can be measured, given to a picture and taken from it.
"""

import colorsys
import io
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from scipy import ndimage

SIDE = 128
"""Pixels of the longest side at which the edge is looked at."""
_RING = 2
_NEAR = 24
"""Levels of 255 that count as the same colour, in each channel."""
_PLAIN = 0.95
_DEEPEST = 0.25
"""Of the shorter side: what is plain to here is a background and no frame."""
_QUALITIES = (5, 95)

Colour = tuple[int, int, int]
Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class PictureCues:
    """What was measured of one picture."""

    brightness: float
    """Mean luma, 0 (black) to 1 (white)."""
    edge_colour: Colour
    """The median along the edge."""
    frame_width: float
    """Of the shorter side, up to a quarter; 0 without a plain frame."""
    is_background: bool
    """Whether the edge is plain and goes on into the picture, around something."""


def measure_cues(picture: Image.Image) -> PictureCues:
    """Measure an upright picture; of any mode and size."""
    pixels = _small(picture)
    colour, near = _edge(pixels)
    luma = float((pixels @ np.array([0.299, 0.587, 0.114])).mean()) / 255
    depth, is_frame, is_background = _plain_part(near)
    return PictureCues(
        brightness=luma,
        edge_colour=colour,
        frame_width=depth / min(near.shape) if is_frame else 0.0,
        is_background=is_background,
    )


def name_colour(colour: Colour) -> str:
    """A colour in a word."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    if value < 0.2:
        return "black"
    if saturation < 0.2:
        return "white" if value > 0.85 else "grey"
    names = ("red", "yellow", "green", "cyan", "blue", "magenta")
    return names[round(hue * len(names)) % len(names)]


def put_frame(picture: Image.Image, colour: Colour, width: float) -> Image.Image:
    """The picture with a plain frame painted over its edge; `width` of the shorter side."""
    deep = _fitting(picture, max(1, round(width * min(picture.size))))
    inner = ImageOps.crop(picture.convert("RGB"), deep)
    return ImageOps.expand(inner, deep, colour)


def take_frame(picture: Image.Image) -> Image.Image:
    """The picture with what lies inside its frame mirrored into the place of the frame.

    One without a frame stays as it is.
    """
    width = measure_cues(picture).frame_width
    if not width:
        return picture
    step = max(picture.size) / SIDE  # what the measure cannot see; the seam is a mixture of both
    deep = _fitting(picture, math.ceil(width * min(picture.size) + step) + 1)
    inner = np.asarray(ImageOps.crop(picture.convert("RGB"), deep))
    return Image.fromarray(np.pad(inner, ((deep, deep), (deep, deep), (0, 0)), mode="symmetric"))


def recolour_background(picture: Image.Image, colour: Colour) -> Image.Image:
    """The picture with its plain background in another colour, its shades kept."""
    pixels = np.asarray(picture.convert("RGB"))
    own, near = _edge(_small(picture))
    mask = Image.fromarray(_connected(near)).resize(picture.size, Image.Resampling.NEAREST)
    moved = pixels.astype(np.int16) + (np.array(colour) - np.array(own)).astype(np.int16)
    found = np.where(np.asarray(mask)[:, :, None], np.clip(moved, 0, 255), pixels)
    return Image.fromarray(found.astype(np.uint8))


def with_brightness(picture: Image.Image, brightness: float) -> Image.Image:
    """The picture made lighter or darker until its mean luma is about this, 0 to 1."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    level = max(1.0, float((pixels @ np.array([0.299, 0.587, 0.114], np.float32)).mean()))
    found = np.clip(pixels * (255 * brightness / level), 0, 255)
    return Image.fromarray(found.astype(np.uint8))


def with_short_side(picture: Image.Image, pixels: float) -> Image.Image:
    """The picture at the size that it has, with the detail of one whose shorter side is this.

    A smaller picture stays as it is: detail cannot be added.
    """
    scale = pixels / min(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC).resize(picture.size)


def with_shape(picture: Image.Image, ratio: float) -> Image.Image:
    """The largest middle part of the picture whose width by height is this."""
    width, height = picture.size
    wide, tall = min(width, round(height * ratio)), min(height, round(width / ratio))
    return ImageOps.fit(picture, (max(1, wide), max(1, tall)))


def with_compression(picture: Image.Image, bytes_per_pixel: float) -> Image.Image:
    """The picture after a JPEG of about so many bytes a pixel; of lower and higher quality too."""
    low, high = _QUALITIES
    wanted = bytes_per_pixel * picture.width * picture.height
    best = b""
    while low <= high:
        middle = (low + high) // 2
        buffer = io.BytesIO()
        picture.convert("RGB").save(buffer, "JPEG", quality=middle)
        data = buffer.getvalue()
        if not best or abs(len(data) - wanted) < abs(len(best) - wanted):
            best = data
        low, high = (middle + 1, high) if len(data) < wanted else (low, middle - 1)
    with Image.open(io.BytesIO(best)) as opened:
        return opened.convert("RGB")


def _fitting(picture: Image.Image, deep: int) -> int:
    """As deep, or less where nothing would be left inside."""
    return min(deep, (min(picture.size) - 1) // 2)


def _small(picture: Image.Image) -> Pixels:
    scale = SIDE / max(picture.size)
    width, height = (max(2 * _RING + 1, round(side * scale)) for side in picture.size)
    scaled = picture.convert("RGB").resize((width, height), Image.Resampling.BOX)
    return np.asarray(scaled)


def _edge(pixels: Pixels) -> tuple[Colour, Mask]:
    """The median colour of the edge, and where the picture has about that colour."""
    ring = np.ones(pixels.shape[:2], np.bool_)
    ring[_RING:-_RING, _RING:-_RING] = False
    red, green, blue = (int(part) for part in np.median(pixels[ring], axis=0))
    away = np.abs(pixels.astype(np.int16) - np.array([red, green, blue], np.int16))
    return (red, green, blue), away.max(axis=2) <= _NEAR


def _plain_part(near: Mask) -> tuple[int, bool, bool]:
    """How many rings from the edge on are plain, and whether they are a frame, or a background."""
    depth = 0
    limit = int(_DEEPEST * min(near.shape))
    while depth < limit and _ring_share(near, depth) >= _PLAIN:
        depth += 1
    if depth < _RING:
        return 0, False, False
    inside = _connected(near)[depth:-depth, depth:-depth]
    goes_on = depth == limit or float(inside.mean()) > 0.1
    return depth, not goes_on, goes_on


def _ring_share(near: Mask, depth: int) -> float:
    inner = near[depth : near.shape[0] - depth, depth : near.shape[1] - depth]
    ring = [inner[0], inner[-1], inner[1:-1, 0], inner[1:-1, -1]]
    return float(np.concatenate(ring).mean())


def _connected(near: Mask) -> Mask:
    """The part of it that hangs together with the edge."""
    parts, _ = ndimage.label(near)
    edge = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    found: Mask = np.isin(parts, np.setdiff1d(edge, [0]))
    return found
