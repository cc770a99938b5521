"""The one way in for image bytes: limits first, then the header, then the pixels.

Whatever the bytes are, the caller gets an RGB image or `ImageRejected` with a reason and a
sentence. Import, thumbnails, training, evaluation and Predict all call this and nothing else.
"""

import struct
import zlib
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Protocol

from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from forge_core import local_files
from forge_core.errors import ImageRejected
from forge_core.imaging import color, formats
from forge_core.imaging.grey_window import DECLARED, GreyWindow

REASONS: dict[str, str] = {
    "empty": "the file is empty",
    "too_many_bytes": "the file is larger than the limit",
    "too_many_pixels": "the image has more pixels than the limit",
    "not_an_image": "the file is not an image",
    "format_not_supported": "the image format is not read",
    "truncated": "the file ends before the image does",
    "damaged": "the file is damaged",
    "out_of_memory": "the image does not fit into memory",
    "unreadable": "the file cannot be read",
    "changed": "the file is not the one that was imported",
}
"""Every reason an `ImageRejected` may carry, with words for reports."""

DECODER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
    ImageCms.PyCMSError,
    Image.DecompressionBombError,
)
"""What Pillow is known to raise on hostile bytes: nearly everything."""

_TRANSPOSE_BY_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageSettings(Protocol):
    """The part of the product's settings that limits images."""

    @property
    def max_image_bytes(self) -> int:
        """Largest file, in bytes."""

    @property
    def max_image_pixels(self) -> int:
        """Largest width x height, in pixels."""

    @property
    def grey_window(self) -> str:
        """Which greys of deep images are shown, as `GreyWindow.parse` reads it."""


@dataclass(frozen=True, kw_only=True)
class DecodeLimits:
    """What is refused before any pixel is decoded, and which greys of a deep image are shown.

    A decode needs up to about 12 bytes of memory a pixel (16-bit and float images; 3 to 7 for
    the common ones). Pillow's own limit of 178,956,970 pixels holds as well.
    """

    max_bytes: int = 64 * 2**20
    """Largest file, in bytes."""
    max_pixels: int = 100_000_000
    """Largest width x height, in pixels."""
    window: GreyWindow = DECLARED
    """What becomes black and white in an image of 16-bit, 32-bit or float greys."""

    @classmethod
    def from_settings(cls, settings: ImageSettings) -> "DecodeLimits":
        """The limits and the window of greys that an operator has set."""
        return cls(
            max_bytes=settings.max_image_bytes,
            max_pixels=settings.max_image_pixels,
            window=GreyWindow.parse(settings.grey_window),
        )

    def with_window(self, window: str) -> "DecodeLimits":
        """These limits with a network's own window of greys, whatever the settings say."""
        return replace(self, window=GreyWindow.parse(window))


DEFAULT_LIMITS = DecodeLimits()


@dataclass(frozen=True)
class DecodedImage:
    """An image that was read whole."""

    image: Image.Image
    """Pixels, mode "RGB", upright (EXIF orientation applied)."""
    width: int
    """Pixels across, of the upright original."""
    height: int
    """Pixels down, of the upright original."""
    mime: str
    """Media type of the bytes, from their content; never from a file name."""
    source_mode: str
    """Pillow's mode of the stored pixels, such as "CMYK" or "I;16"."""
    frames: int
    """Frames or pages in the file, counted up to 1,000; `image` is the first."""
    deep_greys: tuple[float, float] | None = None
    """Of greys of more than 8 bits: the highest value that is stored, and the file's white."""

    @property
    def is_deep(self) -> bool:
        """Whether the file has greys of more than 8 bits, for which a window can be chosen."""
        return self.deep_greys is not None


