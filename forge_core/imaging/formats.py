"""Which image formats are read, and what can be told about a file from its bytes alone.

The list is short on purpose: formats that call another program (EPS, WMF), that have no
signature (TGA) or that browsers and cameras do not make stay out.
"""

import importlib
from functools import lru_cache
from io import BytesIO

from PIL import Image

MIME_BY_FORMAT: dict[str, str] = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # several JPEGs in one file: browsers show the first
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "ICO": "image/x-icon",
    "HEIF": "image/heic",  # where pillow-heif is installed
    "PPM": "image/x-portable-anymap",
}
"""Pillow's names of the formats that are read, with the media type that is kept for each."""

# fmt: off
EXTENSIONS: frozenset[str] = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif", ".bmp", ".tif",
    ".tiff", ".avif", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm",
    ".ico",
})
# fmt: on
"""File name endings, lower case, under which those formats are usually kept."""

# fmt: off
FOREIGN_EXTENSIONS: frozenset[str] = frozenset({
    ".heic", ".heif", ".psd", ".svg", ".eps", ".ai", ".icns", ".jp2", ".j2k", ".jxl",
    ".tga", ".dds", ".exr", ".hdr", ".dcm", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng",
    ".orf", ".rw2", ".nrw", ".pef", ".srw", ".raf", ".wmf", ".emf", ".pcx", ".sgi", ".qoi",
})
# fmt: on
"""Endings of pictures in formats that are not read, to say so instead of "not an image"."""

RAW_EXTENSIONS = frozenset(
    {".cr2", ".cr3", ".nef", ".nrw", ".arw", ".dng", ".orf", ".rw2", ".pef", ".srw", ".raf"}
)
"""Endings of raw photographs: many are a TIFF inside, of which the first picture is a thumbnail."""

MAX_FRAMES_COUNTED = 1000

_FOREIGN_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"8BPS", "Photoshop"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
    (b"\x00\x00\x02\x00", "cursor"),
    (b"icns", "icon"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"DDS ", "DirectDraw"),
    (b"qoif", "QOI"),
    (b"\xd7\xcd\xc6\x9a", "Windows metafile"),
    (b"\x01\xda", "SGI"),
)
SIGNATURE_BYTES = 32
"""How many first bytes `is_image` needs."""
_SIGNATURES = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0",
    b"MM\0+",
)  # fmt: skip
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


def readable_formats() -> tuple[str, ...]:
    """Pillow names of the formats that this installation reads, in the order they are tried."""
    Image.init()
    _register_heif()
    return tuple(name for name in MIME_BY_FORMAT if name in Image.OPEN)


@lru_cache(maxsize=1)
def _register_heif() -> None:
    """Let Pillow read HEIC, if the extra for it is installed."""
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return


def is_image(start: bytes) -> bool:
    """Whether the first bytes of a file are those of an image format that is read.

    Formats whose beginning could be a text's or a chance (PPM, ICO) are not told by it.
    """
    if start[:4] == b"RIFF":
        return start[8:12] == b"WEBP"
    if start[:2] == b"BM":
        return int.from_bytes(start[14:18], "little") in _BMP_HEADERS
    if start[4:12] in (b"ftypavif", b"ftypavis"):
        return True
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        return "HEIF" in readable_formats()
    return start.startswith(_SIGNATURES)


def advice_for(ending: str) -> str:
    """What to do with a picture whose format is not read, by its ending or name."""
    if ending.lower().strip(".") in ("heic", "heif"):
        return "install pillow-heif (the extra “heic” of vision-forge), or export it as JPEG"
    return "export it as JPEG or PNG"


def foreign_format(data: bytes) -> str:
    """The name of a known picture format that is not read, or an empty string."""
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIC"
    if data[128:132] == b"DICM":
        return "DICOM"
    if data[:5] == b"<?xml" and b"<svg" in data[:1024]:
        return "SVG"
    return next((name for magic, name in _FOREIGN_SIGNATURES if data.startswith(magic)), "")


def webp_canvas(data: bytes) -> tuple[int, int] | None:
    """Width and height a WebP header claims, or None when the bytes are no WebP.

    Pillow prepares the whole canvas while it opens a WebP, so the size must be known before.

    Source: RFC 9649, sections 2.5 to 2.7.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width = int.from_bytes(data[26:28], "little") & 0x3FFF
        return width, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def count_frames(image: Image.Image, data: bytes) -> int:
    """Frames or pages of an opened image, at least 1 and at most `MAX_FRAMES_COUNTED`.

    GIF and TIFF have no count in their header and a small file can hold millions of frames, so
    those two are walked here, without decoding, and the walk stops at the limit.
    """
    if image.format == "GIF":
        frames = _count_gif_frames(data)
    elif image.format == "TIFF":
        frames = _count_tiff_pages(data)
    else:
        frames = int(getattr(image, "n_frames", 1))
    return max(1, min(frames, MAX_FRAMES_COUNTED))


def _count_gif_frames(data: bytes) -> int:
    """Image descriptors in a GIF, as far as the blocks can be followed.

    Source: GIF89a specification, sections 18 to 26.
    """
    if len(data) < 13:
        return 0
    position = 13 + _color_table_bytes(data[10])
    frames = 0
    while position < len(data) and frames < MAX_FRAMES_COUNTED:
        block = data[position]
        if block == 0x2C and position + 9 < len(data):
            frames += 1
            position += 10 + _color_table_bytes(data[position + 9]) + 1
        elif block == 0x21:
            position += 2
        else:
            break
        while position < len(data) and data[position]:
            position += data[position] + 1
        position += 1
    return frames


def _color_table_bytes(packed: int) -> int:
    return 3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def _count_tiff_pages(data: bytes) -> int:
    with Image.open(BytesIO(data), formats=["TIFF"]) as pages:
        for page in range(1, MAX_FRAMES_COUNTED):
            try:
                pages.seek(page)
            except (EOFError, OSError, SyntaxError, ValueError, LookupError, TypeError):
                return page  # a damaged later page does not spoil the first
    return MAX_FRAMES_COUNTED
