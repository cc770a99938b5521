"""Windows of deep greys: what becomes black and white, read from text and applied to pixels."""

import numpy as np
import pytest
from PIL import Image

from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.imaging.grey_window import DECLARED, GreyWindow
from tests.forge_core.imaging.draw import encode


def greys(image: Image.Image, window: str, kind: str = "PNG") -> list[int]:
    limits = DecodeLimits().with_window(window)
    decoded = decode.decode_image(encode(image, kind), limits=limits)
    return np.asarray(decoded.image)[..., 0].ravel().tolist()


def deep(*values: int) -> Image.Image:
    return Image.fromarray(np.array([values], dtype=np.uint16))


@pytest.mark.parametrize(
    "text",
    ["declared", "percentile:1-99", "percentile:0.5-99.5", "fixed:2048/4096", "fixed:-600/1500"],
)
def test_parse__reads_what_it_writes(text: str) -> None:
    assert str(GreyWindow.parse(text)) == text
    assert "/" not in GreyWindow.parse(text).name()
    assert ":" not in GreyWindow.parse(text).name()


def test_parse__nothing_is_the_default() -> None:
    assert GreyWindow.parse("") == DECLARED
    assert DECLARED.name() == ""


@pytest.mark.parametrize(
    "text",
    [
        *(
            "percentile",
            "percentile:99-1",
            "percentile:5-5",
            "percentile:-1-99",
            "percentile:0-101",
        ),
        *("fixed:100/0", "fixed:100/-5", "fixed:1e9/2", "fixed:" + "9" * 5000 + "/2", "auto", "\0"),
    ],
)
def test_parse__refuses_in_words(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no window of greys"):
        GreyWindow.parse(text)


def test_declared__is_as_it_always_was() -> None:
    assert greys(deep(0, 4095, 65535), "declared") == [0, 16, 255]


def test_fixed__the_same_value_is_the_same_grey_in_every_image() -> None:
    # 2048 is the middle: 255 * (2048 - 0) / 4096 + 0.5 = 128; beyond the window is white
    assert greys(deep(0, 2048, 4096, 60_000), "fixed:2048/4096") == [0, 128, 255, 255]
    assert greys(deep(2048, 2048, 2048), "fixed:2048/4096") == [128, 128, 128]


def test_percentile__follows_the_pixels_of_each_image() -> None:
    assert greys(deep(*range(0, 4096, 16)), "percentile:0-100")[::255] == [0, 255]
    # of 0 to 100, the tenth becomes black and the ninetieth white: 50 is in the middle
    values = greys(deep(*range(101)), "percentile:10-90")
    assert (values[10], values[50], values[90]) == (0, 128, 255)
    assert set(values[:10]) | set(values[91:]) == {0, 255}


def test_percentile__an_even_image_and_one_speck_are_no_division_by_nought() -> None:
    assert greys(deep(7, 7, 7), "percentile:1-99") == [0, 0, 0]
    assert greys(deep(*[0] * 300, 4095), "percentile:1-99")[-1] == 255


def test_float_images__have_a_window_and_refuse_what_is_no_number() -> None:
    image = Image.fromarray(np.array([[-1000.0, 0.0, 400.0]], dtype=np.float32))
    assert greys(image, "fixed:-300/1400", "TIFF") == [0, 182, 255]
    broken = Image.fromarray(np.array([[0.0, float("nan")]], dtype=np.float32))
    with pytest.raises(ImageRejected, match="not finite"):
        greys(broken, "percentile:1-99", "TIFF")


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "LA"])
def test_eight_bits__have_no_window(mode: str) -> None:
    image = Image.new("L", (2, 1), 10).convert(mode)
    assert greys(image, "fixed:10/2") == greys(image, "declared")


def test_white_is_zero__stays_turned_round() -> None:
    image = deep(0, 4096)
    limits = DecodeLimits().with_window("fixed:2048/4096")
    data = encode(image, "TIFF", tiffinfo={262: 0})
    found = np.asarray(decode.decode_image(data, limits=limits).image)[..., 0].ravel().tolist()
    assert found == [255, 0]
