"""Small pictures for the gallery, made once and kept by content hash.

The folder may be deleted at any time. A hit reads one row of one file and nothing else.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging import decode, hashing
from forge_core.imaging.grey_window import GreyWindow
from forge_core.imaging.thumbnail_file import ThumbnailFile

DEFAULT_SIDE = 256
FOLDER = "thumbnails"
"""Of a workspace's cache folder, or the beginning of its name."""
_SMALL_SIDE = 96
_CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
_FILE_NAME = "thumbnails.sqlite3"
_WINDOW_NAME = re.compile(r"(?:percentile|fixed)_[-._0-9]{1,48}")


class ThumbnailCache:
    """JPEG thumbnails in a folder.

    JPEG at quality 85, longest side 256 px, because a cold page pays for encoding and every page
    for decoding; images of up to 96 px are kept at quality 95 without colour subsampling, so that
    tiny drawn pixels stay sharp. ADR 0012 has the measurements of formats, sizes and filters.

    Several threads and processes may share a folder.

    Args:
        folder: Where the thumbnails go; made when the first is kept.
        size: Longest side of a thumbnail, in pixels; smaller images keep their own size.
    """

    media_type = "image/jpeg"

    def __init__(self, folder: Path, size: int = DEFAULT_SIDE) -> None:
        if size < 1:
            raise InvalidInput(f"A thumbnail cannot be {size} pixels wide. Use 1 or more.")
        self.folder = folder
        self.size = size
        self._file = _file_at(folder / _FILE_NAME)

    def get(
        self,
        content_hash: str,
        read: Callable[[], bytes],
        limits: decode.DecodeLimits = decode.DEFAULT_LIMITS,
    ) -> bytes:
        """The thumbnail of the image with this hash, made from `read()` if it is not kept yet.

        Args:
            content_hash: SHA-256 of the original bytes, 64 hex digits.
            read: Gives the original bytes; called only on a miss, its errors pass through.
            limits: As for `decode.decode_image`.

        Raises:
            ImageRejected: The original cannot be decoded, or (reason "changed") its bytes are
                not those of the hash. Nothing is kept then.
            InvalidInput: The hash is not one.
        """
        kept = self.find(content_hash)
        if kept is not None:
            return kept
        data = read()
        if hashing.content_hash(data) != content_hash:
            raise ImageRejected(
                "The image file was changed after it was imported.",
                reason="changed",
                next_step="Put the original back, or import the changed file as a new image.",
            )
        thumbnail = make_thumbnail(data, self.size, limits)
        self.add([(content_hash, thumbnail)])
        return thumbnail

    def find(self, content_hash: str) -> bytes | None:
        """The thumbnail if it is kept, else None.

        Raises:
            InvalidInput: The hash is not one.
        """
        return self._file.find(_key(content_hash), self.size)

    def add(self, thumbnails: Sequence[tuple[str, bytes]]) -> None:
        """Keep thumbnails that `encode_thumbnail` made at this size, as (content hash, bytes).

        Never fails because of the disk: what cannot be kept is made again when it is asked for.
        """
        self._file.add([(_key(name), self.size, jpeg) for name, jpeg in thumbnails])

    def clear(self) -> None:
        """Remove every thumbnail; the next `get` makes them again."""
        self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def cache_of(cache_folder: Path, window: GreyWindow) -> ThumbnailCache:
    """The thumbnails of a catalog; with another window of greys other ones, in a folder apart."""
    return ThumbnailCache(cache_folder / "-".join(filter(None, (FOLDER, window.name()))))


def find_kept(cache_folder: Path, window_name: str, content_hash: str) -> bytes | None:
    """The thumbnail under a window of this name, if it is kept, whatever the window is now.

    Args:
        cache_folder: Of the workspace.
        window_name: From `GreyWindow.name`, or from anybody: then there is nothing.
        content_hash: Of the original bytes.

    Raises:
        InvalidInput: The hash is not one.
    """
    if window_name and not _WINDOW_NAME.fullmatch(window_name):
        return None
    folder = cache_folder / "-".join(filter(None, (FOLDER, window_name)))
    return ThumbnailCache(folder).find(content_hash) if folder.is_dir() else None


def make_thumbnail(
    data: bytes, size: int, limits: decode.DecodeLimits = decode.DEFAULT_LIMITS
) -> bytes:
    """JPEG bytes of the image, scaled down to fit `size` x `size` pixels, never scaled up.

    Raises:
        ImageRejected: The image cannot be decoded.
    """
    return encode_thumbnail(decode.decode_reduced(data, size, limits=limits).image, size)


def encode_thumbnail(image: Image.Image, size: int) -> bytes:
    """JPEG bytes of an upright RGB image, scaled down to fit; the image itself is scaled too."""
    image.thumbnail((size, size), Image.Resampling.HAMMING, reducing_gap=2.0)
    buffer = BytesIO()
    if max(image.size) <= _SMALL_SIDE:
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _key(content_hash: str) -> bytes:
    if not _CONTENT_HASH.fullmatch(content_hash):
        raise InvalidInput("A thumbnail was asked for something that is not a content hash.")
    return bytes.fromhex(content_hash)


@lru_cache(maxsize=64)
def _file_at(path: Path) -> ThumbnailFile:
    """One open file a path and process, however many caches are made for it."""
    return ThumbnailFile(path)
