"""What differs between the images of two runs: of those that they use, and of no others."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db.columns import SPLITS, AssetColumns, Bytes
from db.enums import Split
from db.records import Run
from forge_core.catalog.revisions import history
from forge_core.runs import records, run_data
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class UsedCounts:
    """How many images differ, and in what. One that both use may count in several."""

    added: int = 0
    """That only the second run uses."""
    removed: int = 0
    """That only the first run uses."""
    relabelled: int = 0
    moved_split: int = 0
    changed_bytes: int = 0
    left_out_first: int = 0
    """That only the first run found missing, changed or broken; not among the added ones."""
    left_out_second: int = 0
    """The same of the second run; not among the removed ones."""
    total: int = 0


@dataclass(frozen=True, kw_only=True)
class RenamedClass:
    """A class of both runs that had another name at the time of the second."""

    label_id: int
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class DataDifference:
    """The data of the second run seen from the first."""

    first: int
    """Revision of the first run."""
    second: int
    counts: UsedCounts
    classes: list[RenamedClass]


def compare_data(workspace: Workspace, one: Run, two: Run) -> DataDifference:
    """Compare the images that two runs use: with a label, in train, val or test.

    Augmented copies count where a run trains on them. Images without a label or held out, and marks
    for review, change nothing of a run.
    """
    names = dict(zip(one.label_ids, one.class_names, strict=False))
    later = dict(zip(two.label_ids, two.class_names, strict=False))
    return DataDifference(
        first=one.revision_id,
        second=two.revision_id,
        counts=UsedCounts() if _is_same(one, two) else _count(workspace, one, two),
        classes=[
            RenamedClass(label_id=label_id, before=name, after=later[label_id])
            for label_id, name in names.items()
            if later.get(label_id, name) != name
        ],
    )


def count_used(workspace: Workspace, run: Run) -> dict[Split, int]:
    """How many images a run uses of each split, without those that it could not read."""
    found, lost = _read_usable(workspace, run)
    return {
        split: int(((found.splits == SPLITS.index(split)) & ~lost).sum())
        for split in run_data.USED_SPLITS
    }


def _is_same(one: Run, two: Run) -> bool:
    """Whether the data is the same without looking at the catalog."""
    first, second = (
        (
            run.revision_id,
            run.label_ids,
            TrainConfig.from_dict(run.config).use_augmented,
            records.left_out_paths(run),
        )
        for run in (one, two)
    )
    return first == second


def _count(workspace: Workspace, one: Run, two: Run) -> UsedCounts:
    first, lost_first = _read_usable(workspace, one)
    second, lost_second = _read_usable(workspace, two)
    _, here, there = np.intersect1d(first.ids, second.ids, True, return_indices=True)
    both = ~lost_first[here] & ~lost_second[there]
    relabelled = both & (first.label_ids[here] != second.label_ids[there])
    moved = both & (first.splits[here] != second.splits[there])
    assert first.content_hashes is not None, "read with files"
    assert second.content_hashes is not None, "read with files"
    changed = both & (first.content_hashes[here] != second.content_hashes[there])
    num_both = int(both.sum())
    num_lost_first = int((lost_first[here] & ~lost_second[there]).sum())
    num_lost_second = int((lost_second[there] & ~lost_first[here]).sum())
    removed = int((~lost_first).sum()) - num_both - num_lost_second
    added = int((~lost_second).sum()) - num_both - num_lost_first
    return UsedCounts(
        added=added,
        removed=removed,
        relabelled=int(relabelled.sum()),
        moved_split=int(moved.sum()),
        changed_bytes=int(changed.sum()),
        left_out_first=num_lost_first,
        left_out_second=num_lost_second,
        total=added
        + removed
        + num_lost_first
        + num_lost_second
        + int((relabelled | moved | changed).sum()),
    )


def _list_copies(workspace: Workspace, run: Run) -> Bytes:
    """Ids of the augmented copies that the run trains on: which ones, `run_data` decides."""
    data = run_data.read_run_data(workspace, run.revision_id, use_augmented=True)
    copies = [asset for asset in data.assets[Split.TRAIN] if asset.is_augmented]
    return np.array([asset.asset_id.bytes for asset in copies], dtype="S16")


def _read_usable(workspace: Workspace, run: Run) -> tuple[AssetColumns, Mask]:
    """The images that the run may use as of its revision, and which of them it left out."""
    columns = history.as_of(workspace, run.revision_id).columns
    usable = np.isin(columns.splits, [SPLITS.index(split) for split in run_data.USED_SPLITS])
    usable &= np.isin(columns.label_ids, run.label_ids)
    copies = columns.is_augmented & usable
    if copies.any() and TrainConfig.from_dict(run.config).use_augmented:
        copies &= ~np.isin(columns.ids, _list_copies(workspace, run))
    found = columns.where(usable & ~copies)
    paths = records.left_out_paths(run)
    lost = np.zeros(len(found), dtype=np.bool_)
    if paths and found.paths is not None:
        lost[:] = [found.paths[place] in paths for place in range(len(found))]
    return found, lost
