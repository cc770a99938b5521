"""The eval transform: equal to torchvision's preset, small, bounded, and itself after JSON."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision.models import MobileNet_V2_Weights

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import InvalidInput
from forge_core.models import architectures


def make_gradient(width: int, height: int) -> Image.Image:
    """An RGB image whose red grows to the right and whose green grows downwards."""
    red = Image.linear_gradient("L").rotate(90).resize((width, height))
    green = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (red, green, Image.new("L", (width, height), 40)))


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (256, 256), (224, 900), (90, 60)])
def test_output__equals_torchvisions_own_preset(size: tuple[int, int]) -> None:
    image = make_gradient(*size)
    ours = architectures.default_eval_transform("mobilenet_v2", None)(image)
    theirs = MobileNet_V2_Weights.IMAGENET1K_V1.transforms()(image)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def test_output__equals_torchvisions_own_preset_on_real_photos(
    shared_data: Callable[[str], Path],
) -> None:
    photos = sorted(shared_data("imagenet_samples_100").glob("*.JPEG"))
    assert len(photos) == 100
    ours = architectures.default_eval_transform("mobilenet_v2", None)
    theirs = MobileNet_V2_Weights.IMAGENET1K_V1.transforms()
    for photo in photos[::4]:
        with Image.open(photo) as opened:
            image = opened.convert("RGB")
        torch.testing.assert_close(ours(image), theirs(image), rtol=0, atol=1e-6)


def test_resize_image__keeps_the_aspect_ratio_as_uint8() -> None:
    pixels = EvalTransform(resize=64, crop=56).resize_image(make_gradient(300, 150))
    assert pixels.shape == (3, 64, 128)
    assert pixels.dtype == torch.uint8


def test_resize_image__enlarges_a_tiny_digit() -> None:
    transform = EvalTransform(resize=32, crop=32)
    assert transform(Image.new("RGB", (8, 8), "white")).shape == (3, 32, 32)
    assert transform(Image.new("RGB", (1, 1), "white")).shape == (3, 32, 32)


def test_resize_image__bounds_the_memory_of_a_long_strip() -> None:
    transform = EvalTransform(resize=256, crop=224)
    pixels = transform.resize_image(Image.new("RGB", (1, 30_000), "red"))
    assert pixels.shape == (3, 256 * 16, 256)
    assert transform.finish(pixels).shape == (3, 224, 224)


def test_resize_image__cuts_a_strip_around_its_centre() -> None:
    strip = Image.new("RGB", (2_000, 10), "black")
    strip.paste("white", (1_000 - 80, 0, 1_000 + 80, 10))
    pixels = EvalTransform(resize=10, crop=10).resize_image(strip)
    assert pixels.shape == (3, 10, 160)
    assert pixels.float().mean() == 255


def test_normalise__has_the_values_worked_out_by_hand() -> None:
    transform = EvalTransform(resize=2, crop=2, mean=(0.5, 0.0, 1.0), std=(0.5, 1.0, 2.0))
    inputs = transform(Image.new("RGB", (2, 2), (255, 51, 0)))
    # (1 - 0.5) / 0.5 = 1, (0.2 - 0) / 1 = 0.2, (0 - 1) / 2 = -0.5
    assert inputs[:, 0, 0].tolist() == pytest.approx([1.0, 0.2, -0.5])


def test_denormalise__gives_the_same_pixels_back() -> None:
    transform = EvalTransform(resize=48, crop=48)
    pixels = transform.resize_image(make_gradient(48, 48))
    assert torch.equal(transform.denormalise(transform.normalise(pixels)), pixels)


def test_finish__treats_a_batch_like_its_images() -> None:
    transform = EvalTransform(resize=40, crop=32)
    batch = torch.randint(0, 256, (5, 3, 40, 50), dtype=torch.uint8)
    together = transform.finish(batch)
    apart = torch.stack([transform.finish(pixels) for pixels in batch])
    assert torch.equal(together, apart)


def test_call__turns_a_picture_grey_for_a_one_channel_network() -> None:
    transform = EvalTransform(resize=8, crop=8, channels=1, mean=(0.0,), std=(1.0,))
    inputs = transform(Image.new("RGB", (8, 8), (255, 0, 0)))
    assert inputs.shape == (1, 8, 8)
    assert float(inputs.mean()) == pytest.approx(0.299, abs=0.003)  # the luma weight of red


@pytest.mark.parametrize("name", list(architectures.ARCHITECTURES))
def test_json__reads_back_equal(name: str) -> None:
    transform = architectures.default_eval_transform(name, None)
    assert EvalTransform.from_json(transform.to_json()) == transform


@pytest.mark.parametrize(
    "values",
    [
        {"resize": 32, "crop": 64},
        {"resize": 0, "crop": 0},
        {"resize": 10**9, "crop": 10**9},
        {"resize": 32.5, "crop": 32},
        {"resize": True, "crop": True},
        {"resize": 32, "crop": 32, "interpolation": "nearest"},
        {"resize": 32, "crop": 32, "std": (0.0, 1.0, 1.0)},
        {"resize": 32, "crop": 32, "mean": (0.5,)},
        {"resize": 32, "crop": 32, "mean": "abc"},
        {"resize": 32, "crop": 32, "mean": 5},
        {"resize": 32, "crop": 32, "surprise": 1},
        {"crop": 32},
        [],
    ],
)
def test_from_dict__refuses_values_that_cannot_be_used(values: object) -> None:
    with pytest.raises(InvalidInput):
        EvalTransform.from_dict(values)


def test_from_json__refuses_text_that_is_not_json() -> None:
    with pytest.raises(InvalidInput, match="not JSON"):
        EvalTransform.from_json("{")


PAD = EvalTransform(resize=32, crop=32, aspect="pad")


@pytest.mark.parametrize("size", [(64, 16), (16, 64), (50, 50), (400, 2), (1, 1)])
def test_pad__keeps_the_whole_image_in_its_shape(size: tuple[int, int]) -> None:
    white = Image.new("RGB", size, "white")
    pixels = PAD.resize_image(white)
    width, height = size
    longest = max(width, height)
    assert pixels.shape[1:] == (
        max(1, round(32 * max(height, longest / 16) / longest)) if height < longest else 32,
        max(1, round(32 * max(width, longest / 16) / longest)) if width < longest else 32,
    )
    shown = PAD.denormalise(PAD(white))
    assert shown.shape == (3, 32, 32)
    share = float((shown == 255).all(dim=0).float().mean())
    assert share == pytest.approx(pixels.shape[1] * pixels.shape[2] / 32**2)


def test_pad__fills_with_the_mean_colour_which_is_zero_for_the_network() -> None:
    inputs = PAD(Image.new("RGB", (64, 16), "white"))  # 32 x 8 px, rows 12 to 19
    assert float(inputs[:, :12].abs().max()) < 0.01  # half a grey level of the mean
    assert float(inputs[:, 20:].abs().max()) < 0.01
    assert float(inputs[:, 12:20].min()) > 1


def test_pad__a_square_image_is_as_with_crop() -> None:
    image = Image.effect_noise((48, 48), 80).convert("RGB")
    crop = EvalTransform(resize=32, crop=32)
    assert torch.equal(PAD(image), crop(image))


def test_pad__reads_back_equal_and_old_values_mean_crop() -> None:
    assert EvalTransform.from_json(PAD.to_json()) == PAD
    old = {k: v for k, v in PAD.to_dict().items() if k != "fit"}
    assert EvalTransform.from_dict(old).aspect == "crop"
    assert PAD.to_dict()["fit"] == "pad", "as the cards of earlier checkpoints have it"
    with pytest.raises(InvalidInput):
        EvalTransform(resize=40, crop=32, aspect="pad")