def decode_image(data: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> DecodedImage:
    """The image in `data`: first frame, upright, on white, 8-bit RGB.

    The same bytes give the same pixels everywhere. Nothing is written, nothing outside this
    process is called.

    Raises:
        ImageRejected: The bytes exceed a limit, are no image of a format that is read, or are
            truncated or damaged. `reason` is a key of `REASONS`.
    """
    return _decode(data, limits, draft_side=None)


def count_pixels(data: bytes, limits: DecodeLimits) -> int:
    """Width x height that a file declares, without decoding it; 0 where that cannot be told.

    For who must know beforehand how long a decode will take; it decides nothing.
    """
    if not data or len(data) > limits.max_bytes:
        return 0
    try:
        with Image.open(BytesIO(data), formats=formats.readable_formats()) as image:
            return image.width * image.height
    except DECODER_ERRORS:
        return 0


def decode_file(path: Path, *, limits: DecodeLimits = DEFAULT_LIMITS) -> DecodedImage:
    """The image in a file; reads at most one byte more than the limit.

    Raises:
        ImageRejected: As `decode_image`, or the file cannot be read.
    """
    try:
        with local_files.open_plain(path) as file:
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise ImageRejected(
            "The image file cannot be read.",
            reason="unreadable",
            next_step="Check that it still exists and that this user may read it.",
            detail=f"{type(error).__name__}: {error}",
        ) from error
    return decode_image(data, limits=limits)


def decode_reduced(
    data: bytes, side: int, *, limits: DecodeLimits = DEFAULT_LIMITS
) -> DecodedImage:
    """As `decode_image`, but a large JPEG may come at a half, quarter or eighth of its size.

    For thumbnails only: the pixels are not those that training sees. `width` and `height` stay
    those of the original.

    Args:
        data: Bytes of the file.
        side: Pixels; both sides of the result are at least this where the original's are.
        limits: As for `decode_image`.

    Raises:
        ImageRejected: As `decode_image`.
    """
    return _decode(data, limits, draft_side=side)


def _decode(data: bytes, limits: DecodeLimits, draft_side: int | None) -> DecodedImage:
    _check_bytes(data, limits)
    try:
        return _decode_checked(data, limits, draft_side)
    except ImageRejected:
        raise
    except DECODER_ERRORS as error:
        raise _rejection(data, error, limits) from error


def _check_bytes(data: bytes, limits: DecodeLimits) -> None:
    if not data:
        raise ImageRejected(
            "The image file is empty.", reason="empty", next_step="Copy or export it again."
        )
    if len(data) > limits.max_bytes:
        raise ImageRejected(
            f"The image file is larger than {limits.max_bytes:,} bytes.",
            reason="too_many_bytes",
            next_step="Save it smaller, or raise FORGE_MAX_IMAGE_BYTES.",
        )
    canvas = formats.webp_canvas(data)
    if canvas is not None:
        _check_pixels(*canvas, limits)


def _check_pixels(width: int, height: int, limits: DecodeLimits) -> None:
    if width * height > limits.max_pixels:
        raise ImageRejected(
            f"The image is {width} x {height} pixels; at most {limits.max_pixels:,} are decoded.",
            reason="too_many_pixels",
            next_step="Scale it down, or raise FORGE_MAX_IMAGE_PIXELS.",
        )


def _decode_checked(data: bytes, limits: DecodeLimits, draft_side: int | None) -> DecodedImage:
    with Image.open(BytesIO(data), formats=formats.readable_formats()) as image:
        width, height = image.size
        _check_pixels(width, height, limits)
        if width < 1 or height < 1:
            raise ValueError(f"image of {width} x {height} pixels")
        source_format = image.format or ""
        source_mode = image.mode
        frames = formats.count_frames(image, data)
        raw_mode = color.raw_mode_of(image)
        if draft_side is not None:
            image.draft(None, (draft_side, draft_side))
        image.load()
        if draft_side is None:
            width, height = image.size  # a TIFF turns itself upright while it loads
        orientation = _orientation(image)
        deep_greys = color.deep_greys(image)
        upright = color.to_rgb(image, raw_mode, limits.window)
        if orientation in _TRANSPOSE_BY_ORIENTATION:
            upright = upright.transpose(_TRANSPOSE_BY_ORIENTATION[orientation])
            if orientation >= 5:
                width, height = height, width
    upright.info = {}  # pixels only: no EXIF, profile or comment travels on
    return DecodedImage(
        image=upright,
        width=width,
        height=height,
        mime=formats.MIME_BY_FORMAT[source_format],
        source_mode=source_mode,
        frames=frames,
        deep_greys=deep_greys,
    )


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where the metadata is missing or damaged, as browsers do."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DECODER_ERRORS:
        return 1
    return value if isinstance(value, int) else 1


def _rejection(data: bytes, error: BaseException, limits: DecodeLimits) -> ImageRejected:
    """What a decoder's failure means to a person."""
    detail = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return ImageRejected(
            f"The image has more than the {limits.max_pixels:,} pixels that are decoded.",
            reason="too_many_pixels",
            next_step="Scale it down and add it again.",
            detail=detail,
        )
    if isinstance(error, MemoryError):
        return ImageRejected(
            "The image does not fit into memory.",
            reason="out_of_memory",
            next_step="Scale it down, or close other programs.",
            detail=detail,
        )
    if isinstance(error, UnidentifiedImageError):
        return _unidentified(data, detail)
    if "unsupported" in str(error).lower():
        return ImageRejected(
            "The image uses a variant of its format that is not read.",
            reason="format_not_supported",
            next_step="Export it as JPEG or PNG.",
            detail=detail,
        )
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return ImageRejected(
            "The file ends before the image does.",
            reason="truncated",
            next_step="Copy or download it again.",
            detail=detail,
        )
    return ImageRejected(
        "The image file is damaged and cannot be decoded.",
        reason="damaged",
        next_step="Open it in an image editor and save it again, or leave it out.",
        detail=detail,
    )


def _unidentified(data: bytes, detail: str) -> ImageRejected:
    foreign = formats.foreign_format(data)
    if foreign:
        advice = formats.advice_for(foreign)
        return ImageRejected(
            f"This is a {foreign} file, a format that is not read.",
            reason="format_not_supported",
            next_step=f"{advice[0].upper()}{advice[1:]}.",
            detail=detail,
        )
    if data.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return ImageRejected(
            "The file is a web page (HTML) that was saved under the name of an image.",
            reason="not_an_image",
            next_step="Download the image again.",
            detail=detail,
        )
    return ImageRejected(
        "The file is not an image, or its beginning is damaged.",
        reason="not_an_image",
        next_step=f"Formats that are read: {', '.join(formats.readable_formats())}.",
        detail=detail,
    )
