"""Divide the labelled images into train, val and test: stratified, grouped, seeded.

What it would do is shown before it is done; `allocation` decides, here it is told and written.
Held-out images are never moved. The same catalog, sizes, grouping and seed give the same split,
whatever order the images were imported in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from db.enums import ChangeOutcome, RevisionKind, Split
from db.patches import AssetPatch
from db.unit_of_work import UnitOfWork
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.column_cache import HELD_OUT, NO_LABEL, SPLITS, CatalogColumns
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.catalog.splits import allocation, chosen_images, groups
from forge_core.catalog.splits.allocation import BINS, DIVIDED, Division
from forge_core.catalog.splits.groups import Grouping
from forge_core.catalog.splits.sizes import SplitCounts, SplitRatios, SplitSizes, divide
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

__all__ = [
    "DIVIDED",
    "Grouping",
    "SplitCounts",
    "SplitPlan",
    "SplitRatios",
    "apply_split",
    "divide",
    "plan_split",
]
MOST_TOLD = 10_000
_AT_ONCE = 50_000
_NOTABLE_POINTS = 1.0
"""Percentage points that a split may be off its wished size without a word."""

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """What a split would do. `counts[label_name][split]` is the number of images after it.

    Counts are of images that have a label and are no augmented copies; `counts_before` are those
    of now.
    """

    ratios: SplitSizes
    seed: int
    only_unassigned: bool
    counts: Counts
    num_moved: int
    num_unlabelled: int
    num_held_out: int
    grouping: Grouping = field(default_factory=Grouping)
    counts_before: Counts = field(default_factory=dict)
    num_groups: int = 0
    """Groups of two and more images that are kept whole."""
    largest_group: int = 0
    num_copies: int = 0
    """Augmented copies among those that move: they follow their parent, and only into train."""
    warnings: list[str] = field(default_factory=list)


def plan_split(
    workspace: Workspace,
    ratios: SplitSizes,
    *,
    seed: int = 0,
    only_unassigned: bool = False,
    grouping: Grouping | None = None,
) -> SplitPlan:
    """What `apply_split` would do now; writes nothing.

    Unlabelled and held-out images stay where they are. Augmented copies go into train with
    their parent, and out of every split when it goes elsewhere.

    Args:
        workspace: The workspace.
        ratios: How large the parts shall be, as `SplitRatios` or `SplitCounts`.
        seed: The same seed gives the same split.
        only_unassigned: Images that are in a split already stay.
        grouping: Which images must not be torn apart; None groups nothing.

    Raises:
        InvalidInput: More images are asked for than there are.
    """
    chosen = grouping or Grouping()
    with workspace.database.read() as uow:
        catalog, names, division = _decide(
            workspace, uow, ratios, seed=seed, only_unassigned=only_unassigned, grouping=chosen
        )
    own = ~catalog.augmented
    return SplitPlan(
        ratios=ratios,
        seed=seed,
        only_unassigned=only_unassigned,
        grouping=chosen,
        counts=_count(catalog, names, division.targets),
        counts_before=_count(catalog, names, catalog.splits),
        num_moved=int((division.targets != catalog.splits).sum()),
        num_unlabelled=int((own & (catalog.labels == NO_LABEL)).sum()),
        num_held_out=int((own & (catalog.splits == HELD_OUT)).sum()),
        num_groups=division.num_groups,
        largest_group=division.largest_group,
        num_copies=division.num_copies,
        warnings=[*_empty(division, ratios), *_warnings(catalog, names, division)],
    )


def apply_split(
    workspace: Workspace, plan: SplitPlan, *, actor: Actor, operation_id: str | None = None
) -> ChangeResult:
    """Divide the catalog as planned, in one revision. Computed again on the catalog as it is now.

    Idempotent by `operation_id`; a catalog that is divided so already gives `nothing`. The
    answer names the images of small splits only, up to `MOST_TOLD`.
    """
    grouped = f", groups kept whole by {plan.grouping}" if plan.grouping else ""
    operation = Operation.of(
        RevisionKind.SPLIT,
        actor=actor,
        operation_id=operation_id,
        message=f"split {plan.ratios} by class, seed {plan.seed}{grouped}",
    )
    if plan.grouping.near_duplicate_bits is not None:
        with workspace.database.read() as uow:  # so that the lock is held for no decoding
            groups.load(workspace, uow, plan.grouping)
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        return _apply(workspace, uow, operation, plan)


def _apply(
    workspace: Workspace, uow: UnitOfWork, operation: Operation, plan: SplitPlan
) -> ChangeResult:
    catalog, _, division = _decide(
        workspace,
        uow,
        plan.ratios,
        seed=plan.seed,
        only_unassigned=plan.only_unassigned,
        grouping=plan.grouping,
    )
    moved = np.flatnonzero(division.targets != catalog.splits)
    if not len(moved):
        return ChangeResult(
            operation_id=operation.operation_id, status=ChangeOutcome.NOTHING, revision_id=None
        )
    revision_id = journal.begin_revision(uow, operation)
    for code in BINS:
        rows = moved[division.targets[moved] == code]
        for start in range(0, len(rows), _AT_ONCE):
            ids = catalog.asset_ids(rows[start : start + _AT_ONCE])
            uow.changes.update_assets(revision_id, ids, AssetPatch(split_type=SPLITS[code]))
    told = catalog.asset_ids(moved) if len(moved) <= MOST_TOLD else []
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.APPLIED,
        revision_id=revision_id,
        assets=uow.assets.list_by_ids(told),
        num_changed=len(moved),
    )


def _decide(
    workspace: Workspace,
    uow: UnitOfWork,
    ratios: SplitSizes,
    *,
    seed: int,
    only_unassigned: bool,
    grouping: Grouping,
) -> tuple[CatalogColumns, Mapping[int, str], Division]:
    """The catalog as it is, the names of its classes, and who goes where."""
    catalog = groups.load(workspace, uow, grouping)
    names = {label.label_id: label.name for label in uow.labels.list_all()}
    division = allocation.decide(
        catalog,
        names,
        ratios,
        seed=seed,
        only_unassigned=only_unassigned,
        grouping=grouping,
        mined=chosen_images.list_mined(uow),
    )
    return catalog, names, division


def _count(catalog: CatalogColumns, names: Mapping[int, str], splits: np.ndarray) -> Counts:
    """Images by class and split, classes by name; augmented copies and unlabelled left out."""
    own = ~catalog.augmented & (catalog.labels != NO_LABEL)
    codes = catalog.labels[own] * len(SPLITS) + splits[own]
    counts: Counts = {}
    for code, number in zip(*np.unique(codes, return_counts=True), strict=True):
        label_id, place = divmod(int(code), len(SPLITS))
        row = counts.setdefault(names[label_id], dict.fromkeys((*Split, "none"), 0))
        row[SPLITS[place] or "none"] = int(number)
    return dict(sorted(counts.items()))


def _empty(division: Division, ratios: SplitSizes) -> list[str]:
    """A word about each part that was asked for and gets nothing: too few images of each class."""
    asked = (getattr(ratios, split, 0) for split in DIVIDED)
    return [
        f"{split} gets no image: there are too few of each class to divide. Import or label more."
        for place, (split, share) in enumerate(zip(DIVIDED, asked, strict=True))
        if share  # None asks for the rest, which may be nothing
        and division.divided.any()
        and not (division.targets[division.divided] == BINS[place]).any()
    ]


def _warnings(catalog: CatalogColumns, names: Mapping[int, str], division: Division) -> list[str]:
    found = []
    placed = division.divided.sum()
    for place, split in enumerate(DIVIDED):
        wished = division.wished[place]
        got = int((division.targets[division.divided] == BINS[place]).sum())
        off = 100 * (got - wished) / placed if placed else 0.0
        if wished and abs(off) > _NOTABLE_POINTS:
            share, wanted = 100 * got / placed, 100 * wished / placed
            found.append(
                f"{split} gets {share:.1f} % instead of {wanted:.1f} %: "
                f"groups are kept whole, and the largest has {division.largest_group:,} images."
            )
        if wished:
            found += _missing_classes(catalog, names, division, place)
    if division.num_kept_out:
        found.append(
            f"{division.num_kept_out:,} images are not assigned, because their groups hold "
            "images that are kept aside."
        )
    if division.num_torn:
        found.append(
            f"{division.num_torn:,} groups lie in several splits already; their new images go "
            "where most of the group is."
        )
    if division.num_mined:
        found.append(
            f"{division.num_mined:,} images that were chosen to be labelled for what they cover or "
            "for a doubt, or that were corrected on Predict, go into train, with their groups: an "
            "accuracy measured on them would not be that of your images."
        )
    return found


def _missing_classes(
    catalog: CatalogColumns, names: Mapping[int, str], division: Division, place: int
) -> list[str]:
    """Classes that are divided but have no image in a split that should have some of each."""
    divided = catalog.labels[division.divided]
    there = catalog.labels[division.divided & (division.targets == BINS[place])]
    missing = sorted(names[int(label_id)] for label_id in np.setdiff1d(divided, there))
    if not missing or not division.num_groups:
        return []
    shown = ", ".join(repr(name) for name in missing[:3])
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return [f"{DIVIDED[place]} gets no image of {shown}{more}: too few groups of it."]
