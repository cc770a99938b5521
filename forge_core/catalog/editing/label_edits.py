"""Say what an image shows, and which split it belongs to. One call is one revision."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from db.enums import ChangeOutcome, ReviewState, RevisionKind, Split
from db.patches import AssetPatch
from db.records import AssetFilter, Label
from db.unit_of_work import UnitOfWork
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeConflict, ChangeResult, Operation, Subject
from forge_core.catalog.splits import chosen_images
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

MAX_ASSETS_AT_ONCE = 1_000_000


def relabel(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    label_id: int | None,
    *,
    actor: Actor,
    operation_id: str | None = None,
    expected_versions: Mapping[uuid.UUID, int] | None = None,
    message: str = "",
) -> ChangeResult:
    """Give assets a label, or take it away with None.

    Idempotent by `operation_id`. An asset whose row version is not the expected one is left
    alone and reported as a conflict, unless it has the asked label already; the others change. So
    is, whatever its label, an image that the actor is asked about blind: no answer tells it.
    An image that imports contest leaves their queue with the label, be it the one it has.

    Raises:
        NotFound: There is no such class.
        InvalidInput: No assets were named, or the actor has no name.
    """
    operation = Operation.of(
        RevisionKind.RELABEL, actor=actor, operation_id=operation_id, message=message
    )
    with workspace.database.write() as uow:
        label = find_label(uow, label_id)
        return _change(
            uow,
            operation,
            asset_ids,
            AssetPatch.labelled(label),
            expected_versions,
            wanted=label.name if label else "no label",
            is_answer=label is not None,
            gives_label=True,
        )


def relabel_matching(
    workspace: Workspace,
    where: AssetFilter,
    label_id: int | None,
    *,
    actor: Actor,
    operation_id: str | None = None,
    message: str = "",
) -> ChangeResult:
    """Give every image that matches a label, or take it away with None: one revision.

    The database does it alone, so that a million images are no more work here than one.
    Idempotent by `operation_id`. The answer has numbers; what is asked blind counts as a conflict.

    Raises:
        NotFound: There is no such class.
        InvalidInput: The class is retired, the filter cannot be used, or the actor has no name.
    """
    operation = Operation.of(
        RevisionKind.RELABEL, actor=actor, operation_id=operation_id, message=message
    )
    asset_list.check_filter(where)
    with workspace.database.write() as uow:
        patch = AssetPatch.labelled(find_label(uow, label_id))
        return journal.change_matching(uow, operation, where, patch, keep_asked_of=actor.name)


def set_split(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    split_type: str | None,
    *,
    actor: Actor,
    operation_id: str | None = None,
    expected_versions: Mapping[uuid.UUID, int] | None = None,
    message: str = "",
    unlock_held_out: bool = False,
    found_by: str | None = None,
    allow_chosen: bool = False,
) -> ChangeResult:
    """Put assets into a split, or out of every split with None. Promises as `relabel`.

    What is held out stays so, and is reported as a conflict, unless `unlock_held_out`:
    measurements on held_out are worth what this lock is. What was chosen for what it is does not go
    into val or test, and is reported likewise, unless `allow_chosen`: then it is remembered, and
    the accuracy is marked.

    Args:
        workspace: The workspace.
        asset_ids: The images.
        split_type: The split, or None.
        actor: Who moves them.
        operation_id: Name of the operation, for saving it once.
        expected_versions: Row versions of the images as they were seen.
        message: A note of the change.
        unlock_held_out: Let images leave held_out.
        found_by: What `chosen_images.describe_list` says of the list that they were chosen from.
        allow_chosen: Let such images into val and test.

    Raises:
        InvalidInput: The split is unknown, no assets were named, or the actor has no name.
    """
    _check_split(split_type)
    operation = Operation.of(
        RevisionKind.SET_SPLIT, actor=actor, operation_id=operation_id, message=message
    )
    measures = split_type in chosen_images.MEASURING
    with workspace.database.write() as uow:
        is_barred = measures and not allow_chosen
        mined = set(chosen_images.list_mined(uow)) if is_barred and not found_by else set(asset_ids)
        result = _change(
            uow,
            operation,
            asset_ids,
            AssetPatch(split_type=split_type),
            expected_versions,
            wanted=split_type or "not assigned",
            subject="split_type",
            keep_held_out=_keeps_held_out(split_type, unlock_held_out),
            chosen=mined if is_barred else (),
            why=chosen_images.warn(found_by, split_type or ""),
        )
        if measures and found_by:
            _remember_chosen(uow, operation, result, found_by)
        return result


def set_split_matching(
    workspace: Workspace,
    where: AssetFilter,
    split_type: str | None,
    *,
    actor: Actor,
    operation_id: str | None = None,
    message: str = "",
    unlock_held_out: bool = False,
    allow_chosen: bool = False,
) -> ChangeResult:
    """Put every image that matches into a split: one revision. Promises as `relabel_matching`.

    What is held out or was chosen for what it is stays and is counted as `set_split` says: all that
    match, where the filter itself goes by what a network says of the images.

    Raises:
        InvalidInput: The split is unknown, the filter cannot be used, or the actor has no name.
    """
    _check_split(split_type)
    operation = Operation.of(
        RevisionKind.SET_SPLIT, actor=actor, operation_id=operation_id, message=message
    )
    asset_list.check_filter(where)
    patch = AssetPatch(split_type=split_type)
    measures = split_type in chosen_images.MEASURING
    found_by = chosen_images.describe_list(where) if measures else None
    with workspace.database.write() as uow:
        if found_by and not allow_chosen:
            repetition = journal.find_applied_operation(uow, operation)
            number = uow.changes.count_to_change(where, patch)
            return repetition or ChangeResult(
                operation_id=operation.operation_id,
                status=ChangeOutcome.CONFLICT if number else ChangeOutcome.NOTHING,
                revision_id=None,
                num_conflicts=number,
                num_chosen=number,
                chosen_words=chosen_images.warn(found_by, split_type or "") if number else "",
            )
        result = journal.change_matching(
            uow,
            operation,
            where,
            patch,
            keep_held_out=_keeps_held_out(split_type, unlock_held_out),
            keep_mined=None if allow_chosen or not measures else chosen_images.CORRECTED_SOURCE,
        )
        if found_by:
            _remember_chosen(uow, operation, result, found_by)
        words = chosen_images.warn(found_by, split_type or "") if result.num_chosen else ""
        return replace(result, chosen_words=words)


def _remember_chosen(uow: UnitOfWork, asked: Operation, result: ChangeResult, why: str) -> None:
    if result.status == ChangeOutcome.APPLIED and result.revision_id is not None:
        uow.chosen_images.put_changed(result.revision_id, reason=why, actor=asked.actor.name)


def remove_assets(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    *,
    actor: Actor,
    operation_id: str | None = None,
    message: str = "",
) -> ChangeResult:
    """Take assets out of the catalog. Their files stay where they are, and undo brings them back.

    Raises:
        InvalidInput: No assets were named, or the actor has no name.
    """
    operation = Operation.of(
        RevisionKind.REMOVE, actor=actor, operation_id=operation_id, message=message
    )
    with workspace.database.write() as uow:
        return _change(
            uow, operation, asset_ids, AssetPatch(is_deleted=True), None, wanted="removal"
        )


def remove_matching(
    workspace: Workspace,
    where: AssetFilter,
    *,
    actor: Actor,
    operation_id: str | None = None,
    message: str = "",
) -> ChangeResult:
    """Take every image that matches out of the catalog. Promises as `relabel_matching`.

    Raises:
        InvalidInput: The filter cannot be used, or the actor has no name.
    """
    operation = Operation.of(
        RevisionKind.REMOVE, actor=actor, operation_id=operation_id, message=message
    )
    asset_list.check_filter(where)
    with workspace.database.write() as uow:
        return journal.change_matching(uow, operation, where, AssetPatch(is_deleted=True))


def restore_assets(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    *,
    actor: Actor,
    operation_id: str | None = None,
    message: str = "",
) -> ChangeResult:
    """Bring removed assets back as they were when they were removed: one revision.

    An asset whose path belongs to another image by now is reported as a conflict. Assets that
    are in the catalog already are left as they are. Idempotent by `operation_id`.

    Raises:
        InvalidInput: No assets were named, or the actor has no name.
    """
    operation = Operation.of(
        RevisionKind.RESTORE, actor=actor, operation_id=operation_id, message=message
    )
    _check_number(asset_ids)
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        unique_ids = list(dict.fromkeys(asset_ids))
        found = {a.asset_id: a for a in uow.assets.list_by_ids(unique_ids, with_removed=True)}
        removed = uow.assets.list_removed_ids(unique_ids)
        conflicts = [
            ChangeConflict(asset_id=asset_id, message="This image was never in the catalog.")
            for asset_id in unique_ids
            if asset_id not in found
        ]
        paths = {found[i].file_path: i for i in unique_ids if i in removed}
        taken = uow.assets.list_hash_by_path(list(paths))
        returning = [asset_id for path, asset_id in paths.items() if path not in taken]
        conflicts += [
            ChangeConflict(asset_id=i, message=journal.PATH_TAKEN.format(found[i].file_path))
            for i in unique_ids
            if i in removed and i not in set(returning)
        ]
        return journal.write_revision(
            uow,
            operation,
            [found[asset_id] for asset_id in returning],
            AssetPatch(is_deleted=False),
            named=unique_ids,
            conflicts=conflicts,
        )


def _change(
    uow: UnitOfWork,
    operation: Operation,
    asset_ids: Sequence[uuid.UUID],
    patch: AssetPatch,
    expected_versions: Mapping[uuid.UUID, int] | None,
    *,
    wanted: str,
    subject: Subject = "label_name",
    keep_held_out: bool = False,
    is_answer: bool = False,
    gives_label: bool = False,
    chosen: Collection[uuid.UUID] = (),
    why: str = "",
) -> ChangeResult:
    _check_number(asset_ids)
    repetition = journal.find_applied_operation(uow, operation)
    if repetition is not None:
        return repetition
    unique_ids = list(dict.fromkeys(asset_ids))
    assets = {asset.asset_id: asset for asset in uow.assets.list_by_ids(unique_ids)}
    person = operation.actor.name
    asked = uow.opinion_requests.list_open(person, unique_ids) if gives_label else set()
    pending = [a for a in patch.differing(assets.values()) if a.asset_id not in asked]
    locked = [a for a in pending if keep_held_out and a.split_type == Split.HELD_OUT]
    locked_ids = {asset.asset_id for asset in locked}
    barred = [a for a in pending if a.asset_id in chosen and a.asset_id not in locked_ids]
    locked_ids |= {asset.asset_id for asset in barred}
    stale = [
        asset
        for asset in pending
        if expected_versions is not None
        and asset.asset_id not in locked_ids
        and expected_versions.get(asset.asset_id, asset.row_version) != asset.row_version
    ]
    left_alone = locked_ids | asked | {asset.asset_id for asset in stale}
    conflicts = journal.describe_conflicts(uow, stale, wanted=wanted, subject=subject)
    conflicts += journal.describe_locked(locked, wanted=wanted)
    conflicts += journal.describe_chosen(barred, why, wanted=wanted)
    conflicts += journal.describe_asked(asked, assets, wanted=wanted)
    conflicts += journal.describe_gone(unique_ids, assets)
    versions = expected_versions or {}
    answered = {
        asset.asset_id: asset
        for asset in assets.values()
        if is_answer
        and asset.review_state == ReviewState.CONTESTED
        and asset.asset_id not in left_alone
        and versions.get(asset.asset_id, asset.row_version) == asset.row_version
    }
    left_alone |= answered.keys()
    result = journal.write_revision(
        uow,
        operation,
        [asset for asset in pending if asset.asset_id not in left_alone],
        patch,
        named=unique_ids,
        conflicts=conflicts,
        further=[(list(answered.values()), replace(patch, review_state=None))] if answered else (),
    )
    return replace(result, num_chosen=len(barred), chosen_words=why if barred else "")


def find_label(uow: UnitOfWork, label_id: int | None) -> Label | None:
    """The class that images shall be given; None for none.

    Raises:
        NotFound: There is no such class.
        InvalidInput: It is retired.
    """
    if label_id is None:
        return None
    label = uow.labels.find(label_id)
    if label is None:
        raise NotFound(
            f"There is no class with the number {label_id}.",
            next_step="Reload the page; the class may have been removed.",
        )
    if label.is_retired:
        raise InvalidInput(
            f"The class {label.name!r} is retired, so no image can be given it.",
            next_step="Choose another class, or bring this one back on Balance.",
        )
    return label


def _check_split(split_type: str | None) -> None:
    if split_type is not None and split_type not in list(Split):
        raise InvalidInput(
            f"There is no split {split_type!r}.", next_step=f"Use one of {', '.join(Split)}."
        )


def _check_number(asset_ids: Sequence[uuid.UUID]) -> None:
    if not 0 < len(asset_ids) <= MAX_ASSETS_AT_ONCE:
        raise InvalidInput(
            f"{len(asset_ids):,} images were named, 1 to {MAX_ASSETS_AT_ONCE:,} can be changed "
            "at once."
        )


def _keeps_held_out(split_type: str | None, unlock_held_out: bool) -> bool:
    return split_type != Split.HELD_OUT and not unlock_held_out
