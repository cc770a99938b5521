"""The files of a block: NAME.f16 holds rows of float16 end to end, NAME.ids says whose they are.

Both only grow. How many rows count is the writer's to know: what lies behind them was being written
when something ended, and is written over. Each row has a checksum that the network's hash is part
of, so that a damaged row, or one of another network, is no row. Probabilities have a row an asset,
embeddings a row a content.

Legend: N images, K values a row, such as classes.
"""

import contextlib
import fcntl
import os
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forge_core import local_files
from forge_core.local_files import PRIVATE_FILE

VALUES, IDS = ".f16", ".ids"
BLOCK_BYTES = 256 * 2**20
"""Of values: from here on a writer begins another block."""

Ids = npt.NDArray[np.bytes_]
"""Ids of 16 bytes, dtype S16: of assets, or the beginning of content hashes."""
Halves = npt.NDArray[np.float16]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

_ENTRY = np.dtype([("asset_id", "S16"), ("checksum", "<u4")])


@dataclass(frozen=True, kw_only=True)
class BlockFiles:
    """A block on disk; it may be gone, or shorter than it should be."""

    values: Path
    num_values: int
    """K of each row."""
    network: str
    """Hash of what computed them."""

    @property
    def ids(self) -> Path:
        """The file that says whose rows they are."""
        return self.values.with_suffix(IDS)

    @property
    def row_bytes(self) -> int:
        """Of the values of an image."""
        return 2 * self.num_values

    def count_whole(self) -> int:
        """Rows that both files have room for; 0 where one is gone."""
        try:
            return min(
                self.ids.stat().st_size // _ENTRY.itemsize,
                self.values.stat().st_size // self.row_bytes,
            )
        except FileNotFoundError:
            return 0

    def read_ids(self, num_rows: int) -> Ids:
        """Whose the first rows are; fewer where the files are shorter.

        Raises:
            OSError: The file cannot be read.
        """
        return np.fromfile(self.ids, _ENTRY, num_rows)["asset_id"].copy()

    def read_rows(self, rows: Rows) -> tuple[Halves, Flags]:
        """Values (N, K) of rows that are whole, and whether each is what was written.

        Raises:
            OSError: A file is gone, or shorter than that.
        """
        if not len(rows):
            return np.empty((0, self.num_values), np.float16), np.empty(0, np.bool_)
        num_rows = int(rows.max()) + 1
        try:
            entries = np.memmap(self.ids, _ENTRY, "r", shape=(num_rows,))
            mapped = np.memmap(self.values, "<f2", "r", shape=(num_rows, self.num_values))
        except ValueError as error:  # numpy's word for a file that is too short
            raise OSError(f"{self.values.name} is shorter than it should be") from error
        values, chosen = np.array(mapped[rows]), np.array(entries[rows])
        checksums = self.checksums(chosen["asset_id"], values)
        return values, chosen["checksum"] == checksums

    def checksums(self, ids: Ids, values: Halves) -> npt.NDArray[np.uint32]:
        """Checksum (N,) of each row."""
        seed = zlib.crc32(self.network.encode())
        names, data, size = ids.tobytes(), values.tobytes(), self.row_bytes
        return np.array(
            [
                zlib.crc32(
                    data[size * row : size * (row + 1)],
                    zlib.crc32(names[16 * row : 16 * (row + 1)], seed),
                )
                for row in range(len(ids))
            ],
            np.uint32,
        )


class BlockWriter:
    """Appends rows to a block, for as long as no other process does.

    Args:
        files: Made when needed, their folder too.

    Raises:
        BlockingIOError: Another process, or another scoring of this one, writes to it.
        OSError: The disk is full, or fails.
    """

    def __init__(self, files: BlockFiles) -> None:
        self.files = files
        local_files.make_folder(files.values.parent)
        self._ids = os.open(files.ids, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            _lock(self._ids)
            self._values = os.open(files.values, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        except OSError:
            os.close(self._ids)
            raise

    def is_there(self) -> bool:
        """Whether the files still have their names: nobody cleared the cache."""
        return _is_named(self._ids, self.files.ids) and _is_named(self._values, self.files.values)

    def write(self, first_row: int, ids: Ids, values: Halves) -> None:
        """Write rows from a row on; they are on the disk when it returns.

        Raises:
            OSError: The disk is full, or fails; what was there before is as it was.
        """
        entries = np.empty(len(ids), _ENTRY)
        entries["asset_id"], entries["checksum"] = ids, self.files.checksums(ids, values)
        _write_at(self._values, values.tobytes(), first_row * self.files.row_bytes)
        _write_at(self._ids, entries.tobytes(), first_row * _ENTRY.itemsize)
        os.fsync(self._values)
        os.fsync(self._ids)
        if first_row == 0:  # their names as well
            local_files.flush(str(self.files.values.parent), [str(self.files.values)])

    def remove(self) -> None:
        """Remove the files, if they still are those that it writes to."""
        if self.is_there():
            self.files.values.unlink(missing_ok=True)
            self.files.ids.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not empty
                self.files.values.parent.rmdir()

    def close(self) -> None:
        """Let go of the files."""
        os.close(self._values)
        os.close(self._ids)


def as_ids(asset_ids: Sequence[uuid.UUID]) -> Ids:
    """The ids (N,) as they are in files."""
    return np.array([asset_id.bytes for asset_id in asset_ids], "S16")


class RowIndex:
    """Finds the rows of assets in several blocks; what a later row says of an asset holds.

    Args:
        ids: Of each block, in their order.
    """

    def __init__(self, ids: Sequence[Ids]) -> None:
        together = np.concatenate([np.empty(0, "S16"), *ids])
        self._order = np.argsort(together, kind="stable")
        self._sorted = together[self._order]

    def __len__(self) -> int:
        return len(self._sorted)

    def find(self, ids: Ids) -> Rows:
        """Of each id its row, counted over all blocks; -1 where it has none."""
        found = np.full(len(ids), -1, np.int64)
        if len(self):
            places = np.searchsorted(self._sorted, ids, side="right") - 1
            is_there = (places >= 0) & (self._sorted[places] == ids)
            found[is_there] = self._order[places[is_there]]
        return found

    def last_rows(self) -> Rows:
        """The row that holds of each asset that has one, in the order of the ids."""
        if not len(self):
            return np.empty(0, np.int64)
        is_last = np.append(self._sorted[1:] != self._sorted[:-1], True)
        last: Rows = self._order[is_last]
        return last


def _lock(file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # files cannot be locked here; two writers would leave rows that are none
        return


def _is_named(file: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), path.stat())
    return False


def _write_at(file: int, data: bytes, offset: int) -> None:
    written = 0
    while written < len(data):
        written += os.pwrite(file, memoryview(data)[written:], offset + written)
