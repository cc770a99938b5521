"""What is read of a file: the picture, upright, within limits, or a rejection in words."""

import resource
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from forge_core.errors import ForgeError, ImageRejected, InvalidInput
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.settings import Settings
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
)

QUARTERS = [RED, GREEN, BLUE, WHITE]


def rejection(data: bytes, **limits: int) -> ImageRejected:
    with pytest.raises(ImageRejected) as caught:
        decode.decode_image(data, limits=DecodeLimits(**limits))
    assert caught.value.reason in decode.REASONS
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("kind", "options", "mime"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, "image/jpeg"),
        ("PNG", {}, "image/png"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("WEBP", {"quality": 95}, "image/webp"),
        ("BMP", {}, "image/bmp"),
        ("GIF", {}, "image/gif"),
        ("TIFF", {}, "image/tiff"),
        ("TIFF", {"compression": "tiff_lzw"}, "image/tiff"),
        ("PPM", {}, "image/x-portable-anymap"),
    ],
)
def test_decode_image__keeps_the_picture_of_every_format(
    kind: str, options: dict[str, object], mime: str
) -> None:
    decoded = decode.decode_image(encode(make_quarters(), kind, **options))
    assert (decoded.width, decoded.height, decoded.mime) == (32, 24, mime)
    assert decoded.image.mode == "RGB"
    assert decoded.frames == 1
    assert all(map(is_near, corners(decoded.image), QUARTERS))


