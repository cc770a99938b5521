"""Images that an exported network is compared with its checkpoint on."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image

from forge_core.catalog.revisions import as_of, history
from forge_core.exports.verification import NUM_IMAGES
from forge_core.imaging import decode
from forge_core.predictions import image_batches
from forge_core.workspace import Workspace

_SEED = 20_240_229
_MODES = ("RGB", "L", "RGBA", "P", "CMYK", "I;16")
_LARGEST_SIDE = 700


def of_catalog(workspace: Workspace, grey_window: str) -> Iterator[Image.Image]:
    """`NUM_IMAGES` images that lie evenly in the catalog; what it lacks of them is drawn.

    Files that cannot be read are left out.
    """
    assets = as_of.read(workspace, history.latest_revision_id(workspace))
    count = min(NUM_IMAGES, len(assets))
    chosen = [assets[place * len(assets) // count] for place in range(count)]
    batches = image_batches.read_batches(
        workspace, image_batches.in_batches(chosen), _unchanged, grey_window=grey_window
    )
    num_found = 0
    for batch in batches:
        for _, image in batch.usable:
            num_found += 1
            yield image
    yield from drawn(grey_window, NUM_IMAGES - num_found)


def drawn(grey_window: str, count: int = NUM_IMAGES) -> Iterator[Image.Image]:
    """Pictures of many sizes and modes, encoded and decoded again as every picture is."""
    random = np.random.default_rng(_SEED)
    limits = decode.DEFAULT_LIMITS.with_window(grey_window)
    for place in range(count):
        width, height = np.exp(random.uniform(0, np.log(_LARGEST_SIDE), 2)).astype(int) + 1
        corners = random.integers(0, 256, (*random.integers(1, 24, 2), 3), dtype=np.uint8)
        picture = Image.fromarray(corners).resize(
            (int(width), int(height)), Image.Resampling.BICUBIC
        )
        yield decode.decode_image(
            _encode(picture, _MODES[place % len(_MODES)]), limits=limits
        ).image


def _unchanged(image: Image.Image) -> Image.Image:
    return image


def _encode(picture: Image.Image, mode: str) -> bytes:
    buffer = BytesIO()
    if mode == "I;16":
        deep = np.asarray(picture.convert("L"), dtype=np.uint16) * 257
        Image.fromarray(deep).save(buffer, "PNG", compress_level=1)
    else:
        kind = "JPEG" if mode == "CMYK" else "PNG"
        picture.convert(mode).save(buffer, kind, compress_level=1)
    return buffer.getvalue()
