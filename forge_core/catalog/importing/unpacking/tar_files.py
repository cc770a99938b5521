"""Opens tar files so that neither their headers nor their compression can take memory or time.

`tarfile` reads a long-name or pax header in one piece of whatever size the header claims, and
skips an entry by unpacking it. Both go through a guarded file here.
"""

import bz2
import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from forge_core.errors import InvalidInput

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_LARGEST_READ = 2**20
_OVERHEAD_BYTES = 4096
_BLOCK = 512


def is_tar(path: Path) -> bool:
    """Whether the file starts as a tar does, plain or inside gzip or bzip2."""
    try:
        with _decompressed(path) as file:
            block = file.read(_BLOCK)
        if len(block) < _BLOCK:
            return False
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError):
        return False
    return True


@contextmanager
def open_tar(path: Path, max_files: int, max_bytes: int) -> Iterator[tarfile.TarFile]:
    """A tar opened for reading from front to back, once.

    Raises:
        InvalidInput: While reading: a header claims more than 1 MiB, or more was unpacked than
            `max_files` entries of together `max_bytes` can need.
    """
    ceiling = max_bytes + (max_files + 3) * _OVERHEAD_BYTES
    with (
        _decompressed(path) as file,
        tarfile.open(
            fileobj=cast("IO[bytes]", _GuardedFile(file, ceiling)), mode="r:", errorlevel=2
        ) as opened,
    ):
        yield opened


def has_end_mark(opened: tarfile.TarFile) -> bool:
    """Whether a tar that was read through ends as it should, not merely where the file does.

    `tarfile` takes anything after the first entry that is no header for the end.

    Raises:
        tarfile.ReadError: There is more, and it is neither an end mark nor an entry.
    """
    file = opened.fileobj
    assert file is not None
    file.seek(opened.offset)
    block = file.read(_BLOCK)
    if block.strip(b"\0"):
        raise tarfile.ReadError(f"no header at byte {opened.offset}")
    return len(block) == _BLOCK


@contextmanager
def _decompressed(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        start = raw.read(3)
        raw.seek(0)
        if start.startswith(_GZIP):
            with gzip.GzipFile(fileobj=raw) as unzipped:
                yield cast("IO[bytes]", unzipped)
        elif start == _BZIP2:
            with bz2.BZ2File(raw) as unzipped_bz2:
                yield cast("IO[bytes]", unzipped_bz2)
        else:
            yield raw


class _GuardedFile(io.RawIOBase):
    """A file that refuses large single reads and positions beyond a ceiling."""

    def __init__(self, file: IO[bytes], ceiling: int) -> None:
        super().__init__()
        self._file = file
        self._ceiling = ceiling

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _LARGEST_READ:
            raise InvalidInput(
                "The archive has a header of a size that no archive needs.",
                next_step="Pack the images again.",
            )
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset > self._ceiling:
            raise InvalidInput(
                "The archive unpacks to more than the limit.",
                next_step="Split it, or raise FORGE_MAX_ARCHIVE_BYTES.",
            )
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
