"""The preview shows what training and validation really compute."""

import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from forge_core.augmentation import preview, seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import PRESETS
from forge_core.augmentation.train_transform import TrainTransform

EVAL = EvalTransform(resize=40, crop=32)


def make_picture() -> Image.Image:
    """A picture with structure in every channel."""
    bands = [Image.effect_noise((90, 60), sigma) for sigma in (20, 60, 90)]
    return Image.merge("RGB", bands)


def test_preview__variant_is_what_training_computes() -> None:
    picture = make_picture()
    parameters = PRESETS["natural"].parameters
    shown = preview.make_preview(picture, parameters, EVAL, seed=4, count=3)
    pixels = EVAL.resize_image(picture)
    (trained_on,) = TrainTransform(parameters, EVAL)([pixels], [seeding.sample_seed(4, 2, 0)])
    pixels = functional.pil_to_tensor(shown.variants[2])
    visible = trained_on.clamp(EVAL.normalise(torch.zeros(3, 1, 1, dtype=torch.uint8)).min(), 9)
    difference = (EVAL.normalise(pixels) - visible).abs().max()
    assert float(difference) < 0.02  # less than two grey levels: erased parts are not whole ones


def test_preview__evaluated_is_what_validation_computes() -> None:
    picture = make_picture()
    shown = preview.make_preview(picture, PRESETS["text"].parameters, EVAL, seed=0, count=0)
    pixels = functional.pil_to_tensor(shown.evaluated)
    assert torch.equal(EVAL.normalise(pixels), EVAL(picture))
    assert shown.variants == []
    assert shown.original is picture


def test_preview__same_seed_shows_the_same_and_another_seed_does_not() -> None:
    picture = make_picture()
    parameters = PRESETS["aerial"].parameters

    def variants(seed: int) -> list[bytes]:
        shown = preview.make_preview(picture, parameters, EVAL, seed=seed, count=4)
        return [variant.tobytes() for variant in shown.variants]

    assert variants(1) == variants(1)
    assert variants(1) != variants(2)
    assert len(set(variants(1))) == 4


def test_preview__works_on_an_eight_pixel_digit() -> None:
    digit = Image.new("RGB", (8, 8), "black")
    digit.putpixel((4, 4), (255, 255, 255))
    shown = preview.make_preview(
        digit, PRESETS["text"].parameters, EvalTransform(resize=32, crop=32), seed=0, count=9
    )
    assert shown.evaluated.size == (32, 32)
    assert {variant.size for variant in shown.variants} == {(32, 32)}