def test_decode_image__reads_avif_where_pillow_can() -> None:
    if "AVIF" not in Image.registered_extensions().values():
        pytest.skip("this Pillow is built without AVIF")
    decoded = decode.decode_image(encode(make_quarters((64, 48)), "AVIF", quality=90))
    assert decoded.mime == "image/avif"
    assert all(map(is_near, corners(decoded.image), QUARTERS))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (4, [BLUE, WHITE, RED, GREEN]),
        (5, [RED, BLUE, GREEN, WHITE]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (7, [WHITE, GREEN, BLUE, RED]),
        (8, [GREEN, WHITE, RED, BLUE]),
    ],
)
def test_decode_image__stands_upright(
    kind: str, orientation: int, expected: list[tuple[int, int, int]]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {} if kind in ("PNG", "TIFF") else {"quality": 95}
    decoded = decode.decode_image(encode(make_quarters(), kind, exif=exif, **options))
    assert (decoded.width, decoded.height) == ((32, 24) if orientation < 5 else (24, 32))
    assert decoded.image.size == (decoded.width, decoded.height)
    assert all(map(is_near, corners(decoded.image), expected))
    assert not decoded.image.getexif()


def test_decode_image__damaged_exif_does_not_cost_the_picture() -> None:
    data = encode(make_quarters(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0\x01\x01\x12")
    assert decode.decode_image(data).image.size == (32, 24)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_decode_image__counts_frames_and_shows_the_first(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in (RED, GREEN, BLUE)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    decoded = decode.decode_image(data)
    assert decoded.frames == 3
    assert decoded.image.getpixel((8, 8)) == RED


def test_decode_image__a_million_frames_are_not_walked() -> None:
    first = encode(Image.new("P", (1, 1)), "GIF")
    body_start = first.index(b",", 13)
    frame = first[body_start:-1]
    decoded = decode.decode_image(first[:-1] + frame * 200_000 + b";")
    assert decoded.frames == 1000


def test_decode_image__limits_hold_before_decoding() -> None:
    data = encode(make_quarters((100, 100)), "PNG")
    assert rejection(data, max_bytes=len(data) - 1).reason == "too_many_bytes"
    assert rejection(data, max_pixels=9_999).reason == "too_many_pixels"
    assert decode.decode_image(data, limits=DecodeLimits(max_pixels=10_000)).width == 100


@pytest.mark.parametrize("size", [(20_000, 20_000), (9_000, 9_000)])
def test_decode_image__a_header_that_claims_too_much_costs_nothing(size: tuple[int, int]) -> None:
    data = make_png(*size, bits=8, color_type=2, rows=[])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert rejection(data, max_pixels=80_000_000).reason == "too_many_pixels"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_decode_image__webp_size_is_read_from_each_kind_of_header() -> None:
    picture = make_quarters((60, 50))
    animated = {"save_all": True, "append_images": [make_quarters((60, 50)).rotate(180)]}
    for options in ({"lossless": True}, {"quality": 50}, animated):
        data = encode(picture, "WEBP", **options)
        assert rejection(data, max_pixels=2_999).message.startswith("The image is 60 x 50 pixels")
        assert decode.decode_image(data, limits=DecodeLimits(max_pixels=3_000)).height == 50


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_decode_image__a_file_that_is_cut_short_is_refused(kind: str, part: float) -> None:
    noise = Image.effect_noise((64, 64), 80).convert("RGB")
    data = encode(noise, kind)
    assert rejection(data[: int(len(data) * part)]).reason in ("truncated", "damaged")


def test_decode_image__infinite_brightness_is_refused() -> None:
    stored = Image.new("F", (2, 1))
    stored.putdata([0.0, float("inf")])
    assert rejection(encode(stored, "TIFF")).reason == "damaged"


def test_decode_image__says_what_is_wrong() -> None:
    assert rejection(b"").reason == "empty"
    assert rejection(b"just words").reason == "not_an_image"
    heic = rejection(b"\0\0\0\x18ftypheic" + bytes(40))
    assert (heic.reason, "pillow-heif" in heic.next_step) == ("format_not_supported", True)
    page = rejection(b"<!DOCTYPE html><html>404</html>")
    assert (page.reason, "web page" in page.message) == ("not_an_image", True)
    assert "HEIC" in heic.message


def test_decode_image__never_calls_another_program() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    assert rejection(postscript).reason == "format_not_supported"


def test_image_rejected__can_be_caught_as_what_it_is() -> None:
    for kind in (ForgeError, InvalidInput, ValueError):
        with pytest.raises(kind):
            decode.decode_image(b"")


def test_decode_file__reads_files_and_reports_missing_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(make_quarters(), "PNG"))
    assert decode.decode_file(path).width == 32
    for bad in (tmp_path / "none.png", tmp_path):
        with pytest.raises(ImageRejected) as caught:
            decode.decode_file(bad)
        assert caught.value.reason == "unreadable"


def test_decode_file__does_not_read_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(2**40)  # sparse: reading it whole would end this process
    with pytest.raises(ImageRejected) as caught:
        decode.decode_file(path, limits=DecodeLimits(max_bytes=1000))
    assert caught.value.reason == "too_many_bytes"


def test_decode_reduced__is_smaller_and_knows_the_original_size() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    data = encode(make_quarters((2000, 1000)), "JPEG", exif=exif)
    decoded = decode.decode_reduced(data, 200)
    assert (decoded.width, decoded.height) == (1000, 2000)
    assert 200 <= decoded.image.width < 1000
    assert all(map(is_near, corners(decoded.image), [BLUE, RED, WHITE, GREEN]))


def test_decode_limits__come_from_the_settings() -> None:
    limits = DecodeLimits.from_settings(
        Settings(_env_file=None, max_image_bytes=5, max_image_pixels=6)
    )
    assert limits == DecodeLimits(max_bytes=5, max_pixels=6)
    assert DecodeLimits.from_settings(Settings(_env_file=None)) == DecodeLimits()


def test_decode_image__same_bytes_same_pixels() -> None:
    data = encode(Image.effect_noise((50, 40), 60).convert("RGB"), "JPEG", quality=80)
    first, second = decode.decode_image(data).image, decode.decode_image(data).image
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() == Image.open(BytesIO(data)).convert("RGB").tobytes()
