import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
    make_tiff,
)

QUARTERS = [RED, GREEN, BLUE, WHITE]


def rejection(data: bytes, **limits: int) -> ImageRejected:
    with pytest.raises(ImageRejected) as caught:
        decode.decode_image(data, limits=DecodeLimits(**limits))
    assert caught.value.reason in decode.REASONS
    assert caught.value.message.endswith(".")
    return caught.value


def grey_values(data: bytes) -> list[int]:
    image = decode.decode_image(data).image
    assert all(r == g == b for r, g, b in image.get_flattened_data())
    return [pixel[0] for pixel in image.get_flattened_data()]


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


def test_decode_image__infinite_brightness_is_refused() -> None:
    stored = Image.new("F", (2, 1))
    stored.putdata([0.0, float("inf")])
    assert rejection(encode(stored, "TIFF")).reason == "damaged"


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


def test_decode_image__says_what_is_wrong() -> None:
    assert rejection(b"").reason == "empty"
    assert rejection(b"just words").reason == "not_an_image"
    heic = rejection(b"\0\0\0\x18ftypheic" + bytes(40))
    assert (heic.reason, heic.next_step) == ("format_not_supported", "Export it as JPEG or PNG.")
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


BASES = [
    encode(make_quarters(), kind, **options)
    for kind, options in (
        ("JPEG", {}),
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
    )
]


@settings(max_examples=150, deadline=None)
@given(
    base=st.sampled_from(BASES),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.floats(0, 1),
)
def test_decode_image__flipped_bytes_give_an_image_or_a_rejection(
    base: bytes, changes: list[tuple[float, int]], cut: float
) -> None:
    data = bytearray(base)
    for where, value in changes:
        data[int(where**3 * (len(data) - 1))] = value  # most of them in the header
    if cut < 0.3:
        data = data[: int(len(data) * cut * 3)]
    try:
        decoded = decode.decode_image(bytes(data), limits=DecodeLimits(max_pixels=4_000_000))
    except ImageRejected as rejected:
        reason = rejected.reason
    else:
        assert decoded.image.size == (decoded.width, decoded.height)
        assert decoded.image.mode == "RGB"
        reason = None
    assert reason is None or reason in decode.REASONS


DECODE_ALL = """
import resource, sys
from pathlib import Path
from forge_core.errors import ImageRejected
from forge_core.imaging import decode
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        try:
            decoded = decode.decode_file(path)
            assert decoded.image.mode == "RGB"
            assert decoded.image.size == (decoded.width, decoded.height)
            said = "image"
        except ImageRejected as rejected:
            assert rejected.reason in decode.REASONS and rejected.message
            said = rejected.reason
        print(path.relative_to(sys.argv[1]).as_posix(), said, sep="\\t")
# Not getrusage: that would tell the peak of the process that we were forked from.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("MEMORY", int(peak.split()[1]) // 1024, sep="\\t")
"""


@pytest.mark.parametrize("folder", ["pillow_small_dev", "pngsuite_libpng"])
def test_decode_file__every_bad_input_gives_an_image_or_a_rejection(
    folder: str, shared_data: Callable[[str], Path]
) -> None:
    """In a process of its own: a crash of a decoder and its memory would show there."""
    root = shared_data("bad_inputs") / folder
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DECODE_ALL, str(root)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=Path(decode.__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = dict(line.split("\t") for line in done.stdout.splitlines())
    assert int(said.pop("MEMORY")) < 600
    assert set(said) == {
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()
    }
    if folder == "pngsuite_libpng":
        good = [name for name in said if name.endswith(".png") and "/crashers/" not in name]
        assert len(good) > 150
        assert {name: said[name] for name in good if said[name] != "image"} == {}
    else:
        assert said["Tests/images/truncated_jpeg.jpg"] == "truncated"
        assert said["Tests/images/decompression_bomb.gif"] == "too_many_pixels"
        assert sum(result == "image" for result in said.values()) > 500


def test_decode_image__same_bytes_same_pixels() -> None:
    data = encode(Image.effect_noise((50, 40), 60).convert("RGB"), "JPEG", quality=80)
    first, second = decode.decode_image(data).image, decode.decode_image(data).image
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() == Image.open(BytesIO(data)).convert("RGB").tobytes()
