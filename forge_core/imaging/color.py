"""Any pixel mode that a file can have, as 8-bit RGB.

Everything after this room sees RGB only, so the choices are made here once:

- transparency is laid on white;
- 16-bit grey is divided by what its format declares (65,535, or less where a TIFF says that fewer
  bits are used), never stretched, so that the same grey means the same in every image of a set;
- where a window of greys is chosen, its values become black and white instead;
- whole numbers and floats without a declared range are taken as 0 to 1, 0 to 255 or 0 to 65,535,
  the first that holds them, and are stretched from lowest to highest value only beyond that;
- colour profiles are not applied.
"""

from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageMath

from forge_core.errors import ImageRejected
from forge_core.imaging.grey_window import DECLARED, GreyWindow

WHITE = (255, 255, 255)
_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0


def to_rgb(image: Image.Image, raw_mode: str, window: GreyWindow = DECLARED) -> Image.Image:
    """The pixels of a loaded image as mode "RGB", same size.

    Args:
        image: Loaded image of any mode.
        raw_mode: How the file stored the samples, as `raw_mode_of` told before loading.
        window: Of an image of deep greys, what becomes black and white.

    Raises:
        ImageRejected: The numbers of a float image are not finite.
    """
    mode = image.mode
    if _is_deep(mode):
        return _grey_to_rgb(image, window)
    if mode == "LAB":
        return _lab_to_rgb(image)
    _correct_color_key(image, raw_mode)
    if mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        return _on_white(image.convert("RGBA"))
    return image.convert("RGB")


def deep_greys(image: Image.Image) -> tuple[float, float] | None:
    """The highest value of a loaded image of deep greys, and what its file takes for white.

    None for colours and for greys of 8 bits. No window changes it.

    Raises:
        ImageRejected: The numbers of a float image are not finite.
    """
    if not _is_deep(image.mode):
        return None
    white = (_declared_range(image) or _range_of_values(image))[1]
    plain = image if image.mode in ("I", "F", "I;16") else image.convert("I")
    highest = plain.getextrema()[1]
    assert isinstance(highest, int | float), "it has one channel"
    return float(highest), white


def raw_mode_of(image: Image.Image) -> str:
    """How the file stores its samples ("L;2", "RGB;16B"), empty when the decoder does not say."""
    tiles: list[Any] = getattr(image, "tile", [])
    arguments = tiles[0][3] if tiles else None
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _correct_color_key(image: Image.Image, raw_mode: str) -> None:
    """Bring the transparent colour of a PNG to the 8-bit scale of the loaded pixels.

    Pillow keeps it as stored: 0 to 3 for 2-bit grey, 0 to 65,535 for 16-bit colours. In the
    latter case it cannot be told apart any more from its neighbours, so it is dropped.
    """
    key = image.info.get("transparency")
    if image.format != "PNG" or key is None or isinstance(key, bytes):
        return
    if image.mode == "L" and raw_mode in ("L;2", "L;4"):
        image.info["transparency"] = key * (85 if raw_mode == "L;2" else 17) & 255
    elif image.mode in ("L", "RGB") and ("16" in raw_mode or not _fits_a_byte(key)):
        del image.info["transparency"]


def _fits_a_byte(key: int | tuple[int, ...]) -> bool:
    values = key if isinstance(key, tuple) else (key,)
    return all(0 <= value <= 255 for value in values)


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, WHITE)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


@cache
def _lab_transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    converted = ImageCms.applyTransform(image, _lab_transform())
    if converted is None:
        raise ValueError("the LAB transform gave no image")
    return converted


def _is_deep(mode: str) -> bool:
    return mode in ("I", "F") or mode.startswith("I;16")


def _grey_to_rgb(image: Image.Image, window: GreyWindow) -> Image.Image:
    wide = image.convert("F" if image.mode == "F" else "I")
    by_file = _declared_range(image) or _range_of_values(image)
    low, high = window.range_of(wide) or by_file
    scale = 255.0 / (high - low)
    offset = 0.5 - low * scale
    if _is_white_zero(image):
        scale, offset = -scale, 255.5 + low * scale
    grey = wide.point(lambda value: value * scale + offset).convert("L")
    key = image.info.get("transparency")
    if isinstance(key, int) and wide.mode == "I":
        matches = ImageMath.lambda_eval(lambda args: args["grey"] == key, grey=wide)
        grey.paste(255, mask=matches.convert("L").point(lambda value: 255 if value else 0))
    return grey.convert("RGB")


def _is_white_zero(image: Image.Image) -> bool:
    tags = getattr(image, "tag_v2", {})
    return image.mode.startswith("I;16") and tags.get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO


def _declared_range(image: Image.Image) -> tuple[float, float] | None:
    if image.format == "PPM" and image.mode == "I":
        return 0.0, 65535.0  # Pillow has scaled the file's own maximum to this
    if not image.mode.startswith("I;16"):
        return None
    bits = getattr(image, "tag_v2", {}).get(_TIFF_BITS_PER_SAMPLE, (16,))
    first = bits[0] if isinstance(bits, tuple) and bits else bits
    used = first if isinstance(first, int) and 8 < first <= 16 else 16
    return 0.0, float(2**used - 1)


def _range_of_values(image: Image.Image) -> tuple[float, float]:
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
    # The extrema pass over a NaN that is not the first value.
    if image.mode == "F" and not np.isfinite(np.asarray(image)).all():
        raise ImageRejected(
            "The image holds numbers that are not finite, so it has no brightness.",
            reason="damaged",
            next_step="Save it again as an 8-bit or 16-bit image.",
        )
    ceilings = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    if low >= 0:
        for ceiling in ceilings:
            if high <= ceiling:
                return 0.0, ceiling
    return (low, high) if high > low else (low, low + 1.0)
