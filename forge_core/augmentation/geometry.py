"""Crop, resize, flip and turn pixels: one image on the processor, or a batch on a device."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as nn_functional
from torchvision.transforms.v2 import functional

from forge_core.augmentation.drawing import Box, Draw
from forge_core.augmentation.eval_transform import EvalTransform

_SUPPORT = {"bilinear": 1.0, "bicubic": 2.0}


def crop_one(pixels: Tensor, drawn: Draw, eval_transform: EvalTransform) -> Tensor:
    """Crop, resize and flip (3, H, W) uint8 to (3, side, side) uint8, on the processor.

    torchvision's kernel for uint8: ten times faster there than `crop_batch`.
    """
    box, side = drawn.crop, eval_transform.crop
    found: Tensor = functional.resized_crop(
        pixels,
        box.top,
        box.left,
        box.height,
        box.width,
        [side, side],
        interpolation=eval_transform.mode,
        antialias=eval_transform.antialias,
    )
    flips = [-1] * drawn.flip_horizontal + [-2] * drawn.flip_vertical
    return found.flip(flips) if flips else found


def crop_batch(
    pixels: Sequence[Tensor], draws: Sequence[Draw], eval_transform: EvalTransform
) -> Tensor:
    """`crop_one` for a whole batch in two matrix products, where launching kernels costs most.

    A resize is linear along each axis, so that crop, filter and flip of an image are one matrix a
    side. Sums are exact where those of uint8 are rounded: up to 1 of 255 apart from `crop_one`.

    Args:
        pixels: N times (3, H, W) uint8 of any sizes, on one device.
        draws: N.
        eval_transform: Size, filter and antialiasing.

    Returns:
        (N, 3, side, side) float32, whole numbers from 0 to 255.
    """
    device, side = pixels[0].device, eval_transform.crop
    height = max(image.shape[1] for image in pixels)
    width = max(image.shape[2] for image in pixels)
    padded = torch.zeros(len(pixels), 3, height, width, dtype=torch.uint8, device=device)
    for place, image in enumerate(pixels):
        padded[place, :, : image.shape[1], : image.shape[2]] = image
    rows = torch.stack([_filter(d.crop, 0, d.flip_vertical, height, eval_transform) for d in draws])
    columns = torch.stack(
        [_filter(d.crop, 1, d.flip_horizontal, width, eval_transform) for d in draws]
    )
    rows, columns = rows.to(device), columns.to(device)
    found = rows[:, None] @ padded.float() @ columns[:, None].transpose(-1, -2)
    assert found.shape[-2:] == (side, side)
    return found.round_().clamp_(0, 255)


def _filter(
    box: Box, axis: int, flipped: bool, length: int, eval_transform: EvalTransform
) -> Tensor:
    """Weights (side, length) that crop and resize along an axis, as Pillow's filters do."""
    first, size = (box.top, box.height) if axis == 0 else (box.left, box.width)
    scale = size / eval_transform.crop
    widening = max(scale, 1.0) if eval_transform.antialias else 1.0
    centres = (torch.arange(eval_transform.crop, dtype=torch.float64) + 0.5) * scale
    if flipped:
        centres = centres.flip(0)
    places = torch.arange(size, dtype=torch.float64) + 0.5
    weights = _kernel((places - centres[:, None]).abs() / widening, eval_transform.interpolation)
    found = torch.zeros(eval_transform.crop, length)
    found[:, first : first + size] = (weights / weights.sum(dim=1, keepdim=True)).float()
    return found


def _kernel(distance: Tensor, interpolation: str) -> Tensor:
    """Triangle, or the cubic with a = -0.5 that Pillow and torchvision use with antialiasing."""
    if interpolation == "bilinear":
        return (1 - distance).clamp(min=0)
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    inside = torch.where(distance < 1, near, far)
    return torch.where(distance < _SUPPORT[interpolation], inside, torch.zeros_like(inside))


def rotate(pixels: Tensor, angles: Sequence[float]) -> Tensor:
    """Turn images about their centre; what comes into the corners is the mirror image.

    A constant fill would paint wedges that no real image has, dark on paper and bright on a
    digit's black ground; the network would learn them.

    Args:
        pixels: (N, C, H, W) float.
        angles: N, in radians.
    """
    height, width = pixels.shape[-2:]
    # By hand: `affine_grid` multiplies matrices, and waking threads for so small a product
    # takes longer than the whole rotation.
    x = (torch.arange(1 - width, width, 2, device=pixels.device) / width)[None, :]
    y = (torch.arange(1 - height, height, 2, device=pixels.device) / height)[:, None]
    aspect = height / width
    cos = torch.tensor([math.cos(a) for a in angles]).to(pixels.device)[:, None, None]
    sin = torch.tensor([math.sin(a) for a in angles]).to(pixels.device)[:, None, None]
    grid = torch.stack([cos * x - sin * aspect * y, sin / aspect * x + cos * y], dim=-1)
    return nn_functional.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
