"""The random transform of training: decoded pixels and seeds in, a batch of network inputs out.

Each sample is a function of its own seed, in whatever batch it is computed, so that the preview
shows what the network gets.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from forge_core.augmentation import colour, geometry
from forge_core.augmentation.drawing import Draw, draw
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import AugmentationParameters


class TrainTransform:
    """Augments batches; size, filter and normalisation are those of the eval transform.

    On a processor images go through one by one, which keeps them in its cache; on other devices
    as one batch, because there each call costs more than its work.

    Args:
        parameters: What may happen to an image.
        eval_transform: What validation will do to it.
    """

    def __init__(self, parameters: AugmentationParameters, eval_transform: EvalTransform) -> None:
        self.parameters = parameters
        self.eval_transform = eval_transform

    def __call__(self, pixels: Sequence[Tensor], seeds: Sequence[int]) -> Tensor:
        """Network inputs of a batch.

        Args:
            pixels: N times (3, H, W) uint8 of `EvalTransform.resize_image`, on one device; any H
                and W from 1 px work.
            seeds: N, from `seeding.sample_seed`.

        Returns:
            (N, channels, crop, crop) float32 on the device of the pixels.
        """
        pixels = [self.eval_transform.fill_square(image) for image in pixels]
        draws = [self.draw(image, seed) for image, seed in zip(pixels, seeds, strict=True)]
        if pixels[0].device.type != "cpu":
            return self.apply_batch(pixels, draws)
        found = [
            self._finish(
                geometry.crop_one(image, drawn, self.eval_transform).float()[None], [drawn]
            )
            for image, drawn in zip(pixels, draws, strict=True)
        ]
        return torch.cat(found)

    def draw(self, pixels: Tensor, seed: int) -> Draw:
        """What the seed makes of an image (3, H, W)."""
        height, width = pixels.shape[-2:]
        side = self.eval_transform.crop
        return draw(self.parameters, seed, height=height, width=width, side=side)

    def apply_batch(self, pixels: Sequence[Tensor], draws: Sequence[Draw]) -> Tensor:
        """The whole batch at once, on any device: see `__call__`."""
        return self._finish(geometry.crop_batch(pixels, draws, self.eval_transform), draws)

    def _finish(self, pixels: Tensor, draws: Sequence[Draw]) -> Tensor:
        """What follows the crop, for (N, 3, side, side) float from 0 to 255."""
        if self.parameters.rotation_degrees:
            pixels = geometry.rotate(pixels, [drawn.angle_radians for drawn in draws])
        pixels = colour.jitter(pixels.div_(255), draws)
        pixels = colour.to_grey(pixels, draws)
        inputs = self.eval_transform.normalise_scaled(pixels)
        for place, drawn in enumerate(draws):
            if drawn.erased is not None:
                box = drawn.erased
                bottom, right = box.top + box.height, box.left + box.width
                inputs[place, :, box.top : bottom, box.left : right] = 0
        return inputs
