"""Golden predictions: a few image files and their logits, kept to notice a machine that differs.

A change of library, device, precision or of one weight can alter predictions without any error.
Replaying these files at every load makes that loud. They are encoded as pictures come, so that
what decodes, turns, resizes, crops and normalises them is replayed with the network.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
import torch
from PIL import ExifTags, Image
from torch import Tensor, nn

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import InvalidInput
from forge_core.imaging import decode
from forge_core.models import precision
from forge_core.models.checkpoints.golden_report import GoldenReport

COUNT = 4
_SEED = 20_240_229
# Patches a side of the drawn images, from a few large ones to fine ones. Those of the first row
# are PNG with hard edges, those of the second JPEG, smooth and to be turned by their EXIF.
_PNG_PATCHES = (2, 5, 13, 34)
_JPEG_PATCHES = (3, 8, 21, 55)
_TURNED = 6
_JPEG_QUALITY = 90


@dataclass(frozen=True)
class GoldenPredictions:
    """Images with the logits that the network gave when it was saved.

    Legend: G images, K classes.
    """

    logits: Tensor
    """(G, K) float32."""
    images: tuple[bytes, ...] = ()
    """G image files; none in checkpoints of older versions, which keep `pixels`."""
    pixels_hash: str = ""
    """SHA-256 in hex of what `images` were after decode, resize and crop, where it was saved."""
    pixels: Tensor | None = None
    """(G, 3, crop, crop) uint8, where there are no `images`."""


def compute_logits(model: nn.Module, pixels: Tensor, eval_transform: EvalTransform) -> Tensor:
    """Logits (G, K) on the CPU of images (G, 3, H, W) uint8, in full float32 and eval mode."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), precision.full_float32():
            logits = model(eval_transform.finish(pixels).to(device))
    finally:
        model.train(was_training)
    result: Tensor = logits.float().cpu().clone()
    return result


def read_pixels(images: Sequence[bytes], eval_transform: EvalTransform) -> Tensor:
    """(G, 3, crop, crop) uint8 of G image files, by the way that every picture goes.

    Raises:
        ImageRejected: A file cannot be read.
    """
    limits = decode.DEFAULT_LIMITS.with_window(eval_transform.grey_window)
    decoded = (decode.decode_image(data, limits=limits).image for data in images)
    return torch.stack(
        [eval_transform.frame(eval_transform.resize_image(image)) for image in decoded]
    )


def make_golden(model: nn.Module, eval_transform: EvalTransform) -> GoldenPredictions:
    """Draw image files and keep those whose class is the least in doubt.

    The files are the same for every network of an input size, the choice is not: where two
    logits nearly tie, a rounding error on another machine would change the class.

    Args:
        model: On the CPU, in float32.
        eval_transform: What the network's inputs go through.

    Raises:
        InvalidInput: The network gives numbers that are not finite.
    """
    is_deep = eval_transform.grey_window != "declared"
    images = _drawn_files(eval_transform.resize, is_deep)
    pixels = read_pixels(images, eval_transform)
    logits = compute_logits(model, pixels, eval_transform)
    if not bool(torch.isfinite(logits).all()):
        raise InvalidInput(
            "The network gives numbers that are not finite; a checkpoint of it is of no use.",
            next_step="Lower the learning rate, or go on from an earlier checkpoint.",
        )
    first, second = logits.topk(2, dim=1).values.unbind(1)
    margins = first - second
    of_each = len(_PNG_PATCHES)
    kept = torch.cat(
        [
            start + margins[start : start + of_each].topk(COUNT // 2).indices.sort().values
            for start in (0, of_each)
        ]
    )
    return GoldenPredictions(
        logits[kept].clone(),
        tuple(images[place] for place in kept.tolist()),
        hash_pixels(pixels[kept]),
    )


def replay(
    model: nn.Module,
    golden: GoldenPredictions,
    eval_transform: EvalTransform,
    *,
    tolerance: float,
) -> GoldenReport:
    """Predict the golden images again, on the device of the model.

    Raises:
        ImageRejected: A file of them cannot be read.
    """
    pixels, pixels_equal = golden.pixels, None
    if pixels is None:
        pixels = read_pixels(golden.images, eval_transform)
        pixels_equal = hash_pixels(pixels) == golden.pixels_hash
    logits = compute_logits(model, pixels, eval_transform)
    largest = max(float(golden.logits.abs().max()), torch.finfo(torch.float32).tiny)
    difference = float((logits - golden.logits).abs().max()) / largest
    same = bool((logits.argmax(1) == golden.logits.argmax(1)).all())
    # A NaN compares as false, so it fails.
    return GoldenReport(difference, same, same and difference <= tolerance, pixels_equal)


def hash_pixels(pixels: Tensor) -> str:
    """SHA-256 in hex of uint8 values."""
    return hashlib.sha256(pixels.contiguous().numpy().data).hexdigest()


@lru_cache(maxsize=4)
def _drawn_files(resize: int, is_deep: bool) -> tuple[bytes, ...]:
    return tuple(_draw_files(resize, is_deep))


def _draw_files(resize: int, is_deep: bool) -> Iterator[bytes]:
    """Pictures of random colours; the pixels are the same on every machine.

    They are wider than high, and larger than what they are resized to, so that nothing of the
    way to the network is left out.

    Args:
        resize: Of the eval transform.
        is_deep: The PNG are of 12 bits of grey in 16, for a network with a window of greys.
    """
    generator = torch.Generator().manual_seed(_SEED)
    height = resize + max(2, resize // 8)
    size = (height, height * 4 // 3)
    for patches in _PNG_PATCHES:
        drawn = _draw(patches, size, "nearest", generator)
        yield _encode(_deepened(drawn) if is_deep else drawn, "PNG")
    for patches in _JPEG_PATCHES:
        turned = _draw(patches, size[::-1], "bilinear", generator)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = _TURNED
        yield _encode(turned, "JPEG", quality=_JPEG_QUALITY, exif=exif)


def _draw(
    patches: int, size: tuple[int, int], mode: str, generator: torch.Generator
) -> Image.Image:
    colours = torch.randint(0, 256, (1, 3, patches, patches), generator=generator).float()
    corners = None if mode == "nearest" else False
    drawn = nn.functional.interpolate(colours, size=size, mode=mode, align_corners=corners)
    pixels = drawn[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0)
    return Image.fromarray(pixels.contiguous().numpy())


def _deepened(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L"), dtype=np.uint16) * 16)


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
