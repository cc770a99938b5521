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

    data: bytes
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
            content_hash=self.content_hashes[position].decode(),
            label_id=label_id,
            label_name=None if label_id is None else names[label_id],
            split_type=SPLITS[self.splits[position]],
            is_augmented=bool(self.is_augmented[position]),
        )


class ColumnBuilder:
    """Collects parts and joins them sorted by id, with little more memory than the result."""

    def __init__(self, *, with_files: bool) -> None:
        self._parts: dict[str, list[Any]] = {name: [empty] for name, empty in _EMPTY.items()}
        self._texts: list[TextColumn] = []
        self._with_files = with_files

    def add(self, part: AssetColumns) -> None:
        """Take some assets in."""
        for name, column in self._parts.items():
            values = getattr(part, name)
            if values is not None:
                column.append(values)
        if part.paths is not None:
            self._texts.append(part.paths)

    def build(self) -> AssetColumns:
        """All that were added; the builder is empty after it."""
        # Column by column: what is joined is let go before the next is made.
        columns = {name: np.concatenate(self._parts.pop(name)) for name in list(self._parts)}
        if not self._with_files:
            del columns["content_hashes"]
        joined = AssetColumns(
            **columns, paths=_join_texts(self._texts) if self._with_files else None
        )
        # Ids are made in the order of time, so that rows mostly lie in their order already.
        if bool(np.all(joined.ids[:-1] <= joined.ids[1:])):
            return joined
        return joined.take(np.argsort(joined.ids))


_EMPTY: dict[str, npt.NDArray[Any]] = {
    "content_hashes": np.empty(0, "S64"),
    "ids": np.empty(0, "S16"),
    "label_ids": np.empty(0, np.int32),
    "splits": np.empty(0, np.uint8),
    "is_augmented": np.empty(0, np.bool_),
}


def _join_texts(parts: list[TextColumn]) -> TextColumn:
    offsets = np.cumsum([0, *(len(part.data) for part in parts)], dtype=np.int64)
    none = np.empty(0, np.int64)
    starts = np.concatenate([none, *(p.starts + o for p, o in zip(parts, offsets, strict=False))])
    ends = np.concatenate([none, *(p.ends + o for p, o in zip(parts, offsets, strict=False))])
    data = b"".join([part.data for part in parts])
    parts.clear()
    return TextColumn(data, starts, ends)
