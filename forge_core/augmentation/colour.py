"""Change the colours of a batch, each image by its own numbers and in its own order.

As torchvision's transforms v2 for float images. Hue costs a sixth of its time there: it needs no
table of the six sectors of the colour circle.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from forge_core.augmentation.drawing import COLOUR_STEPS, Draw

_GREY_WEIGHTS = (0.2989, 0.587, 0.114)


def jitter(pixels: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Apply the colour steps of each image.

    Args:
        pixels: (N, 3, H, W) float from 0 to 1; changed in place where that is faster.
        draws: N.

    Returns:
        (N, 3, H, W) float from 0 to 1.
    """
    for place in range(len(COLOUR_STEPS)):
        for name in COLOUR_STEPS:
            chosen = [
                index
                for index, drawn in enumerate(draws)
                if place < len(drawn.colour) and drawn.colour[place][0] == name
            ]
            if not chosen:
                continue
            factors = torch.tensor([draws[index].colour[place][1] for index in chosen])
            factors = factors.to(pixels.device)[:, None, None]
            if len(chosen) == len(draws):
                pixels = _STEPS[name](pixels, factors)
            else:
                indices = torch.tensor(chosen, device=pixels.device)
                pixels[indices] = _STEPS[name](pixels[indices], factors)
    return pixels


def to_grey(pixels: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Drop the colour of the images that are to lose it: (N, 3, H, W)."""
    for index, drawn in enumerate(draws):
        if drawn.greyscale:
            pixels[index] = _grey(pixels[index : index + 1])
    return pixels


def _grey(pixels: Tensor) -> Tensor:
    """Luma (N, H, W)."""
    red, green, blue = _GREY_WEIGHTS
    return (pixels[:, 0] * red).add_(pixels[:, 1], alpha=green).add_(pixels[:, 2], alpha=blue)


def _brightness(pixels: Tensor, factors: Tensor) -> Tensor:
    return pixels.mul_(factors[:, None]).clamp_(0, 1)


def _contrast(pixels: Tensor, factors: Tensor) -> Tensor:
    mean = _grey(pixels).mean(dim=(-2, -1), keepdim=True)
    return _blend(pixels, mean, factors)


def _saturation(pixels: Tensor, factors: Tensor) -> Tensor:
    return _blend(pixels, _grey(pixels), factors)


def _blend(pixels: Tensor, other: Tensor, factors: Tensor) -> Tensor:
    """Factors * pixels + (1 - factors) * other."""
    return pixels.mul_(factors[:, None]).add_((other * (1 - factors))[:, None]).clamp_(0, 1)


def _hue(pixels: Tensor, shifts: Tensor) -> Tensor:
    """Turn the hue by a share of the circle; value and saturation stay."""
    red, green, blue = pixels.unbind(1)
    highest = torch.maximum(torch.maximum(red, green), blue)
    lowest = torch.minimum(torch.minimum(red, green), blue)
    chroma = highest - lowest
    inverse = chroma.clamp(min=1e-8).reciprocal_()
    hue = torch.where(
        highest == red,
        (green - blue) * inverse,
        torch.where(highest == green, (blue - red) * inverse + 2, (red - green) * inverse + 4),
    )
    hue = hue.add_(shifts * 6).remainder_(6)
    found = torch.empty_like(pixels)
    for channel, (sign, centre) in enumerate(((1, 3.0), (-1, 2.0), (-1, 4.0))):
        share = (hue - centre).abs_()
        share = share.sub_(1) if sign > 0 else share.neg_().add_(2)
        torch.addcmul(lowest, chroma, share.clamp_(0, 1), out=found[:, channel])
    return found


_STEPS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "hue": _hue,
}
