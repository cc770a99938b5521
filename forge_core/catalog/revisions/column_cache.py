"""The living catalog as arrays: a million images in some tens of megabytes.

Row i is the i-th image in the order of the paths, so that nothing depends on the order of
import or on ids. Letters: N images.
"""

import uuid
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from re import Pattern

import numpy as np
from numpy.typing import NDArray

from db.enums import Split
from db.unit_of_work import UnitOfWork
from forge_core.catalog.splits import similarity

SPLITS = (*Split, None)
"""Position in this tuple is the code of a split; the last one is no split."""
NO_SPLIT = len(SPLITS) - 1
HELD_OUT = SPLITS.index(Split.HELD_OUT)
NO_LABEL = 0
ALONE = -1

Codes = NDArray[np.int64]
ID_TYPE = np.dtype("V16")
_NO_HASH = "0" * 16
_ID_BYTES = ID_TYPE.itemsize
_CODE_OF_SPLIT = {split: code for code, split in enumerate(SPLITS)}


@dataclass(frozen=True, kw_only=True)
class CatalogColumns:
    """All living images, a column an array of length N.

    `ids` holds 16 bytes an image; `labels` (N,) class numbers, 0 for none; `splits` (N,) codes of
    `SPLITS`; `augmented` (N,) bool; `hashes` (N,) uint64 with `hashed` (N,) bool where there is
    one; `keys`, `parents` and `patterns` (N,) codes, `ALONE` for none: equal codes have the same
    group key, or the same capture of the path; `parents` are rows.
    """

    ids: bytes
    labels: Codes
    splits: NDArray[np.int8]
    augmented: NDArray[np.bool_]
    hashes: similarity.Hashes
    hashed: NDArray[np.bool_]
    keys: Codes
    parents: Codes
    patterns: Codes
    looks: Codes | None = None
    """Groups of near-duplicates by their first row, from `look_alikes`; None: not asked for."""

    def __len__(self) -> int:
        return len(self.labels)

    def asset_id(self, row: int) -> uuid.UUID:
        """The id of one row."""
        return uuid.UUID(bytes=self.ids[row * _ID_BYTES : (row + 1) * _ID_BYTES])

    def asset_ids(self, rows: Sequence[int] | Codes) -> list[uuid.UUID]:
        """The ids of rows, in their order."""
        return [self.asset_id(int(row)) for row in rows]


def load(
    uow: UnitOfWork, *, path_pattern: Pattern[str] | None = None, with_hashes: bool = True
) -> CatalogColumns:
    """Read the living catalog.

    Args:
        uow: A transaction.
        path_pattern: Images whose paths match it with the same captures get the same code in
            `patterns`; None leaves all alone.
        with_hashes: Also the perceptual hashes; without them no image counts as `hashed`.
    """
    names = ["asset_id", "label_id", "split_type", "is_augmented", "group_key", "parent_asset_id"]
    names += ["file_path"] if path_pattern else []
    names += ["perceptual_hash"] if with_hashes else []
    ids = bytearray()
    labels, keys, patterns = array("q"), array("q"), array("q")
    splits, augmented, hashed, hashes = bytearray(), bytearray(), bytearray(), bytearray()
    parent_of: dict[int, bytes] = {}
    key_codes: dict[str, int] = {}
    pattern_codes: dict[tuple[str | None, ...], int] = {}
    for rows in uow.columns.stream(names):
        block = dict(zip(names, zip(*rows, strict=True), strict=True))
        start = len(labels)
        ids += bytes.fromhex("".join(block["asset_id"]))
        labels.extend(label_id or NO_LABEL for label_id in block["label_id"])
        splits += bytes(_CODE_OF_SPLIT[split] for split in block["split_type"])
        augmented += bytes(block["is_augmented"])
        keys.extend(
            ALONE if key is None else key_codes.setdefault(key, len(key_codes))
            for key in block["group_key"]
        )
        parent_of |= {
            start + place: bytes.fromhex(parent)
            for place, parent in enumerate(block["parent_asset_id"])
            if parent is not None
        }
        if with_hashes:
            hashed += bytes(value is not None for value in block["perceptual_hash"])
            hashes += bytes.fromhex("".join(v or _NO_HASH for v in block["perceptual_hash"]))
        if path_pattern:
            found = (path_pattern.search(path) for path in block["file_path"])
            patterns.extend(
                pattern_codes.setdefault(match.groups(), len(pattern_codes)) if match else ALONE
                for match in found
            )
    number = len(labels)
    return CatalogColumns(
        ids=bytes(ids),
        labels=np.frombuffer(labels, dtype=np.int64),
        splits=np.frombuffer(bytes(splits), dtype=np.int8),
        augmented=np.frombuffer(bytes(augmented), dtype=np.bool_),
        hashes=np.frombuffer(bytes(hashes), dtype=">u8").astype(np.uint64)
        if with_hashes
        else np.zeros(number, dtype=np.uint64),
        hashed=np.frombuffer(bytes(hashed), dtype=np.bool_)
        if with_hashes
        else np.zeros(number, dtype=np.bool_),
        keys=np.frombuffer(keys, dtype=np.int64),
        parents=_rows_of_parents(bytes(ids), parent_of, number),
        patterns=np.frombuffer(patterns, dtype=np.int64)
        if path_pattern
        else np.full(number, ALONE, dtype=np.int64),
    )


def _rows_of_parents(ids: bytes, parent_of: dict[int, bytes], number: int) -> Codes:
    """Row of each image's parent; `ALONE` where it has none, or the parent was removed."""
    wanted = set(parent_of.values())
    rows = {}
    if wanted:
        for row in range(number):
            asset_id = ids[row * _ID_BYTES : (row + 1) * _ID_BYTES]
            if asset_id in wanted:
                rows[asset_id] = row
    parents = np.full(number, ALONE, dtype=np.int64)
    for row, parent in parent_of.items():
        parents[row] = rows.get(parent, ALONE)
    return parents
