"""What a split lets through: images that belong together and lie in different splits.

A leak makes a measure too good: the network has seen, in train, what it is measured on.
"""

import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.enums import Split
from db.records import Asset
from forge_core.catalog.revisions import column_cache
from forge_core.catalog.revisions.column_cache import ALONE, NO_SPLIT, SPLITS, CatalogColumns, Codes
from forge_core.catalog.splits import groups
from forge_core.catalog.splits.groups import (
    DEFAULT_BITS,
    GROUP_KEY,
    NEAR_DUPLICATES,
    PATH,
    Grouping,
)
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

PARENT, CONTENT = "parent", "content"
REASON_WORDS = {
    CONTENT: "the same bytes",
    NEAR_DUPLICATES: "near-duplicates",
    PARENT: "an augmented copy and its parent",
    GROUP_KEY: "the same group key",
    PATH: "the same part of the path",
}
DEFAULT_GROUPING = Grouping(near_duplicate_bits=DEFAULT_BITS, by_group_key=True)
MOST_IDS = 10_000
_MEASURED = (Split.VAL, Split.TEST, Split.HELD_OUT)


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Groups of one kind that lie in both of two splits."""

    reason: str
    """One of `REASON_WORDS`."""
    splits: tuple[str, str]
    num_groups: int
    num_images: int
    """Images of these groups in the two splits."""
    asset_ids: Sequence[uuid.UUID]
    """Their ids, group by group; at most as many as were asked for."""
    group_numbers: Sequence[int]
    """The group of each of these, from 1."""

    def __str__(self) -> str:
        return (
            f"{self.splits[0]} and {self.splits[1]} share {self.num_groups:,} "
            f"{'group' if self.num_groups == 1 else 'groups'} of {self.num_images:,} images: "
            f"{REASON_WORDS[self.reason]}."
        )


@dataclass(frozen=True, kw_only=True)
class LeakedImage:
    """One image of a leak."""

    leak: Leak
    group: int
    """Number of its group among those of the leak, from 1."""
    asset: Asset


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    """Every leak of the catalog as it is now."""

    leaks: Sequence[Leak]
    num_images: int
    """Images that are in a split."""
    num_copies_measured: int
    """Augmented copies in val, test or held_out: they are never measured, and belong into train."""
    grouping: Grouping


def find_leaks(
    workspace: Workspace,
    by: Grouping = DEFAULT_GROUPING,
    *,
    most_ids: int | None = MOST_IDS,
    progress: Progress = SILENT,
) -> LeakReport:
    """Leaks by looks, group key and path as asked, and always by parent and by equal bytes.

    Read from the catalog as it is now; near-duplicates are looked for anew, so that the answer
    is never stale. Leaks are in the order of `REASON_WORDS`, then of the splits.

    Args:
        workspace: The workspace.
        by: What makes images belong together.
        most_ids: Images that each leak names; None for all.
        progress: Told while near-duplicates are looked for.
    """
    with workspace.database.read() as uow:
        catalog = groups.load(workspace, uow, by, progress=progress)
        equal = uow.duplicates.list_equal_content()
    found = groups.reasons(catalog, by)
    found[PARENT] = _families(catalog)
    if equal:
        found[CONTENT] = _same_content(catalog, equal)
    leaks = [
        leak
        for reason in REASON_WORDS
        if reason in found
        for leak in _leaks_of(catalog, reason, found[reason], most_ids)
    ]
    measured = np.isin(catalog.splits, [SPLITS.index(split) for split in _MEASURED])
    return LeakReport(
        leaks=leaks,
        num_images=int((catalog.splits != NO_SPLIT).sum()),
        num_copies_measured=int((catalog.augmented & measured).sum()),
        grouping=by,
    )


def list_images(
    workspace: Workspace, leaks: Sequence[Leak], *, most_groups: int | None = None
) -> Iterator[LeakedImage]:
    """The images of leaks, group by group, with their paths; what was removed since is left out.

    Args:
        workspace: The workspace.
        leaks: As they were found.
        most_groups: Of each leak only the first groups.
    """
    for leak in leaks:
        numbers = [n for n in leak.group_numbers if most_groups is None or n <= most_groups]
        ids = leak.asset_ids[: len(numbers)]
        for start in range(0, len(ids), MOST_IDS):
            part = ids[start : start + MOST_IDS]
            with workspace.database.read() as uow:
                assets = {asset.asset_id: asset for asset in uow.assets.list_by_ids(part)}
            for asset_id, number in zip(part, numbers[start : start + MOST_IDS], strict=True):
                if asset_id in assets:
                    yield LeakedImage(leak=leak, group=number, asset=assets[asset_id])


def _leaks_of(
    catalog: CatalogColumns, reason: str, codes: Codes, most_ids: int | None
) -> list[Leak]:
    rows = np.flatnonzero((codes != ALONE) & (catalog.splits != NO_SPLIT))
    if not len(rows):
        return []
    _, group = np.unique(codes[rows], return_inverse=True)
    there = np.zeros((int(group.max()) + 1, len(Split)), dtype=bool)
    there[group, catalog.splits[rows]] = True
    leaks = []
    for first, second in itertools.combinations(range(len(Split)), 2):
        in_both = there[:, first] & there[:, second]
        if not in_both.any():
            continue
        concerned = in_both[group] & np.isin(catalog.splits[rows], (first, second))
        order = np.argsort(group[concerned], kind="stable")
        members = rows[concerned][order]
        numbers = np.unique(group[concerned][order], return_inverse=True)[1] + 1
        leaks.append(
            Leak(
                reason=reason,
                splits=(str(SPLITS[first]), str(SPLITS[second])),
                num_groups=int(in_both.sum()),
                num_images=len(members),
                asset_ids=catalog.asset_ids(members[:most_ids]),
                group_numbers=numbers[:most_ids].tolist(),
            )
        )
    return leaks


def _families(catalog: CatalogColumns) -> Codes:
    """Copies and their parents: the code is the parent's row."""
    codes = catalog.parents.copy()
    parents = np.unique(codes[codes != ALONE])
    own = parents[codes[parents] == ALONE]
    codes[own] = own
    return codes


def _same_content(catalog: CatalogColumns, equal: Sequence[tuple[str, uuid.UUID]]) -> Codes:
    """Images of the same bytes: imports refuse them, but an undone removal can bring one back."""
    codes = np.full(len(catalog), ALONE, dtype=np.int64)
    numbers: dict[str, int] = {}
    row_of = _rows_of(catalog, {asset_id for _, asset_id in equal})
    for content_hash, asset_id in equal:
        codes[row_of[asset_id]] = numbers.setdefault(content_hash, len(numbers))
    return codes


def _rows_of(catalog: CatalogColumns, wanted: set[uuid.UUID]) -> dict[uuid.UUID, int]:
    ids: NDArray[np.void] = np.frombuffer(catalog.ids, dtype=column_cache.ID_TYPE)
    keys = np.frombuffer(
        b"".join(asset_id.bytes for asset_id in wanted), dtype=column_cache.ID_TYPE
    )
    rows = np.flatnonzero(np.isin(ids, keys))
    return {catalog.asset_id(int(row)): int(row) for row in rows}
