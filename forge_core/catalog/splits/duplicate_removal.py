"""Of near-duplicates keep one: what it would remove, told before it is done, and doing it.

Groups whose images have different labels are left out of "all": which label is right is a
question for a person, and removing one of them would answer it unseen.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.enums import ChangeOutcome, RevisionKind, Split
from db.patches import AssetPatch
from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeConflict, ChangeResult, Operation
from forge_core.catalog.splits import duplicates
from forge_core.catalog.splits.duplicates import DuplicateGroup
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

MOST_OF_A_CLASS = 0.5
"""A larger share of a class is not removed without the number of images typed by a person."""
SHOWN_GROUPS = 6
_SPLITS = (*Split, "none")

Counts = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class ClassLoss:
    """What one class would lose; augmented copies are not counted."""

    label_name: str | None
    num_images: int
    """It has now."""
    num_removed: int
    removed_by_split: Counts
    """Images that would be removed, by split; `none` for those in no split."""

    @property
    def is_large(self) -> bool:
        """Whether more than half of the class would go."""
        return self.num_removed > MOST_OF_A_CLASS * self.num_images


@dataclass(frozen=True, kw_only=True)
class RemovalPreview:
    """What keeping one image of every group would do now."""

    num_groups: int
    """Groups that would lose images."""
    num_removed: int
    num_kept_aside: int
    """Images that would go, but are kept aside, and stay."""
    num_contested: int
    """Groups that are left out, because their images have different labels."""
    classes: Sequence[ClassLoss]
    """Every class that would lose images, the largest share first."""
    examples: Sequence[tuple[DuplicateGroup, Asset]]
    """The first groups, and the image that each would keep."""

    @property
    def large_losses(self) -> list[ClassLoss]:
        """Classes that would lose more than half."""
        return [loss for loss in self.classes if loss.is_large]


def preview_all(workspace: Workspace) -> RemovalPreview:
    """What `keep_best_of_all` would do now; writes nothing."""
    with workspace.database.read() as uow:
        return _preview(uow, _kept_of_all(uow))


def keep_best_of_all(
    workspace: Workspace,
    *,
    actor: Actor,
    num_confirmed: int | None = None,
    operation_id: str | None = None,
) -> ChangeResult:
    """Of every group whose labels agree keep the image that `best_of` names, in one revision.

    Args:
        workspace: The workspace.
        actor: Who does it.
        num_confirmed: The number of images that a person read and typed; needed only where a
            class would lose more than half of its images.
        operation_id: The same one a second time changes nothing.

    Raises:
        InvalidInput: A class would lose more than half, and that number was not given.
    """
    with workspace.database.write() as uow:
        operation = Operation.of(RevisionKind.KEEP_ONE, actor=actor, operation_id=operation_id)
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        kept = _kept_of_all(uow)
        preview = _preview(uow, kept)
        if preview.large_losses and num_confirmed != preview.num_removed:
            raise InvalidInput(
                f"{describe_losses(preview.large_losses)} Nothing was removed.",
                next_step="Look at the groups. If they are copies, type the number of images that "
                f"would be removed: {preview.num_removed}.",
            )
        return _remove_others(uow, operation, [pair for pair in kept if not _is_contested(pair[0])])


def keep_one(
    workspace: Workspace,
    group_id: uuid.UUID,
    keep: uuid.UUID,
    *,
    actor: Actor,
    operation_id: str | None = None,
) -> ChangeResult:
    """Remove every image of a group but one, in one revision; files stay, and undo brings back.

    A held-out image is left alone and reported as a conflict.

    Raises:
        NotFound: There is no such group, or the image is not in it.
    """
    with workspace.database.write() as uow:
        operation = Operation.of(RevisionKind.KEEP_ONE, actor=actor, operation_id=operation_id)
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        group = duplicates.read_group(uow, group_id)
        kept = next((m.asset for m in group.members if m.asset.asset_id == keep), None)
        if kept is None:
            raise NotFound(
                "This image is not in the group any more.", next_step="Look at the group again."
            )
        return _remove_others(uow, operation, [(group, kept)])


def best_of(group: DuplicateGroup) -> Asset:
    """The image to keep: held out, then labelled, then with most pixels, most bytes, the oldest."""
    return max(
        (member.asset for member in reversed(group.members)),
        key=lambda asset: (
            asset.split_type == Split.HELD_OUT,
            asset.label_id is not None,
            asset.width * asset.height,
            asset.size_bytes,
            -asset.asset_id.int,
        ),
    )


def describe_losses(losses: Sequence[ClassLoss]) -> str:
    """What would become of classes, in a sentence."""
    words = [
        f"{loss.label_name or 'images without a label'}: {loss.num_removed:,} of "
        f"{loss.num_images:,}"
        for loss in losses[:5]
    ]
    more = f" and {len(losses) - 5:,} more" if len(losses) > 5 else ""
    return f"More than half would be gone of {', '.join(words)}{more}."


def _is_contested(group: DuplicateGroup) -> bool:
    return len([name for name in group.label_names if name is not None]) > 1


def _kept_of_all(uow: UnitOfWork) -> list[tuple[DuplicateGroup, Asset]]:
    groups = duplicates.read_groups(uow, uow.duplicates.list_groups())
    return [(group, best_of(group)) for group in groups]


def _preview(uow: UnitOfWork, kept: Sequence[tuple[DuplicateGroup, Asset]]) -> RemovalPreview:
    agreed = [pair for pair in kept if not _is_contested(pair[0])]
    others = _others(agreed)
    removed = [asset for asset in others if asset.split_type != Split.HELD_OUT]
    gone = Counter((asset.label_id, asset.split_type or "none") for asset in removed)
    names = {asset.label_id: asset.label_name for asset in removed}
    there: Counter[int | None] = Counter()
    for row in uow.counts.list_all():
        if not row.is_augmented:
            there[row.label_id] += row.num_images
    losses = [
        ClassLoss(
            label_name=name,
            num_images=there[label_id],
            num_removed=sum(gone[label_id, split] for split in _SPLITS),
            removed_by_split={split: gone[label_id, split] for split in _SPLITS},
        )
        for label_id, name in names.items()
    ]
    return RemovalPreview(
        num_groups=len(agreed),
        num_removed=len(removed),
        num_kept_aside=len(others) - len(removed),
        num_contested=len(kept) - len(agreed),
        classes=sorted(
            losses, key=lambda loss: (-loss.num_removed / loss.num_images, loss.label_name or "")
        ),
        examples=agreed[:SHOWN_GROUPS],
    )


def _others(kept: Sequence[tuple[DuplicateGroup, Asset]]) -> list[Asset]:
    return [
        member.asset
        for group, asset in kept
        for member in group.members
        if member.asset.asset_id != asset.asset_id
    ]


def _remove_others(
    uow: UnitOfWork, operation: Operation, kept: Sequence[tuple[DuplicateGroup, Asset]]
) -> ChangeResult:
    others = _others(kept)
    locked = [asset for asset in others if asset.split_type == Split.HELD_OUT]
    removed = [asset for asset in others if asset.split_type != Split.HELD_OUT]
    conflicts = [
        ChangeConflict(
            asset_id=asset.asset_id,
            message=f"{asset.file_path} is kept aside, so it was not removed.",
            split_type=asset.split_type,
        )
        for asset in locked
    ]
    if not removed:
        return ChangeResult(
            operation_id=operation.operation_id,
            status=ChangeOutcome.CONFLICT if conflicts else ChangeOutcome.NOTHING,
            revision_id=None,
            conflicts=conflicts,
            num_conflicts=len(conflicts),
        )
    words = f"{len(removed):,} near-duplicates removed"
    words += f", {kept[0][1].file_path} kept" if len(kept) == 1 else f", {len(kept):,} kept"
    revision_id = journal.begin_revision(uow, replace(operation, message=words[:1_000]))
    journal.change_assets(uow, revision_id, removed, AssetPatch(is_deleted=True))
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.APPLIED,
        revision_id=revision_id,
        conflicts=conflicts,
        num_changed=len(removed),
        num_conflicts=len(conflicts),
    )
