"""Two fingerprints of an image: of its bytes, and of what it shows."""

import hashlib

from PIL import Image

HASH_SIDE = 8


def content_hash(data: bytes) -> str:
    """SHA-256 of the bytes, 64 lower case hex digits: the identity of a file."""
    return hashlib.sha256(data).hexdigest()


def perceptual_hash(image: Image.Image) -> str:
    """64-bit difference hash of an image, 16 lower case hex digits.

    Copies that were scaled, re-encoded or slightly edited differ in few bits; compare with
    `hamming_distance`. An image of one flat colour gives all zeros.

    Source: N. Krawetz, "Kind of Like That" (2013), dHash: each bit says whether a pixel of the
    grey 9 x 8 reduction is darker than its right neighbour.
    """
    grey = image.convert("L").resize(
        (HASH_SIDE + 1, HASH_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0
    )
    pixels = grey.tobytes()
    bits = 0
    for row in range(HASH_SIDE):
        start = row * (HASH_SIDE + 1)
        for column in range(start, start + HASH_SIDE):
            bits = bits << 1 | (pixels[column] < pixels[column + 1])
    return f"{bits:016x}"


def hamming_distance(first: str, second: str) -> int:
    """Differing bits of two perceptual hashes, 0 to 64; near-duplicates differ in few."""
    return (int(first, 16) ^ int(second, 16)).bit_count()
