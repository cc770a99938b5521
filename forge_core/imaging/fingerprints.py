"""A small picture of an image, by which two images are compared pixel by pixel.

The 64-bit hash finds what might be the same picture, and cannot tell more: pictures of one
layout (brain scans, invoices, garments) have hashes that are alike. A fingerprint keeps enough of
the pixels to tell, in 5 KB, so that an image is decoded once however often it is compared.
"""

import hashlib
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64
"""Pixels across and down of the grey part; an image that is smaller keeps its own."""
COLOR_SIDE = 16
"""The same of the colour part."""
VERSION = 1
"""Changes with what `make` makes, so that those kept before are made anew."""
DIGEST_BYTES = 16
_HEAD = struct.Struct("<II")

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is kept of one image."""

    width: int
    """Of the image itself, in pixels."""
    height: int
    luma: Pixels
    """(h, w), at most `SIDE` each; the image squeezed, whatever its proportions."""
    color: Pixels
    """(2, h, w), at most `COLOR_SIDE` each: Cb and Cr, 128 where there is no colour."""
    digest: bytes
    """Of all pixels of an image that fits into `SIDE`; empty for a larger one."""

    @property
    def side(self) -> int:
        """The shorter side of the image, in pixels."""
        return min(self.width, self.height)


def make(image: Image.Image, width: int, height: int) -> Fingerprint:
    """The fingerprint of an image.

    Args:
        image: Mode "RGB", upright; may be a reduced decode with both sides at least `SIDE` where
            the original's are.
        width: Of the original, in pixels.
        height: Of the original, in pixels.
    """
    across, down = min(SIDE, width), min(SIDE, height)
    digest = b""
    if (width, height) == (across, down) == image.size:
        digest = hashlib.blake2b(image.tobytes(), digest_size=DIGEST_BYTES).digest()
    if image.size != (across, down):
        # A triangle as wide as the reduction: a box would ring where it does not divide.
        image = image.resize((across, down), Image.Resampling.BILINEAR, reducing_gap=3.0)
    converted = image.convert("YCbCr")
    small = converted.resize(
        (min(COLOR_SIDE, across), min(COLOR_SIDE, down)), Image.Resampling.BILINEAR
    )
    return Fingerprint(
        width=width,
        height=height,
        luma=np.asarray(converted)[..., 0].copy(),
        color=np.ascontiguousarray(np.asarray(small)[..., 1:].transpose(2, 0, 1)),
        digest=digest,
    )


def pack(fingerprint: Fingerprint) -> bytes:
    """As bytes, to be kept."""
    return b"".join(
        (
            _HEAD.pack(fingerprint.width, fingerprint.height),
            fingerprint.digest.ljust(DIGEST_BYTES, b"\0"),
            fingerprint.luma.tobytes(),
            fingerprint.color.tobytes(),
        )
    )


def unpack(data: bytes) -> Fingerprint | None:
    """What was packed; None where the bytes are none of this version."""
    start = _HEAD.size + DIGEST_BYTES
    if len(data) < start:
        return None
    width, height = _HEAD.unpack_from(data)
    across, down = min(SIDE, width), min(SIDE, height)
    color = (2, min(COLOR_SIDE, down), min(COLOR_SIDE, across))
    if len(data) != start + across * down + color[0] * color[1] * color[2]:
        return None
    pixels = np.frombuffer(data, dtype=np.uint8, offset=start)
    fits = (width, height) == (across, down)
    return Fingerprint(
        width=width,
        height=height,
        luma=pixels[: across * down].reshape(down, across),
        color=pixels[across * down :].reshape(color),
        digest=data[_HEAD.size : start] if fits else b"",
    )
