"""Divide the labelled images into train, val and test: stratified by class, seeded."""

import random
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from db.enums import Split
from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.catalog import changing
from forge_core.catalog.changing import ChangeResult, Operation
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace

DIVIDED = (Split.TRAIN, Split.VAL, Split.TEST)


@dataclass(frozen=True, kw_only=True)
class SplitRatios:
    """Parts of train, val and test; at least one is above 0, and they are scaled to sum to 1."""

    train: float
    val: float
    test: float

    def __post_init__(self) -> None:
        if min(self.parts) < 0 or sum(self.parts) <= 0:
            raise InvalidInput(
                f"Cannot split {self.train:g}/{self.val:g}/{self.test:g}.",
                next_step="Give parts of 0 or more, such as 80/10/10.",
            )

    @property
    def parts(self) -> tuple[float, float, float]:
        """The three parts as given."""
        return (self.train, self.val, self.test)

    def __str__(self) -> str:
        return "/".join(f"{part:g}" for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """What a split would do. `counts[label_name][split]` is the number of images after it."""

    ratios: SplitRatios
    seed: int
    only_unassigned: bool
    counts: dict[str, dict[str, int]]
    num_moved: int
    num_unlabelled: int
    num_held_out: int


def plan_split(
    workspace: Workspace, ratios: SplitRatios, *, seed: int = 0, only_unassigned: bool = False
) -> SplitPlan:
    """What `apply_split` would do now; writes nothing.

    Unlabelled images, held-out images and augmented copies stay where they are. The same
    catalog, ratios and seed give the same split, whatever order the images were imported in.
    """
    with workspace.database.read() as uow:
        assets = uow.assets.list_all()
    moves = _moves(assets, ratios, seed, only_unassigned)
    target = {asset_id: split for split, ids in moves.items() for asset_id in ids}
    counts: dict[str, dict[str, int]] = {}
    for asset in assets:
        if asset.label_name is None or asset.is_augmented:
            continue
        split = target.get(asset.asset_id, asset.split_type) or "none"
        row = counts.setdefault(asset.label_name, dict.fromkeys((*Split, "none"), 0))
        row[split] += 1
    own = [asset for asset in assets if not asset.is_augmented]
    return SplitPlan(
        ratios=ratios,
        seed=seed,
        only_unassigned=only_unassigned,
        counts=counts,
        num_moved=len(target),
        num_unlabelled=sum(asset.label_id is None for asset in own),
        num_held_out=sum(asset.split_type == Split.HELD_OUT for asset in own),
    )


def apply_split(
    workspace: Workspace, plan: SplitPlan, *, author: str, operation_id: str | None = None
) -> ChangeResult:
    """Divide the catalog as planned, in one revision. Computed again on the catalog as it is now.

    Idempotent by `operation_id`; a catalog that is divided so already gives `nothing`.
    """
    operation = Operation.of(
        "split",
        author=author,
        operation_id=operation_id,
        message=f"split {plan.ratios} by class, seed {plan.seed}",
    )
    with workspace.database.write() as uow:
        repetition = changing.lock_and_find_repetition(uow, operation)
        if repetition is not None:
            return repetition
        return _apply(uow, operation, plan)


def _apply(uow: UnitOfWork, operation: Operation, plan: SplitPlan) -> ChangeResult:
    assets = {asset.asset_id: asset for asset in uow.assets.list_all()}
    moves = _moves(list(assets.values()), plan.ratios, plan.seed, plan.only_unassigned)
    if not any(moves.values()):
        return ChangeResult(
            operation_id=operation.operation_id, status=changing.NOTHING, revision_id=None
        )
    revision_id = changing.begin_revision(uow, operation)
    for split, asset_ids in moves.items():
        members = [assets[asset_id] for asset_id in asset_ids]
        if members:
            changing.change_assets(uow, revision_id, members, {"split_type": split})
    moved = [asset_id for asset_ids in moves.values() for asset_id in asset_ids]
    return ChangeResult(
        operation_id=operation.operation_id,
        status=changing.APPLIED,
        revision_id=revision_id,
        assets=uow.assets.list_by_ids(moved),
    )


def _moves(
    assets: Sequence[Asset], ratios: SplitRatios, seed: int, only_unassigned: bool
) -> dict[str, list[uuid.UUID]]:
    """Ids to move into each split: only those that are not there yet."""
    by_class: dict[str, list[Asset]] = defaultdict(list)
    for asset in assets:
        if asset.label_name is None or asset.is_augmented or asset.split_type == Split.HELD_OUT:
            continue
        if only_unassigned and asset.split_type is not None:
            continue
        by_class[asset.label_name].append(asset)
    moves: dict[str, list[uuid.UUID]] = {split: [] for split in DIVIDED}
    for label_name, members in by_class.items():
        # Sorted by path and shuffled per class: independent of ids and of other classes.
        members.sort(key=lambda asset: asset.file_path)
        random.Random(f"{seed}/{label_name}").shuffle(members)
        start = 0
        for split, size in zip(DIVIDED, divide(len(members), ratios.parts), strict=True):
            moves[split] += [
                asset.asset_id
                for asset in members[start : start + size]
                if asset.split_type != split
            ]
            start += size
    return moves


def divide(number: int, parts: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the parts that sum to `number` (largest remainder).

    Every part above 0 gets at least one, as long as there are enough.
    """
    total = sum(parts)
    exact = [number * part / total for part in parts]
    sizes = [int(value) for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: exact[i] - sizes[i], reverse=True)
    for i in by_remainder[: number - sum(sizes)]:
        sizes[i] += 1
    wanted = [i for i, part in enumerate(parts) if part > 0]
    if number >= len(wanted):
        for i in wanted:
            if sizes[i] == 0:
                sizes[max(range(len(sizes)), key=lambda j: sizes[j])] -= 1
                sizes[i] = 1
    return sizes
