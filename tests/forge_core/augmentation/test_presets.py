"""Domain presets: the promised numbers, safe on any size, decided by the seed alone."""

from dataclasses import replace

import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from forge_core.augmentation import presets, seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.augmentation.rotation import MirroredRotation
from forge_core.errors import InvalidInput

EVAL = EvalTransform(resize=32, crop=28)


def make_pixels(width: int = 40, height: int = 32) -> Tensor:
    """An "L" in white on black: no mirror image or quarter turn of it is the same."""
    image = Image.new("RGB", (width, height), "black")
    draw = ImageDraw.Draw(image)
    draw.line([(width // 3, height // 5), (width // 3, height - height // 5)], "white", 3)
    draw.line([(width // 3, height - height // 5), (width * 2 // 3, height * 4 // 5)], "red", 3)
    return EVAL.resize_image(image)


def augment(parameters: AugmentationParameters, pixels: Tensor, seed: int) -> Tensor:
    transform = presets.train_transform(parameters, EVAL)
    with seeding.seeded(seed):
        return transform(pixels)


def test_natural__has_the_numbers_of_the_field() -> None:
    assert PRESETS["natural"].parameters == AugmentationParameters(
        crop_scale_min=0.7,
        crop_scale_max=1.0,
        crop_ratio_min=0.75,
        crop_ratio_max=1.33,
        horizontal_flip=0.5,
        rotation_degrees=15,
        brightness=0.3,
        contrast=0.3,
        saturation=0.2,
        hue=0.05,
        greyscale=0.05,
        erasing=0.1,
        erasing_scale_min=0.02,
        erasing_scale_max=0.15,
    )


def test_medical__crops_gently_and_never_flips() -> None:
    medical = PRESETS["medical"].parameters
    assert (medical.crop_scale_min, medical.crop_scale_max) == (0.85, 1.0)
    assert medical.rotation_degrees == 10
    assert (medical.brightness, medical.contrast) == (0.15, 0.15)
    assert (medical.horizontal_flip, medical.vertical_flip) == (0, 0)
    assert (medical.saturation, medical.hue, medical.greyscale, medical.erasing) == (0, 0, 0, 0)


def test_aerial__has_no_up() -> None:
    aerial = PRESETS["aerial"].parameters
    assert (aerial.crop_scale_min, aerial.crop_scale_max) == (0.7, 1.0)
    assert (aerial.horizontal_flip, aerial.vertical_flip) == (0.5, 0.5)
    assert aerial.rotation_degrees == 90
    assert (aerial.brightness, aerial.contrast, aerial.saturation) == (0.2, 0.2, 0.2)


def test_text__moves_little_and_never_flips() -> None:
    text = PRESETS["text"].parameters
    assert (text.crop_scale_min, text.crop_scale_max) == (0.9, 1.0)
    assert 5 <= text.rotation_degrees <= 7
    assert (text.horizontal_flip, text.vertical_flip) == (0, 0)


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
    transform = presets.train_transform(AugmentationParameters(), same_size)
    torch.testing.assert_close(transform(pixels), same_size.finish(pixels))


def test_train_transform__normalises_as_the_eval_transform_does() -> None:
    grey = torch.full((3, 32, 32), 200, dtype=torch.uint8)
    plain = replace(PRESETS["medical"].parameters, brightness=0, contrast=0)
    torch.testing.assert_close(augment(plain, grey, 0), EVAL.finish(grey), rtol=0, atol=1e-6)


def test_train_transform__a_certain_flip_mirrors_the_picture() -> None:
    square = EvalTransform(resize=32, crop=32)
    pixels = square.resize_image(Image.linear_gradient("L").rotate(90).convert("RGB"))
    flipped = presets.train_transform(AugmentationParameters(horizontal_flip=1), square)(pixels)
    torch.testing.assert_close(flipped, square.finish(pixels).flip(-1))


def test_train_transform__erases_to_the_mean_after_normalising() -> None:
    white = torch.full((3, 32, 32), 255, dtype=torch.uint8)
    erasing = AugmentationParameters(erasing=1, erasing_scale_min=0.1, erasing_scale_max=0.1)
    inputs = augment(erasing, white, 0)
    blank = (inputs == 0).float().mean().item()
    assert blank == pytest.approx(0.1, abs=0.03)


def test_mirrored_rotation__turns_by_the_angle_it_draws() -> None:
    # A bright dot right of the centre, turned by an angle drawn from -90 to 90 degrees, keeps
    # its distance to the centre and lands where the angle says.
    pixels = torch.zeros(3, 41, 61, dtype=torch.uint8)
    pixels[:, 19:22, 39:42] = 255  # 10 px right of the centre (30, 20)
    for seed in range(8):
        torch.manual_seed(seed)
        angle = torch.deg2rad((torch.rand(()) * 2 - 1) * 90)
        torch.manual_seed(seed)
        turned = MirroredRotation(90)(pixels)[0].float()
        rows, columns = torch.meshgrid(torch.arange(41.0), torch.arange(61.0), indexing="ij")
        x = float((turned * columns).sum() / turned.sum()) - 30
        y = float((turned * rows).sum() / turned.sum()) - 20
        assert x == pytest.approx(float(10 * torch.cos(angle)), abs=0.3)
        assert abs(y) == pytest.approx(abs(float(10 * torch.sin(angle))), abs=0.3)


def test_mirrored_rotation__by_nothing_changes_nothing() -> None:
    pixels = torch.randint(0, 256, (3, 17, 30), dtype=torch.uint8)
    assert torch.equal(MirroredRotation(0)(pixels), pixels)


def test_mirrored_rotation__leaves_no_dark_corners() -> None:
    white = torch.full((3, 32, 32), 255, dtype=torch.uint8)
    for _ in range(10):
        assert int(MirroredRotation(90)(white).min()) >= 254


def test_parameters__read_back_equal_from_json() -> None:
    for preset in PRESETS.values():
        text = preset.parameters.to_json()
        assert AugmentationParameters.from_json(text) == preset.parameters


@pytest.mark.parametrize(
    "values",
    [
        {"crop_scale_min": 0.0},
        {"crop_scale_min": 0.9, "crop_scale_max": 0.5},
        {"crop_scale_max": 1.5},
        {"horizontal_flip": 1.1},
        {"hue": 0.6},
        {"rotation_degrees": float("nan")},
        {"rotation_degrees": 181},
        {"brightness": -0.1},
        {"brightness": "strong"},
        {"surprise": 1},
        "natural",
    ],
)
def test_parameters__refuse_what_cannot_be_done(values: object) -> None:
    with pytest.raises(InvalidInput):
        AugmentationParameters.from_dict(values)
