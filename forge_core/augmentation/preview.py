"""What validation and training see of one image, made by their own code."""

from dataclasses import dataclass

from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional

from forge_core.augmentation import seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform


@dataclass(frozen=True)
class Preview:
    """One image as a person, as validation and as training see it."""

    original: Image.Image
    """The image before any transform."""
    evaluated: Image.Image
    """What validation and prediction see, crop x crop pixels."""
    variants: list[Image.Image]
    """What training sees in epoch 0, 1, 2 and so on, crop x crop pixels each."""


def make_preview(
    image: Image.Image,
    parameters: AugmentationParameters,
    eval_transform: EvalTransform,
    seed: int,
    count: int,
) -> Preview:
    """Show an image as validation and as training will see it.

    Variant e is exactly what a run with this seed feeds the network in epoch e when the image
    is the first of the epoch; the colours are put back from the normalised numbers.

    Args:
        image: RGB.
        parameters: What training may do to it.
        eval_transform: What validation does to it.
        seed: Seed of the run.
        count: Number of variants, 0 or more.

    Returns:
        The same preview for the same arguments, on every machine.
    """
    pixels = eval_transform.resize_image(image)
    seeds = [seeding.sample_seed(seed, epoch, 0) for epoch in range(count)]
    transform = TrainTransform(parameters, eval_transform)
    variants = [to_image(transform([pixels], [one])[0], eval_transform) for one in seeds]
    evaluated = to_image(eval_transform.finish(pixels), eval_transform)
    return Preview(original=image, evaluated=evaluated, variants=variants)


def to_image(inputs: Tensor, eval_transform: EvalTransform) -> Image.Image:
    """A network input (C, H, W) as a picture: the normalisation taken back."""
    image: Image.Image = functional.to_pil_image(eval_transform.denormalise(inputs))
    return image.convert("RGB")
