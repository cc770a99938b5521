import shutil
import sqlite3
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging import hashing
from forge_core.imaging.decode import DecodeLimits
from forge_core.imaging.thumbnails import ThumbnailCache, make_thumbnail
from tests.forge_core.imaging.draw import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    corners,
    encode,
    is_near,
    make_quarters,
)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def never() -> bytes:
    raise AssertionError("the original was read although the thumbnail is kept")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2000, 1000), (256, 128)),
        ((300, 900), (85, 256)),
        ((256, 256), (256, 256)),
        ((8, 8), (8, 8)),
        ((3000, 1), (256, 1)),
    ],
)
def test_make_thumbnail__fits_and_never_grows(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    for kind in ("PNG", "JPEG"):
        thumbnail = opened(make_thumbnail(encode(make_quarters(size), kind), 256))
        assert (thumbnail.size, thumbnail.format) == (expected, "JPEG")


def test_make_thumbnail__stands_upright() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    thumbnail = opened(make_thumbnail(encode(make_quarters((2000, 1000)), "JPEG", exif=exif), 256))
    assert thumbnail.size == (128, 256)
    assert all(map(is_near, corners(thumbnail), [BLUE, RED, WHITE, GREEN]))


def test_make_thumbnail__tiny_drawings_stay_sharp() -> None:
    digit = Image.new("L", (8, 8))
    digit.putdata([255 * (x % 2) for x in range(64)])
    kept = opened(make_thumbnail(encode(digit, "PNG"), 256)).convert("L")
    pairs = zip(digit.get_flattened_data(), kept.get_flattened_data(), strict=True)
    assert max(abs(a - b) for a, b in pairs) < 16


def test_get__makes_once_and_then_reads_what_is_kept(tmp_path: Path) -> None:
    data = encode(make_quarters((400, 300)), "PNG")
    key = hashing.content_hash(data)
    cache = ThumbnailCache(tmp_path / "thumbnails")
    first = cache.get(key, lambda: data)
    assert cache.get(key, never) == first
    assert opened(first).size == (256, 192)
    assert cache.media_type == "image/jpeg"


def test_get__sizes_do_not_mix(tmp_path: Path) -> None:
    data = encode(make_quarters((400, 300)), "PNG")
    key = hashing.content_hash(data)
    large = ThumbnailCache(tmp_path).get(key, lambda: data)
    small = ThumbnailCache(tmp_path, size=64).get(key, lambda: data)
    assert (opened(large).width, opened(small).width) == (256, 64)


def test_get__a_changed_file_is_named_and_not_kept(tmp_path: Path) -> None:
    data = encode(make_quarters(), "PNG")
    cache = ThumbnailCache(tmp_path / "thumbnails")
    other = hashing.content_hash(b"other")
    with pytest.raises(ImageRejected) as caught:
        cache.get(other, lambda: data)
    assert caught.value.reason == "changed"
    with pytest.raises(ImageRejected):
        cache.get(other, lambda: data)


def test_get__a_broken_image_leaves_nothing(tmp_path: Path) -> None:
    data = encode(make_quarters(), "PNG")[:60]
    cache = ThumbnailCache(tmp_path / "thumbnails")
    with pytest.raises(ImageRejected):
        cache.get(hashing.content_hash(data), lambda: data)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_get__limits_reach_the_decoder(tmp_path: Path) -> None:
    data = encode(make_quarters((50, 50)), "PNG")
    with pytest.raises(ImageRejected) as caught:
        ThumbnailCache(tmp_path).get(
            hashing.content_hash(data), lambda: data, DecodeLimits(max_pixels=100)
        )
    assert caught.value.reason == "too_many_pixels"


@pytest.mark.parametrize("left", [b"", b"no database" * 10_000])
def test_get__a_file_damaged_by_a_power_cut_is_made_again(left: bytes, tmp_path: Path) -> None:
    data = encode(make_quarters(), "PNG")
    key = hashing.content_hash(data)
    cache = ThumbnailCache(tmp_path)
    cache.get(key, lambda: data)
    cache._file.close()
    for path in tmp_path.iterdir():
        path.write_bytes(left)
    assert opened(cache.get(key, lambda: data)).size == (32, 24)
    cache.get(key, lambda: data)
    assert opened(cache.get(key, never)).size == (32, 24)


def test_get__a_kept_picture_with_wrong_bytes_is_made_again(tmp_path: Path) -> None:
    data = encode(make_quarters(), "PNG")
    key = hashing.content_hash(data)
    cache = ThumbnailCache(tmp_path)
    first = cache.get(key, lambda: data)
    with sqlite3.connect(tmp_path / "thumbnails.sqlite3") as connection:
        connection.execute("UPDATE thumbnails SET jpeg = zeroblob(100)")
    connection.close()
    assert cache.get(key, lambda: data) == first


def test_get__works_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "thumbnails").write_text("a file where the folder should be")
    data = encode(make_quarters(), "PNG")
    cache = ThumbnailCache(tmp_path / "thumbnails")
    for _ in range(2):
        assert opened(cache.get(hashing.content_hash(data), lambda: data)).size == (32, 24)


def test_add__is_seen_by_another_process(tmp_path: Path) -> None:
    data = encode(make_quarters(), "PNG")
    key = hashing.content_hash(data)
    code = (
        "import sys; from pathlib import Path; "
        "from forge_core.imaging.thumbnails import ThumbnailCache; "
        "ThumbnailCache(Path(sys.argv[1])).add([(sys.argv[2], b'made there')])"
    )
    cache = ThumbnailCache(tmp_path)
    assert cache.find(key) is None
    subprocess.run([sys.executable, "-c", code, str(tmp_path), key], check=True)
    assert cache.find(key) == b"made there"


def test_find__a_folder_deleted_while_it_is_open_is_empty(tmp_path: Path) -> None:
    data = encode(make_quarters(), "PNG")
    key = hashing.content_hash(data)
    cache = ThumbnailCache(tmp_path / "thumbnails")
    cache.get(key, lambda: data)
    shutil.rmtree(tmp_path / "thumbnails")
    assert cache.find(key) is None
    cache.get(key, lambda: data)
    assert (tmp_path / "thumbnails").is_dir()


@pytest.mark.parametrize("bad", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_get__takes_hashes_only(bad: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        ThumbnailCache(tmp_path).get(bad, never)


def test_get__many_threads_see_whole_files(tmp_path: Path) -> None:
    data = encode(Image.effect_noise((500, 400), 50).convert("RGB"), "PNG")
    key = hashing.content_hash(data)
    cache = ThumbnailCache(tmp_path / "thumbnails")
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(cache.get(key, lambda: data)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1


def test_clear__removes_all_and_get_makes_again(tmp_path: Path) -> None:
    data = encode(make_quarters(), "PNG")
    key = hashing.content_hash(data)
    cache = ThumbnailCache(tmp_path / "thumbnails")
    first = cache.get(key, lambda: data)
    cache.clear()
    cache.clear()
    assert not (tmp_path / "thumbnails").exists()
    assert cache.get(key, lambda: data) == first


def test_thumbnail_cache__refuses_a_size_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        ThumbnailCache(tmp_path, size=0)
