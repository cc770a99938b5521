"""Golden predictions: a few images and their logits, kept to notice a machine that differs.

A change of library, device, precision or of one weight can alter predictions without any error.
Replaying these images at every load makes that loud. They are pixels, not network inputs, so a
wrong normalisation is noticed too.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import InvalidInput
from forge_core.models import precision

COUNT = 4
_CANDIDATES = 8
_SEED = 20_240_229
# Patches a side of the drawn images, from a few large ones to fine noise.
_PATCHES = (2, 3, 5, 8, 13, 21, 34, 55)


@dataclass(frozen=True)
class GoldenReport:
    """How the golden predictions came out on this machine."""

    max_relative_difference: float
    """Largest difference of any logit, as a share of the largest golden |logit|."""
    argmax_equal: bool
    """Whether every image got the same class."""
    passed: bool
    """Same classes, and the difference within the card's tolerance."""


@dataclass(frozen=True)
class GoldenPredictions:
    """Images with the logits that the network gave when it was saved.

    Legend: G images, K classes.
    """

    pixels: Tensor
    """(G, 3, crop, crop) uint8."""
    logits: Tensor
    """(G, K) float32."""


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


def make_golden(model: nn.Module, eval_transform: EvalTransform) -> GoldenPredictions:
    """Draw images and keep those whose class is the least in doubt.

    The images are the same for every network of an input size, the choice is not: where two
    logits nearly tie, a rounding error on another machine would change the class.

    Args:
        model: On the CPU, in float32.
        eval_transform: What the network's inputs go through.

    Raises:
        InvalidInput: The network gives numbers that are not finite.
    """
    pixels = _draw_images(eval_transform.crop)
    logits = compute_logits(model, pixels, eval_transform)
    if not bool(torch.isfinite(logits).all()):
        raise InvalidInput(
            "The network gives numbers that are not finite; a checkpoint of it is of no use.",
            next_step="Lower the learning rate, or go on from an earlier checkpoint.",
        )
    first, second = logits.topk(2, dim=1).values.unbind(1)
    kept = (first - second).argsort(descending=True)[:COUNT].sort().values
    return GoldenPredictions(pixels[kept].clone(), logits[kept].clone())


def replay(
    model: nn.Module,
    golden: GoldenPredictions,
    eval_transform: EvalTransform,
    *,
    tolerance: float,
) -> GoldenReport:
    """Predict the golden images again, on the device of the model."""
    logits = compute_logits(model, golden.pixels, eval_transform)
    largest = max(float(golden.logits.abs().max()), torch.finfo(torch.float32).tiny)
    difference = float((logits - golden.logits).abs().max()) / largest
    same = bool((logits.argmax(1) == golden.logits.argmax(1)).all())
    # A NaN compares as false, so it fails.
    return GoldenReport(difference, same, passed=same and difference <= tolerance)


def _draw_images(side: int) -> Tensor:
    """(G, 3, side, side) uint8 of random colours, smooth to noisy; the same on every machine."""
    generator = torch.Generator().manual_seed(_SEED)
    images = []
    for patches in _PATCHES[:_CANDIDATES]:
        colours = torch.randint(0, 256, (1, 3, patches, patches), generator=generator)
        images.append(
            nn.functional.interpolate(
                colours.float(), size=(side, side), mode="bilinear", align_corners=False
            )
        )
    return torch.cat(images).round().clamp(0, 255).to(torch.uint8)
