"""Mixup and CutMix: two images in one, and both labels.

What a batch is mixed with is a pure function of (seed, epoch, step), so a resumed run mixes as
one that was never interrupted.

Source: Zhang et al. 2018, "mixup", and Yun et al. 2019, "CutMix"; as torchvision's v2 transforms
a batch is mixed with itself rolled by one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # a plan of stages is read without torch
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How the images of one batch are mixed with their neighbours."""

    share: float
    """Of the own label in the target, 0 to 1; the neighbour's is the rest."""
    box: tuple[int, int, int, int] | None
    """top, bottom, left, right in pixels that come from the neighbour; None blends the whole."""

    def apply(self, inputs: "Tensor") -> "Tensor":
        """Mixed inputs (N, C, H, W); those given stay as they are."""
        neighbours = inputs.roll(1, 0)
        if self.box is None:
            return inputs.lerp(neighbours, 1.0 - self.share)
        top, bottom, left, right = self.box
        mixed = inputs.clone()
        mixed[:, :, top:bottom, left:right] = neighbours[:, :, top:bottom, left:right]
        return mixed


@dataclass(frozen=True, kw_only=True)
class MixRule:
    """How strongly the batches of a stage are mixed; both 0 leaves them alone."""

    mixup_alpha: float = 0.0
    cutmix_alpha: float = 0.0

    @property
    def is_on(self) -> bool:
        """Whether batches are mixed at all."""
        return bool(self.mixup_alpha or self.cutmix_alpha)

    def draw(self, seed: int, epoch: int, step: int, side: int) -> Mix | None:
        """The mix of a batch of square images of `side` pixels, or None."""
        if not self.is_on:
            return None
        random = np.random.default_rng([seed, epoch, step, 2])
        is_cut = not self.mixup_alpha or (bool(self.cutmix_alpha) and random.random() < 0.5)
        alpha = self.cutmix_alpha if is_cut else self.mixup_alpha
        share = float(random.beta(alpha, alpha))
        if not is_cut:
            return Mix(share=share, box=None)
        half = int(0.5 * np.sqrt(1.0 - share) * side)
        row, column = (int(value) for value in random.integers(0, side, 2))
        top, bottom = max(row - half, 0), min(row + half, side)
        left, right = max(column - half, 0), min(column + half, side)
        area = (bottom - top) * (right - left) / side**2
        return Mix(share=1.0 - area, box=(top, bottom, left, right))
