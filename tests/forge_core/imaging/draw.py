"""Small images, drawn, in every way a file can store them."""

import struct
import zlib
from io import BytesIO

from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def make_quarters(size: tuple[int, int] = (32, 24)) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    width, height = size
    image = Image.new("RGB", size, WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Colours near the four corners: top left, top right, bottom left, bottom right."""
    right, bottom = image.width - 3, image.height - 3
    return [image.getpixel(at) for at in ((2, 2), (right, 2), (2, bottom), (right, bottom))]


def is_near(color: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 40) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(color, expected, strict=True))


def make_png(
    width: int,
    height: int,
    *,
    bits: int,
    color_type: int,
    rows: list[bytes],
    extra: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
    """A PNG written chunk by chunk, for what Pillow does not write itself."""
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", header), *extra, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def make_tiff(width: int, height: int, tags: dict[int, int], pixels: bytes) -> bytes:
    """An uncompressed little-endian TIFF of one strip."""
    entries = {256: width, 257: height, 259: 1, 277: 1, 278: height, 279: len(pixels), **tags}
    offset = 8 + 2 + 12 * (len(entries) + 1) + 4
    entries[273] = offset
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items())
    )
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 0) + pixels
