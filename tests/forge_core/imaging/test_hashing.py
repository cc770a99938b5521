from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from forge_core.imaging import hashing
from tests.forge_core.imaging.draw import encode, make_quarters


def make_ramp(*, falling: bool = False) -> Image.Image:
    row = range(0, 180, 20)  # 9 pixels
    image = Image.new("L", (9, 8))
    image.putdata((list(reversed(row)) if falling else list(row)) * 8)
    return image.convert("RGB")


def test_content_hash__is_sha256() -> None:
    # FIPS 180-4 example: SHA-256 of "abc"
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hashing.content_hash(b"abc") == expected


def test_perceptual_hash__has_a_bit_for_each_rise_to_the_right() -> None:
    assert hashing.perceptual_hash(make_ramp()) == "f" * 16
    assert hashing.perceptual_hash(make_ramp(falling=True)) == "0" * 16
    assert hashing.perceptual_hash(Image.new("RGB", (40, 30), (9, 9, 9))) == "0" * 16


def test_perceptual_hash__reads_rows_from_the_top() -> None:
    image = make_ramp(falling=True)
    image.paste(make_ramp().crop((0, 0, 9, 1)), (0, 0))  # only the first row rises
    assert hashing.perceptual_hash(image) == "ff00000000000000"


def test_perceptual_hash__survives_scaling_and_brightness_but_not_mirroring() -> None:
    picture = make_quarters((200, 160))
    picture.paste((120, 30, 90), (20, 30, 150, 70))
    original = hashing.perceptual_hash(picture)
    brighter = ImageEnhance.Brightness(picture.resize((100, 80))).enhance(0.9)
    assert hashing.hamming_distance(original, hashing.perceptual_hash(brighter)) <= 6
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert hashing.hamming_distance(original, hashing.perceptual_hash(mirrored)) > 6


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300))
def test_perceptual_hash__any_size_gives_sixteen_digits(width: int, height: int) -> None:
    assert len(hashing.perceptual_hash(Image.new("RGB", (width, height), (3, 2, 1)))) == 16


def test_hamming_distance__counts_bits() -> None:
    assert hashing.hamming_distance("0" * 16, "f" * 16) == 64
    assert hashing.hamming_distance("00000000000000ff", "00000000000000f0") == 4


def test_content_hash__differs_by_one_byte() -> None:
    data = encode(make_quarters(), "PNG")
    assert hashing.content_hash(data) != hashing.content_hash(data + b"\0")
