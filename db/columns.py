"""Assets as columns: a million of them in some 140 MB, where records would take a gigabyte."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from db.enums import Split
from db.records import AssetAsOf

SPLITS: tuple[str | None, ...] = (None, *(split.value for split in Split))
"""What the codes of `AssetColumns.splits` stand for."""

Bytes = npt.NDArray[np.bytes_]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Many texts in one piece of UTF-8. Taking some of them copies no text."""

    data: bytes | bytearray
    starts: Whole
    ends: Whole

    @staticmethod
    def of(texts: Sequence[str]) -> "TextColumn":
        """The texts, in their order."""
        return TextColumn.separated("\0".join(texts).encode(), len(texts))

    @staticmethod
    def separated(data: bytes, number: int) -> "TextColumn":
        """So many texts with a NUL between each two."""
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 0)
        ends = np.append(ends, len(data))[:number].astype(np.int64)
        assert len(ends) == number, "a text holds a NUL"
        starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)[:number]
        return TextColumn(data, starts, ends)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, position: int) -> str:
        return self.data[self.starts[position] : self.ends[position]].decode()

    def take(self, positions: Whole) -> "TextColumn":
        """Those at these positions, in this order."""
        return TextColumn(self.data, self.starts[positions], self.ends[positions])


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetColumns:
    """N assets in the order of their ids; every column has N entries.

    `paths` and `content_hashes` are None where only ids and labels were asked for.
    """

    ids: Bytes
    """dtype S16: the 16 bytes of each id; numpy drops NULs at the end of an element."""
    label_ids: npt.NDArray[np.int32]
    """0 for unlabelled."""
    splits: npt.NDArray[np.uint8]
    """Positions in `SPLITS`."""
    is_augmented: npt.NDArray[np.bool_]
    paths: TextColumn | None = None
    content_hashes: Bytes | None = None
    """dtype S32: the 32 bytes of each SHA-256."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Whole) -> "AssetColumns":
        """The assets at these positions, in this order."""
        return AssetColumns(
            ids=self.ids[positions],
            label_ids=self.label_ids[positions],
            splits=self.splits[positions],
            is_augmented=self.is_augmented[positions],
            paths=None if self.paths is None else self.paths.take(positions),
            content_hashes=None if self.content_hashes is None else self.content_hashes[positions],
        )

    def where(self, mask: npt.NDArray[np.bool_]) -> "AssetColumns":
        """The assets at which the mask is true."""
        return self if bool(mask.all()) else self.take(np.flatnonzero(mask))

    def id_at(self, position: int) -> uuid.UUID:
        """The id at a position."""
        return uuid.UUID(bytes=self.ids[position].ljust(16, b"\0"))

    def record_at(self, position: int, names: dict[int, str]) -> AssetAsOf:
        """One asset as a record; needs `paths`. `names` are the classes' names."""
        assert self.paths is not None, "read with files"
        assert self.content_hashes is not None, "read with files"
        label_id = int(self.label_ids[position]) or None
        return AssetAsOf(
            asset_id=self.id_at(position),
            file_path=self.paths[position],
            content_hash=self.content_hashes[position].ljust(32, b"\0").hex(),
            label_id=label_id,
            label_name=None if label_id is None else names[label_id],
            split_type=SPLITS[self.splits[position]],
            is_augmented=bool(self.is_augmented[position]),
        )


class ColumnBuilder:
    """Collects parts into columns of a size that is known, and sorts them by id.

    Nothing is copied twice: the peak of memory is the result and one part.
    """

    def __init__(self, capacity: int, *, with_files: bool) -> None:
        """Make room for at most `capacity` assets."""
        dtypes = _DTYPES if with_files else {n: t for n, t in _DTYPES.items() if n not in _FILES}
        self._columns: dict[str, npt.NDArray[Any]] = {
            name: np.empty(capacity, dtype) for name, dtype in dtypes.items()
        }
        self._text = bytearray()
        self._number = 0

    def add(self, part: AssetColumns) -> None:
        """Take some assets in."""
        end = self._number + len(part)
        for name, column in self._columns.items():
            if name in ("starts", "ends"):
                assert part.paths is not None, "read with files"
                column[self._number : end] = getattr(part.paths, name) + len(self._text)
            else:
                column[self._number : end] = getattr(part, name)
        if part.paths is not None:
            self._text += part.paths.data
        self._number = end

    def build(self) -> AssetColumns:
        """All that were added; the builder is of no use after it."""
        ids = self._columns["ids"][: self._number]
        # Ids are made in the order of time, so that rows mostly lie in their order already.
        order = None if bool(np.all(ids[:-1] <= ids[1:])) else np.argsort(ids)
        del ids
        columns = {}
        for name in list(self._columns):  # one by one: each is let go when its copy is made
            column = self._columns.pop(name)[: self._number]
            columns[name] = column if order is None else column[order]
            del column
        paths = None
        if "starts" in columns:
            paths = TextColumn(self._text, columns.pop("starts"), columns.pop("ends"))
        return AssetColumns(**columns, paths=paths)


_FILES = ("content_hashes", "starts", "ends")
_DTYPES: dict[str, Any] = {
    "ids": "S16",
    "label_ids": np.int32,
    "splits": np.uint8,
    "is_augmented": np.bool_,
    "content_hashes": "S32",
    "starts": np.int64,
    "ends": np.int64,
}
