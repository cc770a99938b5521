"""The files of a pack: NAME.pixels holds decoded images end to end, NAME.index says where.

Both only grow, and only by the process that made them, so any number of processes may fill a
folder and read each other's files without waiting. An entry is appended after its pixels and has
a checksum of itself and of them: what a crash, a full disk or a power cut has cut off is ignored.
"""

import contextlib
import fcntl
import os
import struct
import time
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

from forge_core import local_files
from forge_core.local_files import PRIVATE_FILE

PIXELS, INDEX = ".pixels", ".index"
SHARD_BYTES = 512 * 2**20
"""Size at which a writer begins another shard; a shard is what eviction removes at once."""

_FIELDS = struct.Struct("<32sQIII")
_CHECKSUM = struct.Struct("<I")
ENTRY_BYTES = _FIELDS.size + _CHECKSUM.size


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the pixels of an image lie in a shard."""

    offset: int
    """First byte."""
    height: int
    width: int
    checksum: int
    """CRC-32 of the pixels."""

    @property
    def num_bytes(self) -> int:
        """Of (3, height, width) uint8."""
        return 3 * self.height * self.width

    @property
    def end(self) -> int:
        """First byte after the pixels."""
        return self.offset + self.num_bytes


def read_entries(index: Path, first_byte: int = 0) -> tuple[list[tuple[bytes, Entry]], int]:
    """The entries of an index from a byte on, and the byte after the last whole one.

    Args:
        index: May be growing.
        first_byte: What an earlier call answered.

    Returns:
        Pairs of a content hash (32 bytes) and its entry, in the order they were written. An entry
        that does not match its checksum is left out.

    Raises:
        OSError: The file is gone or cannot be read.
    """
    with index.open("rb") as file:
        file.seek(first_byte)
        data = file.read()
    whole = len(data) - len(data) % ENTRY_BYTES
    found = []
    for start in range(0, whole, ENTRY_BYTES):
        fields = data[start : start + _FIELDS.size]
        (checksum,) = _CHECKSUM.unpack_from(data, start + _FIELDS.size)
        if zlib.crc32(fields) == checksum:
            key, *values = _FIELDS.unpack(fields)
            found.append((key, Entry(*values)))
    return found, first_byte + whole


class ShardWriter:
    """Appends pixels to a shard of its own; it exists from the first image on.

    Args:
        folder: Made when needed.
    """

    def __init__(self, folder: Path) -> None:
        local_files.make_folder(folder)
        # Time first: the names of shards sort by age.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:12]}"
        self.index = folder / f"{name}{INDEX}"
        self._end = 0
        # The index first: pixels without one are what clearing takes for leftovers.
        self._index_file = os.open(
            self.index, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, PRIVATE_FILE
        )
        lock_shared(self._index_file)
        try:
            self._pixel_file = os.open(
                self.index.with_suffix(PIXELS), os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE
            )
        except OSError:
            os.close(self._index_file)
            self.index.unlink(missing_ok=True)
            raise

    @property
    def is_complete(self) -> bool:
        """It is time for another shard."""
        return self._end >= SHARD_BYTES

    def add(self, key: bytes, height: int, width: int, pixels: memoryview) -> Entry:
        """Append an image.

        Args:
            key: Content hash, 32 bytes.
            height: Of the image.
            width: Of the image.
            pixels: 3 x height x width bytes.

        Raises:
            OSError: The disk is full, or fails; the shard is as it was before.
        """
        entry = Entry(self._end, height, width, zlib.crc32(pixels))
        written = 0
        while written < len(pixels):
            written += os.pwrite(self._pixel_file, pixels[written:], self._end + written)
        fields = _FIELDS.pack(key, entry.offset, entry.height, entry.width, entry.checksum)
        record = fields + _CHECKSUM.pack(zlib.crc32(fields))
        before = os.fstat(self._index_file).st_size
        try:
            if os.write(self._index_file, record) < len(record):
                raise OSError("the index could not be written whole")
        except OSError:
            os.ftruncate(self._index_file, before)
            raise
        self._end = entry.end
        return entry

    def close(self) -> None:
        """Let go of the files; what was written stays."""
        os.close(self._pixel_file)
        os.close(self._index_file)


class ShardLock:
    """Says to every other process that a shard is in use, until it is closed or we die."""

    def __init__(self, index: Path) -> None:
        self._file = os.open(index, os.O_RDONLY)
        lock_shared(self._file)
        with contextlib.suppress(OSError):  # a folder that we may only read
            os.utime(index)  # when it was last used

    def close(self) -> None:
        """Let it go."""
        os.close(self._file)


def lock_shared(file: int) -> None:
    """Lock an open index together with others; does nothing where files cannot be locked."""
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def remove_if_unused(index: Path) -> bool:
    """Remove a shard that no process uses; says whether it is gone."""
    try:
        file = os.open(index, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        index.unlink(missing_ok=True)
        index.with_suffix(PIXELS).unlink(missing_ok=True)
    except OSError:  # BlockingIOError: in use; others: not ours to remove
        return False
    finally:
        os.close(file)
    return True
