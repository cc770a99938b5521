"""Say what an image shows, and which split it belongs to. One call is one revision."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from db.enums import Split
from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.catalog import changing
from forge_core.catalog.changing import ChangeConflict, ChangeResult, Operation
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace

MAX_ASSETS_AT_ONCE = 1_000_000


def relabel(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    label_id: int | None,
    *,
    author: str,
    operation_id: str | None = None,
    expected_versions: Mapping[uuid.UUID, int] | None = None,
    message: str = "",
) -> ChangeResult:
    """Give assets a label, or take it away with None.

    Idempotent by `operation_id`. An asset whose row version is not the expected one is left
    alone and reported as a conflict, unless it has the asked label already; the others change.

    Raises:
        NotFound: There is no such class.
        InvalidInput: No assets were named, or the author is missing.
    """
    operation = Operation.of("relabel", author=author, operation_id=operation_id, message=message)
    with workspace.database.write() as uow:
        label_name = None
        if label_id is not None:
            label = uow.labels.find(label_id)
            if label is None:
                raise NotFound(
                    f"There is no class with the number {label_id}.",
                    next_step="Reload the page; the class may have been removed.",
                )
            label_name = label.name
        return _change(
            uow,
            operation,
            asset_ids,
            {"label_id": label_id, "label_name": label_name},
            expected_versions,
            wanted=label_name or "no label",
        )


def set_split(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    split_type: str | None,
    *,
    author: str,
    operation_id: str | None = None,
    expected_versions: Mapping[uuid.UUID, int] | None = None,
    message: str = "",
) -> ChangeResult:
    """Put assets into a split, or out of every split with None. Promises as `relabel`.

    Raises:
        InvalidInput: The split is unknown, no assets were named, or the author is missing.
    """
    if split_type is not None and split_type not in list(Split):
        raise InvalidInput(
            f"There is no split {split_type!r}.", next_step=f"Use one of {', '.join(Split)}."
        )
    operation = Operation.of("set_split", author=author, operation_id=operation_id, message=message)
    with workspace.database.write() as uow:
        return _change(
            uow,
            operation,
            asset_ids,
            {"split_type": split_type},
            expected_versions,
            wanted=split_type or "no split",
        )


def remove_assets(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    *,
    author: str,
    operation_id: str | None = None,
    message: str = "",
) -> ChangeResult:
    """Take assets out of the catalog. Their files stay where they are, and undo brings them back.

    Raises:
        InvalidInput: No assets were named, or the author is missing.
    """
    operation = Operation.of("remove", author=author, operation_id=operation_id, message=message)
    with workspace.database.write() as uow:
        return _change(uow, operation, asset_ids, {"is_deleted": True}, None, wanted="removal")


def _change(
    uow: UnitOfWork,
    operation: Operation,
    asset_ids: Sequence[uuid.UUID],
    values: Mapping[str, Any],
    expected_versions: Mapping[uuid.UUID, int] | None,
    *,
    wanted: str,
) -> ChangeResult:
    if not 0 < len(asset_ids) <= MAX_ASSETS_AT_ONCE:
        raise InvalidInput(
            f"{len(asset_ids):,} images were named, 1 to {MAX_ASSETS_AT_ONCE:,} can be changed "
            "at once."
        )
    repetition = changing.lock_and_find_repetition(uow, operation)
    if repetition is not None:
        return repetition
    unique_ids = list(dict.fromkeys(asset_ids))
    assets = {asset.asset_id: asset for asset in uow.assets.list_by_ids(unique_ids)}
    pending = [asset for asset in assets.values() if _differs(asset, values)]
    stale = [
        asset
        for asset in pending
        if expected_versions is not None
        and expected_versions.get(asset.asset_id, asset.row_version) != asset.row_version
    ]
    stale_ids = {asset.asset_id for asset in stale}
    conflicts = changing.describe_conflicts(uow, stale, wanted=wanted)
    conflicts += [
        ChangeConflict(asset_id=asset_id, message="This image is no longer in the catalog.")
        for asset_id in unique_ids
        if asset_id not in assets
    ]
    to_change = [asset for asset in pending if asset.asset_id not in stale_ids]
    if not to_change:
        status = changing.CONFLICT if conflicts else changing.NOTHING
        return ChangeResult(
            operation_id=operation.operation_id,
            status=status,
            revision_id=None,
            assets=list(assets.values()),
            conflicts=conflicts,
        )
    revision_id = changing.begin_revision(uow, operation)
    changing.change_assets(uow, revision_id, to_change, values)
    return ChangeResult(
        operation_id=operation.operation_id,
        status=changing.APPLIED,
        revision_id=revision_id,
        assets=uow.assets.list_by_ids(unique_ids),
        conflicts=conflicts,
    )


def _differs(asset: Asset, values: Mapping[str, Any]) -> bool:
    return any(getattr(asset, name, None) != value for name, value in values.items())
