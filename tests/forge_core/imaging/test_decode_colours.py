"""Colours and depths of every format arrive as the right RGB."""

import struct

import pytest
from PIL import Image

from forge_core.imaging import decode
from tests.forge_core.imaging.draw import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    corners,
    encode,
    is_near,
    make_png,
    make_quarters,
    make_tiff,
)

QUARTERS = [RED, GREEN, BLUE, WHITE]


def grey_values(data: bytes) -> list[int]:
    image = decode.decode_image(data).image
    assert all(r == g == b for r, g, b in image.get_flattened_data())
    return [pixel[0] for pixel in image.get_flattened_data()]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK", "LAB", "YCbCr"])
def test_decode_image__colour_modes_keep_their_colours(mode: str) -> None:
    picture = make_quarters()
    if mode == "LAB":
        # CIE L*a*b* of sRGB red, green, blue and white, as 8-bit L and signed a and b
        values = [(136, 80, 67), (224, 177, 81), (75, 68, 144), (255, 0, 0)]
        stored = Image.new("LAB", (4, 1))
        for x, value in enumerate(values):
            stored.putpixel((x, 0), tuple((v + 128) % 256 if i else v for i, v in enumerate(value)))
        decoded = decode.decode_image(encode(stored, "TIFF"))
        found = [decoded.image.getpixel((x, 0)) for x in range(4)]
    else:
        kind = {"CMYK": "TIFF", "YCbCr": "TIFF"}.get(mode, "PNG")
        decoded = decode.decode_image(encode(picture.convert(mode), kind))
        found = corners(decoded.image)
    assert decoded.image.mode == "RGB"
    assert all(map(is_near, found, QUARTERS)), found
    assert decoded.source_mode == mode


def test_decode_image__cmyk_jpeg_is_not_inverted() -> None:
    decoded = decode.decode_image(encode(make_quarters().convert("CMYK"), "JPEG", quality=95))
    assert decoded.source_mode == "CMYK"
    assert all(map(is_near, corners(decoded.image), QUARTERS))


def test_decode_image__one_bit_and_grey() -> None:
    checker = Image.new("1", (2, 1))
    checker.putpixel((1, 0), 1)
    assert grey_values(encode(checker, "PNG")) == [0, 255]
    grey = Image.new("L", (3, 1))
    grey.putdata([0, 100, 255])
    assert grey_values(encode(grey, "PNG")) == [0, 100, 255]


def test_decode_image__transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    clear.putpixel((1, 0), (0, 0, 0, 0))
    half = Image.new("LA", (2, 1), (0, 255))
    half.putpixel((1, 0), (0, 128))
    for kind in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        image = decode.decode_image(encode(clear, kind, **options)).image
        assert [image.getpixel((x, 0)) for x in (0, 1)] == [RED, WHITE]
    assert grey_values(encode(half, "PNG")) == [0, 127]


def test_decode_image__transparent_palette_entries_are_white() -> None:
    stored = Image.new("P", (3, 1))
    stored.putpalette([*RED, *GREEN, *BLUE])
    stored.putdata([0, 1, 2])
    for transparency in (1, b"\xff\x00\xff"):
        image = decode.decode_image(encode(stored, "PNG", transparency=transparency)).image
        assert list(image.get_flattened_data()) == [RED, WHITE, BLUE]
    gif = decode.decode_image(encode(stored, "GIF", transparency=1)).image
    assert list(gif.get_flattened_data()) == [RED, WHITE, BLUE]


@pytest.mark.parametrize(("bits", "packed", "key"), [(2, 0b00011011, 2), (4, None, 2)])
def test_decode_image__transparent_grey_of_few_bits_is_the_right_grey(
    bits: int, packed: int | None, key: int
) -> None:
    rows = [bytes([packed])] if packed is not None else [bytes([0x01, 0x23])]
    data = make_png(
        4,
        1,
        bits=bits,
        color_type=0,
        rows=rows,
        extra=((b"tRNS", struct.pack(">H", key)),),
    )
    step = 255 // (2**bits - 1)
    assert grey_values(data) == [0, step, 255, 3 * step]


def test_decode_image__sixteen_bit_grey_keeps_its_scale() -> None:
    rows = [struct.pack(">4H", 0, 257, 32896, 65535)]
    data = make_png(4, 1, bits=16, color_type=0, rows=rows)
    assert decode.decode_image(data).source_mode == "I;16"
    assert grey_values(data) == [0, 1, 128, 255]


def test_decode_image__a_dark_sixteen_bit_image_is_not_stretched() -> None:
    rows = [struct.pack(">2H", 0, 2570)]
    assert grey_values(make_png(2, 1, bits=16, color_type=0, rows=rows)) == [0, 10]


def test_decode_image__sixteen_bit_transparent_grey_needs_the_whole_value() -> None:
    rows = [struct.pack(">3H", 25700, 25701, 0)]
    key = ((b"tRNS", struct.pack(">H", 25700)),)
    data = make_png(3, 1, bits=16, color_type=0, rows=rows, extra=key)
    assert grey_values(data) == [255, 100, 0]


def test_decode_image__sixteen_bit_colour() -> None:
    rows = [struct.pack(">6H", 65535, 0, 0, 0, 32896, 65535)]
    key = ((b"tRNS", struct.pack(">3H", 0, 128, 255)),)  # not a colour of this image
    for extra in ((), key):
        image = decode.decode_image(
            make_png(2, 1, bits=16, color_type=2, rows=rows, extra=extra)
        ).image
        assert list(image.get_flattened_data()) == [RED, (0, 128, 255)]


def test_decode_image__twelve_bit_tiff_uses_the_range_it_declares() -> None:
    # two 12-bit samples in three bytes: 4095 and 2048
    data = make_tiff(2, 1, {258: 12, 262: 1}, bytes([0xFF, 0xF8, 0x00]))
    assert grey_values(data) == [255, 128]


def test_decode_image__white_is_zero_tiff_is_inverted() -> None:
    pixels = struct.pack("<3H", 0, 65535, 32896)
    assert grey_values(make_tiff(3, 1, {258: 16, 262: 0}, pixels)) == [255, 0, 127]
    assert grey_values(make_tiff(3, 1, {258: 16, 262: 1}, pixels)) == [0, 255, 128]


@pytest.mark.parametrize(
    ("mode", "values", "expected"),
    [
        ("F", [0.0, 0.5, 1.0], [0, 128, 255]),
        ("F", [0.0, 100.0, 255.0], [0, 100, 255]),
        ("F", [-1000.0, 0.0, 1000.0], [0, 128, 255]),
        ("F", [7000.0, 7000.0, 7000.0], [27, 27, 27]),
        ("F", [-5.0, -5.0, -5.0], [0, 0, 0]),
        ("I", [0, 100, 255], [0, 100, 255]),
        ("I", [0, 32896, 65535], [0, 128, 255]),
        ("I", [-100, 0, 100], [0, 128, 255]),
        ("I", [0, 2**30, 2**31 - 1], [0, 128, 255]),
    ],
)
def test_decode_image__wide_numbers_get_a_range(
    mode: str, values: list[float], expected: list[int]
) -> None:
    stored = Image.new(mode, (3, 1))
    stored.putdata(values)
    assert grey_values(encode(stored, "TIFF")) == pytest.approx(expected, abs=1)
