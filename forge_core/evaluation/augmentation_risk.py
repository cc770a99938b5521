"""How often does a network change its answer when an image is augmented, one way at a time?

A high share has two causes, and only a person can tell them apart: the augmentation turns one class
into another (a mirrored letter), which must not be trained on; or the network never saw it, and
training with it would help. Pure: pixels and logits, no database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from forge_core.augmentation import seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.errors import InvalidInput
from forge_core.evaluation.sampling import intervals
from forge_core.progress import SILENT, Progress

ALL_TOGETHER = "all together"
CHANCES = ("horizontal_flip", "vertical_flip", "greyscale", "erasing")
"""Parts that happen or not: they are checked as if they always happened."""
FRAMING = ("crop", ALL_TOGETHER)
"""Parts that frame the image as training does; all others are applied to the frame of validation,
so that a part alone is not blamed for what training's other frame does."""
STRENGTHS = ("brightness", "contrast", "saturation", "hue")
BATCH_IMAGES = 32

Network = Callable[[Tensor], Tensor]
"""From inputs (N, C, S, S) to logits (N, K), both on the CPU."""


@dataclass(frozen=True, kw_only=True)
class AugmentationRisk:
    """What one augmentation does to the answers of a network."""

    part: str
    """Name of the part, or `ALL_TOGETHER`."""
    is_used: bool
    """Whether the checked parameters have it."""
    num_images: int
    num_changed: int
    """Images whose answer is another class than without augmentation."""
    num_spoilt: int
    """Images that were answered rightly, and are not any more."""
    changed_interval: tuple[float, float]
    """Wilson interval of the share of changed answers at 95 %."""

    @property
    def share_changed(self) -> float:
        """0 to 1."""
        return self.num_changed / self.num_images


def isolate(parameters: AugmentationParameters) -> dict[str, AugmentationParameters]:
    """The parts of an augmentation, each alone; both flips and grey are always among them."""
    nothing = AugmentationParameters()
    found: dict[str, AugmentationParameters] = {}
    crop = {name: getattr(parameters, name) for name in _CROP}
    if crop != {name: getattr(nothing, name) for name in _CROP}:
        found["crop"] = replace(nothing, **crop)
    if parameters.rotation_degrees:
        found["rotation"] = replace(nothing, rotation_degrees=parameters.rotation_degrees)
    for name in ("horizontal_flip", "vertical_flip", "greyscale"):
        found[name] = replace(nothing, **{name: 1.0})
    for name in STRENGTHS:
        if getattr(parameters, name):
            found[name] = replace(nothing, **{name: getattr(parameters, name)})
    if parameters.erasing:
        found["erasing"] = replace(parameters, **_without_all_but_erasing(nothing))
    found[ALL_TOGETHER] = parameters
    return found


_CROP = ("crop_scale_min", "crop_scale_max", "crop_ratio_min", "crop_ratio_max")
_ERASING = ("erasing_scale_min", "erasing_scale_max")


def _without_all_but_erasing(nothing: AugmentationParameters) -> dict[str, float]:
    values = {name: value for name, value in nothing.to_dict().items() if name not in _ERASING}
    return {**values, "erasing": 1.0}


def check_risk(
    network: Network,
    eval_transform: EvalTransform,
    pixels: Sequence[Tensor],
    labels: Sequence[int],
    parameters: AugmentationParameters,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[AugmentationRisk]:
    """Compare the answers without augmentation to those with each part of it.

    Every image is augmented once a part, by its own seed. The crop, and all together, frame it as
    training does; every other part is applied to what validation sees of it.

    Args:
        network: Gives the logits.
        eval_transform: Of that network.
        pixels: N times (3, H, W) uint8 of `EvalTransform.resize_image`, N at least 1.
        labels: N positions of the right class.
        parameters: What is checked.
        seed: The same seed gives the same answer.
        progress: Told the looks at an image over all parts; asked before each batch of them.

    Returns:
        The parts, most changed answers first; all together last.

    Raises:
        InvalidInput: There is no image.
        Cancelled: Nothing is answered.
    """
    if not pixels:
        raise InvalidInput("0 images were given, so nothing can be checked.")
    parts = isolate(parameters)
    total = len(pixels) * (len(parts) + 1)
    counted = 0

    def answer(transform: Callable[[int, int], Tensor]) -> Tensor:
        nonlocal counted
        found = []
        for start in range(0, len(pixels), BATCH_IMAGES):
            progress.check()
            stop = min(start + BATCH_IMAGES, len(pixels))
            found.append(network(transform(start, stop)).argmax(dim=1))
            counted += stop - start
            progress.advance(counted, total, f"{counted:,} of {total:,} looks")
        return torch.cat(found)

    def plain(start: int, stop: int) -> Tensor:
        return torch.stack([eval_transform.finish(image) for image in pixels[start:stop]])

    before = answer(plain)
    right = before == torch.tensor(labels)
    risks = []
    for place, (part, alone) in enumerate(parts.items()):

        def varied(
            start: int,
            stop: int,
            *,
            augment: TrainTransform = TrainTransform(alone, eval_transform),
            place: int = place,
            frames: bool = part in FRAMING,
        ) -> Tensor:
            images = pixels[start:stop]
            if not frames:
                images = [eval_transform.frame(image) for image in images]
            seeds = [seeding.sample_seed(seed, place, index) for index in range(start, stop)]
            return augment(images, seeds)

        changed = answer(varied) != before
        num_changed = int(changed.sum())
        risks.append(
            AugmentationRisk(
                part=part,
                is_used=part == ALL_TOGETHER or _is_used(parameters, part),
                num_images=len(pixels),
                num_changed=num_changed,
                num_spoilt=int((changed & right).sum()),
                changed_interval=intervals.wilson_interval(num_changed, len(pixels)),
            )
        )
    return sorted(risks, key=lambda risk: (risk.part == ALL_TOGETHER, -risk.num_changed))


def _is_used(parameters: AugmentationParameters, part: str) -> bool:
    return bool(getattr(parameters, part)) if part in (*CHANCES, *STRENGTHS) else True
