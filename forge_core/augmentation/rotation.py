"""Rotation whose corners hold image instead of a flat colour."""

import math

import torch
from torch import Tensor, nn


class MirroredRotation(nn.Module):
    """Rotate by a random angle about the centre; what comes into the corners is the mirror image.

    A constant fill would paint wedges that no real image has, dark on paper and bright on a
    digit's black ground; the network would learn them.

    Args:
        degrees: Angles are drawn evenly from minus to plus this.
    """

    def __init__(self, degrees: float) -> None:
        super().__init__()
        self.degrees = degrees

    def forward(self, pixels: Tensor) -> Tensor:
        """Rotate (C, H, W) uint8 by one angle drawn from torch's random stream."""
        angle = (torch.rand(()).item() * 2 - 1) * self.degrees * math.pi / 180
        height, width = pixels.shape[-2:]
        cos, sin, aspect = math.cos(angle), math.sin(angle), height / width
        # By hand: `affine_grid` multiplies matrices, and waking threads for so small a product
        # takes longer than the whole rotation.
        x = torch.arange(1 - width, width, 2) / width
        y = (torch.arange(1 - height, height, 2) / height)[:, None]
        grid = torch.stack([cos * x - sin * aspect * y, sin / aspect * x + cos * y], dim=-1)
        rotated = nn.functional.grid_sample(
            pixels[None].float(), grid[None], padding_mode="reflection", align_corners=False
        )
        return rotated[0].round_().clamp_(0, 255).to(torch.uint8)
