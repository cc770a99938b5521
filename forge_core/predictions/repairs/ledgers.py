"""The repair ledger of two runs, from what their networks said of the images at their ends."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.enums import Split
from db.records import AssetAsOf, Run
from db.repositories.labels import follow_merges
from db.repositories.predictions import PredictionRow
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.evaluation import repair_ledger
from forge_core.evaluation.repair_ledger import RepairLedger
from forge_core.predictions import trained_images
from forge_core.runs import records
from forge_core.workspace import Workspace

MEASURED = (Split.TEST, Split.VAL)
"""Splits that a ledger can be drawn up on, the better one first."""
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class RunLedger:
    """What the repair between two runs brought."""

    first: int
    """Number of the run before it."""
    second: int
    split: str
    differ_in_config: bool
    """Whether the two runs have other settings, too."""
    ledger: RepairLedger
    num_left_out: int
    """Images of the split that are not in both runs, not scored by both, or trained on by one."""
    num_repaired_in_training: int
    """Training images of both runs whose label is another in the second."""

    @property
    def has_repairs(self) -> bool:
        """Whether any label of an image that both use was corrected."""
        return bool(self.num_repaired_in_training or self.ledger.num_relabelled)

    def lines(self) -> list[str]:
        """The ledger in sentences."""
        told = repair_ledger.summarise(self.ledger, self.split)
        numbers = f"{self.num_repaired_in_training:,} training labels were corrected between them."
        if self.differ_in_config:
            numbers += " Their configs differ as well, and the first effect contains that."
        if self.num_left_out:
            numbers += (
                f" {self.num_left_out:,} images are left out: not in both runs, not scored by "
                "both, or trained on by one of them."
            )
        return [*told, numbers]


def draw_up(workspace: Workspace, first: int, second: int, split: str | None = None) -> RunLedger:
    """Old and new network on the old and the new labels of the images that both can be measured on.

    Labels are those of each run's own revision, and a class that was merged by now is the one that
    took over, so that no merge counts as a repair. Only images whose bytes are the same, that are
    in the split in both, that both networks have scored and that neither was trained on.

    Args:
        workspace: The workspace.
        first: The run before the repair.
        second: The run after it.
        split: test or val; None for the first of them that has such images.

    Raises:
        NotFound: There is no such run.
        InvalidInput: It is the same run twice, or no image can be compared.
    """
    if first == second:
        raise InvalidInput(
            f"Run {first} cannot be compared with itself.", next_step="Choose another run."
        )
    if split is not None and split not in MEASURED:
        raise InvalidInput(
            f"A ledger is not drawn up on {split!r}.", next_step=f"Use {' or '.join(MEASURED)}."
        )
    old, new = records.get_run(workspace, first), records.get_run(workspace, second)
    for chosen in MEASURED if split is None else (split,):
        found = _draw_up_on(workspace, old, new, chosen)
        if found is not None:
            return found
    raise InvalidInput(
        f"Runs {first} and {second} have no images of {split or 'test or val'} in common that both "
        "have scored.",
        next_step="Score the images with both: `forge score RUN`, or the page of the run.",
    )


def read_state(workspace: Workspace, first: Run, second: Run) -> tuple[object, ...]:
    """What a ledger of the two depends on: as long as this is the same, so is the ledger."""
    with workspace.database.read() as uow:
        scored = [uow.predictions.find_newest_revision(run.run_id) for run in (first, second)]
        return (uow.revisions.latest_id(), *scored, first.name, second.name)


def _draw_up_on(workspace: Workspace, old: Run, new: Run, split: str) -> RunLedger | None:
    with workspace.database.read() as uow:
        merges = uow.labels.list_merges()
    before, after = (_by_id(workspace, run, split) for run in (old, new))
    trained = [trained_images.read_hashes(workspace, run.run_id) for run in (old, new)]
    shared = [
        asset_id
        for asset_id in sorted(before.keys() & after.keys())
        if before[asset_id].content_hash == after[asset_id].content_hash
        and not any(trained_images.holds(each, after[asset_id].content_hash) for each in trained)
    ]
    said_before, said_after = (_predictions(workspace, run, shared) for run in (old, new))
    usable = [i for i in shared if i in said_before and i in said_after]
    if not usable:
        return None
    return RunLedger(
        first=old.run_id,
        second=new.run_id,
        split=split,
        differ_in_config=dict(old.config) != dict(new.config),
        ledger=repair_ledger.draw_up(
            old_answers=_classes(merges, (said_before[i].label_id for i in usable)),
            new_answers=_classes(merges, (said_after[i].label_id for i in usable)),
            old_labels=_classes(merges, (before[i].label_id for i in usable)),
            new_labels=_classes(merges, (after[i].label_id for i in usable)),
        ),
        num_left_out=len(before.keys() | after.keys()) - len(usable),
        num_repaired_in_training=_count_repaired(workspace, merges, old, new),
    )


def _by_id(workspace: Workspace, run: Run, split: str) -> dict[uuid.UUID, AssetAsOf]:
    """The images of a split as the run has them, of classes that it knows."""
    known = set(run.label_ids)
    return {
        asset.asset_id: asset
        for asset in history.as_of(workspace, run.revision_id, split=split)
        if not asset.is_augmented and asset.label_id in known
    }


def _predictions(
    workspace: Workspace, run: Run, asset_ids: list[uuid.UUID]
) -> dict[uuid.UUID, PredictionRow]:
    found: dict[uuid.UUID, PredictionRow] = {}
    with workspace.database.read() as uow:
        for start in range(0, len(asset_ids), _AT_ONCE):
            part = asset_ids[start : start + _AT_ONCE]
            rows = uow.predictions.list_by_assets(run.run_id, part, with_retired=True)
            found |= {asset_id: row for asset_id, (row, _) in rows.items()}
    return found


def _count_repaired(workspace: Workspace, merges: Mapping[int, int], old: Run, new: Run) -> int:
    before, after = (_by_id(workspace, run, Split.TRAIN) for run in (old, new))
    shared = list(before.keys() & after.keys())
    old_labels = _classes(merges, (before[i].label_id for i in shared))
    new_labels = _classes(merges, (after[i].label_id for i in shared))
    return int((old_labels != new_labels).sum())


def _classes(merges: Mapping[int, int], label_ids: Iterable[int | None]) -> NDArray[np.int64]:
    """Each class, or the one that took it over."""
    return np.array(
        [follow_merges(merges, label_id) for label_id in label_ids if label_id is not None],
        dtype=np.int64,
    )
