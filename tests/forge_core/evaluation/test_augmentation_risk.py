"""The risk check counts changed answers, with networks whose answers can be worked out by hand."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from forge_core.augmentation.eval_transform import Aspect, EvalTransform
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.errors import InvalidInput
from forge_core.evaluation import augmentation_risk
from forge_core.evaluation.augmentation_risk import ALL_TOGETHER, AugmentationRisk
from forge_core.progress import Progress

SIZE = EvalTransform(resize=16, crop=16)


def make_pixels(*, bright_left: bool) -> Tensor:
    """Red, bright on one side."""
    pixels = torch.zeros(3, 16, 16, dtype=torch.uint8)
    pixels[0, :, : 8 if bright_left else 16] = 200
    if not bright_left:
        pixels[0, :, :8] = 0
    return pixels


def sees_sides(inputs: Tensor) -> Tensor:
    """Class 0 where the left half is brighter, else class 1."""
    left, right = inputs[..., :8].mean(dim=(1, 2, 3)), inputs[..., 8:].mean(dim=(1, 2, 3))
    return torch.stack([left, right], dim=1)


def sees_red(inputs: Tensor) -> Tensor:
    """Class 0 where red is above green."""
    shown = torch.stack([SIZE.denormalise(image) for image in inputs]).float()
    red, green = shown[:, 0].mean(dim=(1, 2)), shown[:, 1].mean(dim=(1, 2))
    return torch.stack([red - green, torch.full_like(red, 1.0)], dim=1)


def by_part(risks: list[AugmentationRisk]) -> dict[str, AugmentationRisk]:
    return {risk.part: risk for risk in risks}


PIXELS = [make_pixels(bright_left=index % 2 == 0) for index in range(10)]


def test_flip__changes_every_answer_of_a_network_that_tells_left_from_right() -> None:
    labels = [0] * 10  # the five bright on the right are answered wrongly before
    risks = augmentation_risk.check_risk(
        sees_sides, SIZE, PIXELS, labels, AugmentationParameters(horizontal_flip=0.5)
    )
    found = by_part(risks)
    flip = found["horizontal_flip"]
    assert (flip.num_images, flip.num_changed, flip.num_spoilt) == (10, 10, 5)
    assert flip.share_changed == 1
    assert flip.changed_interval[0] > 0.7
    assert flip.is_used
    assert found["vertical_flip"].num_changed == 0
    assert not found["vertical_flip"].is_used
    assert 0 < found[ALL_TOGETHER].num_changed < 10  # half of the images are flipped
    assert risks[0].part == "horizontal_flip"
    assert risks[-1].part == ALL_TOGETHER


def test_greyscale__changes_the_answers_of_a_network_that_tells_colours() -> None:
    risks = by_part(
        augmentation_risk.check_risk(sees_red, SIZE, PIXELS, [0] * 10, AugmentationParameters())
    )
    assert risks["greyscale"].num_changed == risks["greyscale"].num_spoilt == 10
    assert risks["horizontal_flip"].num_changed == 0
    assert risks[ALL_TOGETHER].num_changed == 0


@pytest.mark.parametrize("aspect", ["crop", "pad"])
def test_isolated_part__that_changes_nothing_gives_the_very_inputs_of_validation(
    aspect: Aspect,
) -> None:
    """Whatever the resize: a part alone is blamed for no zoom."""
    resize = 22 if aspect == "crop" else 16
    # A grey mean, so that what is padded stays as it is without colour.
    size = EvalTransform(resize=resize, crop=16, aspect=aspect, mean=(0.5, 0.5, 0.5))
    generator = torch.Generator().manual_seed(5)
    shape = (3, 22, 30) if aspect == "crop" else (3, 10, 16)
    noise = torch.randint(0, 255, shape, dtype=torch.uint8, generator=generator)
    grey = noise[:1].expand(shape)
    symmetric = torch.maximum(grey, grey.flip(-1))
    symmetric = torch.maximum(symmetric, symmetric.flip(-2))
    seen: list[Tensor] = []

    def keep(inputs: Tensor) -> Tensor:
        seen.append(inputs)
        return torch.zeros(len(inputs), 2)

    parameters = AugmentationParameters(brightness=1e-9, rotation_degrees=1e-9, crop_scale_min=0.5)
    augmentation_risk.check_risk(keep, size, [symmetric], [0], parameters)
    plain, crop, *isolated, together = seen
    assert len(isolated) == 5  # rotation, both flips, grey, brightness
    for inputs in isolated:
        assert torch.allclose(inputs, plain, atol=1e-3)
    assert not torch.allclose(crop, plain, atol=1e-2)
    assert not torch.allclose(together, plain, atol=1e-2)


def test_isolate__each_part_alone_with_its_numbers() -> None:
    natural = PRESETS["natural"].parameters
    parts = augmentation_risk.isolate(natural)
    nothing = AugmentationParameters()
    assert parts["crop"] == replace(
        nothing, crop_scale_min=0.7, crop_ratio_min=0.75, crop_ratio_max=1.33
    )
    assert parts["rotation"] == replace(nothing, rotation_degrees=15)
    assert parts["hue"] == replace(nothing, hue=0.05)
    assert parts["erasing"] == replace(
        nothing, erasing=1, erasing_scale_min=0.02, erasing_scale_max=0.15
    )
    assert parts["horizontal_flip"] == replace(nothing, horizontal_flip=1)
    assert parts[ALL_TOGETHER] == natural
    assert set(augmentation_risk.isolate(nothing)) == {
        "horizontal_flip",
        "vertical_flip",
        "greyscale",
        ALL_TOGETHER,
    }


def test_check_risk__is_decided_by_the_seed() -> None:
    parameters = PRESETS["aerial"].parameters
    first, again, other = (
        augmentation_risk.check_risk(sees_sides, SIZE, PIXELS * 4, [0] * 40, parameters, seed=seed)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_check_risk__tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    augmentation_risk.check_risk(
        sees_sides,
        SIZE,
        PIXELS * 4,
        [0] * 40,
        AugmentationParameters(),
        progress=Progress(lambda now: told.append((now.done, now.total))),
    )
    assert told[-1] == (200, 200)  # 40 images, once plain and by four parts
    assert told == sorted(told)


def test_check_risk__refuses_no_images() -> None:
    with pytest.raises(InvalidInput):
        augmentation_risk.check_risk(sees_sides, SIZE, [], [], AugmentationParameters())
