"""Colour steps do what torchvision's do with the same factor."""

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from forge_core.augmentation import colour
from forge_core.augmentation.drawing import Box, Draw

THEIRS = {
    "brightness": functional.adjust_brightness,
    "contrast": functional.adjust_contrast,
    "saturation": functional.adjust_saturation,
    "hue": functional.adjust_hue,
}


def make_draw(*steps: tuple[str, float], greyscale: bool = False) -> Draw:
    return Draw(
        crop=Box(0, 0, 1, 1),
        flip_horizontal=False,
        flip_vertical=False,
        angle_radians=0,
        colour=steps,
        greyscale=greyscale,
        erased=None,
    )


def make_pixels(number: int) -> Tensor:
    """Noise with grey, black, white and pure pixels among it."""
    pixels = torch.rand(number, 3, 12, 10, generator=torch.Generator().manual_seed(number))
    pixels[:, :, 0] = torch.rand(number, 1, 10, generator=torch.Generator().manual_seed(1))
    pixels[:, :, 1, :3] = torch.eye(3)
    pixels[:, :, 2, 0], pixels[:, :, 2, 1] = 0, 1
    return pixels


@pytest.mark.parametrize("factor", [-0.5, -0.21, 0, 0.05, 0.4, 0.5])
def test_hue__equals_torchvision(factor: float) -> None:
    pixels = make_pixels(3)
    expected = functional.adjust_hue(pixels, factor)
    found = colour.jitter(pixels.clone(), [make_draw(("hue", factor))] * 3)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
@pytest.mark.parametrize("factor", [0.0, 0.7, 1.0, 1.9])
def test_step__equals_torchvision(name: str, factor: float) -> None:
    pixels = make_pixels(2)
    expected = THEIRS[name](pixels, factor)
    found = colour.jitter(pixels.clone(), [make_draw((name, factor))] * 2)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_jitter__each_image_has_its_own_steps_in_its_own_order() -> None:
    draws = [
        make_draw(("brightness", 1.6), ("hue", 0.2), ("contrast", 0.4)),
        make_draw(("contrast", 0.4), ("hue", 0.2), ("brightness", 1.6)),
        make_draw(("saturation", 1.5)),
        make_draw(),
    ]
    pixels = make_pixels(4)
    found = colour.jitter(pixels.clone(), draws)
    for index, drawn in enumerate(draws):
        expected = pixels[index]
        for name, factor in drawn.colour:
            expected = THEIRS[name](expected, factor)
        torch.testing.assert_close(found[index], expected, rtol=0, atol=1e-5)
    assert not torch.allclose(found[0], found[1], atol=0.02)  # the order matters, as it does there


def test_to_grey__only_where_it_was_drawn() -> None:
    pixels = make_pixels(2)
    found = colour.to_grey(pixels.clone(), [make_draw(), make_draw(greyscale=True)])
    assert torch.equal(found[0], pixels[0])
    expected = functional.rgb_to_grayscale(pixels[1], num_output_channels=3)
    torch.testing.assert_close(found[1], expected, rtol=0, atol=1e-6)
