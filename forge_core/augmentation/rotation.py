"""Rotation whose corners hold image instead of a flat colour."""

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
        angle = torch.deg2rad((torch.rand(()) * 2 - 1) * self.degrees)
        height, width = pixels.shape[-2:]
        cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros(())
        aspect = height / width
        matrix = torch.stack([cos, -sin * aspect, zero, sin / aspect, cos, zero]).view(1, 2, 3)
        grid = nn.functional.affine_grid(matrix, [1, 1, height, width], align_corners=False)
        rotated = nn.functional.grid_sample(
            pixels[None].float(), grid, padding_mode="reflection", align_corners=False
        )
        return rotated[0].round_().clamp_(0, 255).to(torch.uint8)
