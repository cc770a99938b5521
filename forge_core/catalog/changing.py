"""The one way in which assets change: a revision, with a before and an after for each.

Every use case of the catalog that changes assets ends here, so that history, undo,
reproducibility and idempotent saves come from one mechanism.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import uuid_utils

from db.records import Asset, AssetChange, AssetState, NewAsset
from db.unit_of_work import UnitOfWork
from forge_core.errors import InvalidInput

MAX_AUTHOR_CHARACTERS = 128
MAX_OPERATION_ID_CHARACTERS = 64

APPLIED = "applied"
ALREADY_APPLIED = "already_applied"
NOTHING = "nothing"
CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True)
class ChangeConflict:
    """An asset that was left alone, because somebody changed it meanwhile."""

    asset_id: uuid.UUID
    message: str
    label_id: int | None = None
    label_name: str | None = None
    split_type: str | None = None
    row_version: int | None = None
    author: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeResult:
    """What became of an operation.

    `status` is `applied` (a revision was written), `already_applied` (this operation id was
    seen before; nothing changed now), `nothing` (every asset was as asked already) or
    `conflict` (every asset that differed was in conflict). `assets` are those that the
    operation names and that exist, as they are now.
    """

    operation_id: str
    status: str
    revision_id: int | None
    assets: list[Asset] = field(default_factory=list)
    conflicts: list[ChangeConflict] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Who asks for a change, and under which name, so that a repetition is recognised."""

    kind: str
    author: str
    operation_id: str
    message: str = ""
    undoes_revision_id: int | None = None

    @staticmethod
    def of(
        kind: str,
        *,
        author: str,
        operation_id: str | None = None,
        message: str = "",
        undoes_revision_id: int | None = None,
    ) -> "Operation":
        """A checked operation; an id is made when none is given.

        Raises:
            InvalidInput: Author or operation id is empty or too long.
        """
        author = author.strip()
        if not 0 < len(author) <= MAX_AUTHOR_CHARACTERS:
            raise InvalidInput(
                f"The author's name has {len(author)} characters, allowed are 1 to "
                f"{MAX_AUTHOR_CHARACTERS}.",
                next_step="Set FORGE_USER, or give a shorter name.",
            )
        operation_id = operation_id or str(new_id())
        if len(operation_id) > MAX_OPERATION_ID_CHARACTERS:
            raise InvalidInput(
                f"An operation id may have {MAX_OPERATION_ID_CHARACTERS} characters, this one "
                f"has {len(operation_id)}."
            )
        return Operation(
            kind=kind,
            author=author,
            operation_id=operation_id,
            message=message,
            undoes_revision_id=undoes_revision_id,
        )


def new_id() -> uuid.UUID:
    """A UUIDv7: unique, and sorted by the time it was made."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def lock_and_find_repetition(uow: UnitOfWork, operation: Operation) -> ChangeResult | None:
    """Keep other writers out; the answer to an operation that was applied before, else None."""
    uow.revisions.lock()
    revision = uow.revisions.find_by_operation(operation.operation_id)
    if revision is None:
        return None
    changed = [change.asset_id for change in uow.revisions.list_changes(revision.revision_id)]
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ALREADY_APPLIED,
        revision_id=revision.revision_id,
        assets=uow.assets.list_by_ids(changed),
    )


def begin_revision(uow: UnitOfWork, operation: Operation) -> int:
    """Write the head of a revision and return its number."""
    revision_id = uow.revisions.take_next_id()
    uow.revisions.add(
        revision_id=revision_id,
        operation_id=operation.operation_id,
        kind=operation.kind,
        author=operation.author,
        message=operation.message,
        undoes_revision_id=operation.undoes_revision_id,
    )
    return revision_id


def state_of(asset: Asset | NewAsset) -> AssetState:
    """The part of a living asset that history remembers."""
    return AssetState(
        exists=True,
        file_path=asset.file_path,
        content_hash=asset.content_hash,
        label_id=asset.label_id,
        split_type=asset.split_type,
        review_state=getattr(asset, "review_state", None),
        parent_asset_id=asset.parent_asset_id,
    )


def add_assets(uow: UnitOfWork, revision_id: int, assets: Sequence[NewAsset]) -> None:
    """Insert new assets as part of a revision."""
    uow.assets.add(assets)
    uow.revisions.add_arrivals(revision_id, assets)


def change_assets(
    uow: UnitOfWork, revision_id: int, assets: Sequence[Asset], values: Mapping[str, Any]
) -> None:
    """Give all these assets the same new values, and remember what they were.

    Args:
        uow: The writing transaction.
        revision_id: From `begin_revision`.
        assets: As they are now, read after `lock_and_find_repetition`.
        values: Columns of `vision_assets`; `is_deleted` true removes them.
    """
    changes = []
    removed = bool(values.get("is_deleted", False))
    for asset in assets:
        before = state_of(asset)
        after = {name: values.get(name, getattr(before, name)) for name in TRACKED}
        changes.append(
            AssetChange(
                revision_id=revision_id,
                asset_id=asset.asset_id,
                before=before,
                after=AssetState(exists=False) if removed else AssetState(exists=True, **after),
            )
        )
    uow.assets.update_fields([asset.asset_id for asset in assets], values)
    uow.revisions.add_changes(changes)


TRACKED = (
    "file_path",
    "content_hash",
    "label_id",
    "split_type",
    "review_state",
    "parent_asset_id",
)


def describe_conflicts(
    uow: UnitOfWork, assets: Sequence[Asset], *, wanted: str
) -> list[ChangeConflict]:
    """Say of each asset who changed it last, when, and what it is now."""
    latest = uow.revisions.list_latest_change_ids([asset.asset_id for asset in assets])
    revisions = {r.revision_id: r for r in uow.revisions.list_by_ids(sorted(set(latest.values())))}
    conflicts = []
    for asset in assets:
        revision = revisions.get(latest.get(asset.asset_id, 0))
        now = asset.label_name or "unlabelled"
        who = revision.author if revision else "somebody"
        conflicts.append(
            ChangeConflict(
                asset_id=asset.asset_id,
                message=f"{who} changed this meanwhile (now: {now}); you chose {wanted}.",
                label_id=asset.label_id,
                label_name=asset.label_name,
                split_type=asset.split_type,
                row_version=asset.row_version,
                author=revision.author if revision else None,
                changed_at=revision.created_at if revision else None,
            )
        )
    return conflicts
