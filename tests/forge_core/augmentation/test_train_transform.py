"""The training transform: any size, decided by the seed alone, alone or in a batch."""

from dataclasses import replace

import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform

EVAL = EvalTransform(resize=32, crop=28)


def make_pixels(width: int = 40, height: int = 32) -> Tensor:
    """An "L" in white on black: no mirror image or quarter turn of it is the same."""
    image = Image.new("RGB", (width, height), "black")
    draw = ImageDraw.Draw(image)
    draw.line([(width // 3, height // 5), (width // 3, height - height // 5)], "white", 3)
    draw.line([(width // 3, height - height // 5), (width * 2 // 3, height * 4 // 5)], "red", 3)
    return EVAL.resize_image(image)


def augment(parameters: AugmentationParameters, pixels: Tensor, seed: int) -> Tensor:
    return TrainTransform(parameters, EVAL)([pixels], [seed])[0]


@pytest.mark.parametrize("name", list(PRESETS))
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (3, 200), (300, 224)])
def test_train_transform__works_on_any_size(name: str, size: tuple[int, int]) -> None:
    pixels = torch.randint(0, 256, (3, size[1], size[0]), dtype=torch.uint8)
    for seed in range(5):
        inputs = augment(PRESETS[name].parameters, pixels, seed)
        assert inputs.shape == (3, 28, 28)
        assert inputs.dtype == torch.float32
        assert torch.isfinite(inputs).all()


@pytest.mark.parametrize("name", list(PRESETS))
def test_train_transform__is_decided_by_the_seed(name: str) -> None:
    pixels = make_pixels()
    parameters = PRESETS[name].parameters
    assert torch.equal(augment(parameters, pixels, 3), augment(parameters, pixels, 3))
    variants = [augment(parameters, pixels, seed) for seed in range(4)]
    assert all(not torch.equal(variants[0], other) for other in variants[1:])


def test_train_transform__without_augmentation_is_the_eval_transform() -> None:
    same_size = EvalTransform(resize=32, crop=32)
    pixels = same_size.resize_image(Image.effect_noise((32, 32), 80).convert("RGB"))
    found = TrainTransform(AugmentationParameters(), same_size)([pixels], [0])[0]
    torch.testing.assert_close(found, same_size.finish(pixels))


def test_train_transform__normalises_as_the_eval_transform_does() -> None:
    grey = torch.full((3, 32, 32), 200, dtype=torch.uint8)
    plain = replace(PRESETS["medical"].parameters, brightness=0, contrast=0)
    torch.testing.assert_close(augment(plain, grey, 0), EVAL.finish(grey), rtol=0, atol=1e-6)


def test_train_transform__a_certain_flip_mirrors_the_picture() -> None:
    square = EvalTransform(resize=32, crop=32)
    pixels = square.resize_image(Image.linear_gradient("L").rotate(90).convert("RGB"))
    flips = TrainTransform(AugmentationParameters(horizontal_flip=1), square)
    torch.testing.assert_close(flips([pixels], [0])[0], square.finish(pixels).flip(-1))


def test_train_transform__erases_to_the_mean_after_normalising() -> None:
    white = torch.full((3, 32, 32), 255, dtype=torch.uint8)
    erasing = AugmentationParameters(erasing=1, erasing_scale_min=0.1, erasing_scale_max=0.1)
    inputs = augment(erasing, white, 0)
    blank = (inputs == 0).float().mean().item()
    assert blank == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("name", list(PRESETS))
def test_batch__is_its_samples_whatever_else_is_in_it(name: str) -> None:
    transform = TrainTransform(PRESETS[name].parameters, EVAL)
    pixels = [make_pixels(), make_pixels(64, 32), make_pixels(32, 90)]
    together = transform(pixels, [5, 6, 7])
    for index, image in enumerate(pixels):
        assert torch.equal(transform([image], [5 + index])[0], together[index])


@pytest.mark.parametrize("name", list(PRESETS))
def test_apply_batch__as_on_a_gpu_is_within_a_grey_level(name: str) -> None:
    parameters = replace(PRESETS[name].parameters, erasing=0)
    transform = TrainTransform(parameters, EVAL)
    pixels = [make_pixels(40 + 7 * index, 32) for index in range(8)]
    seeds = list(range(8))
    draws = [transform.draw(image, seed) for image, seed in zip(pixels, seeds, strict=True)]
    difference = (transform.apply_batch(pixels, draws) - transform(pixels, seeds)).abs()
    one_level = 1 / 255 / min(EVAL.std)
    # Colour steps stretch a difference: by 1.3 each, and hue between dark colours by more.
    assert float(difference.mean()) < 0.25 * one_level
    assert float(difference.quantile(0.999)) < 3 * one_level


def test_one_channel__is_grey_after_the_colours() -> None:
    grey = EvalTransform(resize=32, crop=28, channels=1, mean=(0.5,), std=(0.5,))
    inputs = TrainTransform(PRESETS["natural"].parameters, grey)([make_pixels()], [1])
    assert inputs.shape == (1, 1, 28, 28)


def test_pad__without_augmentation_is_the_eval_transform() -> None:
    pad = EvalTransform(resize=32, crop=32, aspect="pad")
    pixels = pad.resize_image(Image.effect_noise((64, 24), 80).convert("RGB"))
    found = TrainTransform(AugmentationParameters(), pad)([pixels], [0])[0]
    torch.testing.assert_close(found, pad.finish(pixels))
