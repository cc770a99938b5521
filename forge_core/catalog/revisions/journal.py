"""The one way in which assets change: a revision, with a before and an after for each.

Every use case of the catalog that changes assets ends here, so that history, undo,
reproducibility and idempotent saves come from one mechanism.
"""

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import uuid_utils

from db.enums import ChangeOutcome, RevisionKind
from db.patches import AssetPatch
from db.records import Asset, AssetFilter, NewAsset, Revision
from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.catalog.listing import asset_list
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor

MAX_OPERATION_ID_CHARACTERS = 64
MAX_ASSETS_TOLD = 10_000
ASKED_BLIND = "You are asked for a second opinion of this image: answer that first."
PATH_TAKEN = "{} belongs to another image now, so this one cannot come back."


Subject = Literal["label_name", "split_type"]


@dataclass(frozen=True, kw_only=True)
class ChangeConflict:
    """An asset that was left alone, because somebody changed it meanwhile or it is locked.

    Both values are told: `now` is what it has, `wanted` what was asked for, in words.
    """

    asset_id: uuid.UUID
    message: str
    now: str | None = None
    wanted: str | None = None
    label_id: int | None = None
    label_name: str | None = None
    split_type: str | None = None
    row_version: int | None = None
    is_chosen: bool = False
    """Left alone because it was chosen for what it is, and would bias what is measured on it."""
    is_asked: bool = False
    """Left alone because who asks owes a second opinion of it, whatever its label is."""
    author: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeResult:
    """What became of an operation.

    `assets` are those that the operation names and that exist, as they are now; empty where it
    named them by a filter. `num_conflicts` may be more than the conflicts that are told.
    """

    operation_id: str
    status: ChangeOutcome
    revision_id: int | None
    assets: list[Asset] = field(default_factory=list)
    conflicts: list[ChangeConflict] = field(default_factory=list)
    num_changed: int = 0
    num_conflicts: int = 0
    num_chosen: int = 0
    """Of the conflicts those that were chosen for what they are."""
    chosen_words: str = ""
    """What moving these would do to the accuracy; empty without any."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Who asks for a change, and under which name, so that a repetition is recognised."""

    kind: RevisionKind
    actor: Actor
    operation_id: str
    message: str = ""
    undoes_revision_id: int | None = None

    @staticmethod
    def of(
        kind: RevisionKind,
        *,
        actor: Actor,
        operation_id: str | None = None,
        message: str = "",
        undoes_revision_id: int | None = None,
    ) -> "Operation":
        """A checked operation; an id is made when none is given.

        Raises:
            InvalidInput: The actor's name or the operation's id is empty or too long, or a text
                cannot be stored.
        """
        operation_id = operation_id or str(new_id())
        if len(operation_id) > MAX_OPERATION_ID_CHARACTERS:
            raise InvalidInput(
                f"An operation id may have {MAX_OPERATION_ID_CHARACTERS} characters, this one "
                f"has {len(operation_id)}."
            )
        storable_values.check(operation_id, "The operation id")
        storable_values.check(message, "The note of the change")
        return Operation(
            kind=kind,
            actor=actor.checked(),
            operation_id=operation_id,
            message=message,
            undoes_revision_id=undoes_revision_id,
        )


def new_id() -> uuid.UUID:
    """A UUIDv7: unique, and sorted by the time it was made."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def find_applied_operation(uow: UnitOfWork, operation: Operation) -> ChangeResult | None:
    """Keep other writers out; the answer to an operation that was applied before, else None.

    The answer names the assets of small operations only, up to `MAX_ASSETS_TOLD`.
    """
    uow.revisions.lock()
    revision = uow.revisions.find_by_operation(operation.operation_id)
    if revision is None:
        return None
    assets: list[Asset] = []
    if revision.num_changes <= MAX_ASSETS_TOLD:
        changes = uow.revisions.list_changes(revision.revision_id)
        assets = uow.assets.list_by_ids([change.asset_id for change in changes])
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.ALREADY_APPLIED,
        revision_id=revision.revision_id,
        assets=assets,
        num_changed=revision.num_changes,
    )


def begin_revision(uow: UnitOfWork, operation: Operation) -> int:
    """Write the head of a revision and return its number."""
    revision_id = uow.revisions.take_next_id()
    uow.revisions.add(
        revision_id=revision_id,
        operation_id=operation.operation_id,
        kind=operation.kind,
        author=operation.actor.name,
        message=operation.message,
        undoes_revision_id=operation.undoes_revision_id,
    )
    return revision_id


def add_assets(uow: UnitOfWork, revision_id: int, assets: Sequence[NewAsset]) -> None:
    """Insert new assets as part of a revision."""
    uow.changes.add_assets(revision_id, assets)


def change_assets(
    uow: UnitOfWork, revision_id: int, assets: Sequence[Asset], patch: AssetPatch
) -> None:
    """Give all these assets the same new values, and remember what they were.

    Args:
        uow: The writing transaction.
        revision_id: From `begin_revision`.
        assets: As they are now, read after `find_applied_operation`.
        patch: What changes.
    """
    uow.changes.update_assets(revision_id, [asset.asset_id for asset in assets], patch)


def change_matching(
    uow: UnitOfWork,
    operation: Operation,
    where: AssetFilter,
    patch: AssetPatch,
    *,
    keep_held_out: bool = False,
    keep_mined: str | None = None,
    keep_asked_of: str | None = None,
) -> ChangeResult:
    """Give all living assets that match and differ the same values, as one revision.

    The database does it by itself: no asset is read, however many there are. Idempotent by the
    operation's id. The answer has numbers, not assets.

    Args:
        uow: The writing transaction.
        operation: Who asks, and under which name.
        where: Which assets.
        patch: What changes.
        keep_held_out: Leave assets of held_out alone and count them as conflicts.
        keep_mined: Leave alone what was chosen for what it is, some of it from this source, and
            count it likewise.
        keep_asked_of: Leave alone what this person is asked about blind, whatever its label is, and
            count it likewise.
    """
    repetition = find_applied_operation(uow, operation)
    if repetition is not None:
        return dataclasses.replace(repetition, assets=[])
    asset_list.check_run(uow, where)
    kept = uow.changes.count_to_change(where, patch, held_out=True) if keep_held_out else 0
    held_out = False if keep_held_out else None
    if keep_asked_of is not None:
        asked = uow.opinion_requests.count_open(keep_asked_of, where)
        kept += asked
        keep_asked_of = keep_asked_of if asked else None
    mined = 0
    if keep_mined is not None:
        mined = uow.changes.count_to_change(where, patch, held_out=held_out, mined=keep_mined)
        kept += mined
    number = uow.changes.count_to_change(
        where, patch, held_out=held_out, keep_asked_of=keep_asked_of
    )
    if number == mined:
        return ChangeResult(
            operation_id=operation.operation_id,
            status=ChangeOutcome.CONFLICT if kept else ChangeOutcome.NOTHING,
            revision_id=None,
            num_conflicts=kept,
            num_chosen=mined,
        )
    revision_id = begin_revision(uow, operation)
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.APPLIED,
        revision_id=revision_id,
        num_changed=uow.changes.update_matching(
            revision_id,
            where,
            patch,
            keep_held_out=keep_held_out,
            keep_mined=keep_mined,
            keep_asked_of=keep_asked_of,
        ),
        num_conflicts=kept,
        num_chosen=mined,
    )


def write_revision(
    uow: UnitOfWork,
    operation: Operation,
    to_change: Sequence[Asset],
    patch: AssetPatch,
    *,
    named: Sequence[uuid.UUID],
    conflicts: list[ChangeConflict],
    further: Sequence[tuple[Sequence[Asset], AssetPatch]] = (),
) -> ChangeResult:
    """Write one revision that gives these assets these values, unless there are none.

    Args:
        uow: The writing transaction.
        operation: Who asks, and under which name; it was not applied before.
        to_change: Assets that differ and are free.
        patch: What changes.
        named: All ids that the operation named, for the answer.
        conflicts: Assets that are left alone.
        further: Other assets of the same revision with values of their own.
    """
    revision_id = None
    status = ChangeOutcome.CONFLICT if conflicts else ChangeOutcome.NOTHING
    changes = [(assets, values) for assets, values in [(to_change, patch), *further] if assets]
    if changes:
        revision_id = begin_revision(uow, operation)
        for assets, values in changes:
            change_assets(uow, revision_id, assets, values)
        status = ChangeOutcome.APPLIED
    return ChangeResult(
        operation_id=operation.operation_id,
        status=status,
        revision_id=revision_id,
        assets=uow.assets.list_by_ids(named),
        conflicts=conflicts,
        num_changed=sum(len(assets) for assets, _ in changes),
        num_conflicts=len(conflicts),
    )


def describe_conflicts(
    uow: UnitOfWork, assets: Sequence[Asset], *, wanted: str, subject: Subject = "label_name"
) -> list[ChangeConflict]:
    """Say of each asset who changed it last, when, what it is now and what was chosen.

    Args:
        uow: The transaction.
        assets: As they are now.
        wanted: What was chosen, in words.
        subject: The field that the choice is about.
    """
    latest = uow.revisions.list_latest_change_ids([asset.asset_id for asset in assets])
    revisions = {r.revision_id: r for r in uow.revisions.list_by_ids(sorted(set(latest.values())))}
    conflicts = []
    for asset in assets:
        revision = revisions.get(latest.get(asset.asset_id, 0))
        now = getattr(asset, subject) or WITHOUT[subject]
        who = revision.author if revision else "somebody"
        conflicts.append(
            _conflict(
                asset,
                f"{who} changed this meanwhile (now: {now}); you chose {wanted}.",
                now=now,
                wanted=wanted,
                revision=revision,
            )
        )
    return conflicts


def describe_locked(assets: Sequence[Asset], *, wanted: str) -> list[ChangeConflict]:
    """Say of each asset that it stays in held_out until somebody unlocks that."""
    return [
        _conflict(
            asset,
            f"{asset.file_path} is kept aside; moving it needs unlock.",
            now=asset.split_type,
            wanted=wanted,
        )
        for asset in assets
    ]


def describe_chosen(assets: Sequence[Asset], why: str, *, wanted: str) -> list[ChangeConflict]:
    """Say of each asset that it was chosen for what it is, and what moving it would do."""
    return [
        _conflict(
            asset,
            why,
            now=asset.split_type or WITHOUT["split_type"],
            wanted=wanted,
            is_chosen=True,
        )
        for asset in assets
    ]


def describe_asked(
    asked: Collection[uuid.UUID], assets: Mapping[uuid.UUID, Asset], *, wanted: str
) -> list[ChangeConflict]:
    """Say of each image that who asks is asked about it blind, and nothing of its label."""
    return [
        ChangeConflict(
            asset_id=asset.asset_id,
            message=ASKED_BLIND,
            wanted=wanted,
            row_version=asset.row_version,
            is_asked=True,
        )
        for asset in assets.values()
        if asset.asset_id in asked
    ]


def describe_gone(
    named: Iterable[uuid.UUID], assets: Mapping[uuid.UUID, Asset]
) -> list[ChangeConflict]:
    """Say of each image that was named and is not among the assets that it is gone."""
    return [
        ChangeConflict(asset_id=asset_id, message="This image is no longer in the catalog.")
        for asset_id in named
        if asset_id not in assets
    ]


def _conflict(
    asset: Asset,
    message: str,
    *,
    now: str | None,
    wanted: str,
    revision: Revision | None = None,
    is_chosen: bool = False,
) -> ChangeConflict:
    return ChangeConflict(
        asset_id=asset.asset_id,
        message=message,
        now=now,
        wanted=wanted,
        label_id=asset.label_id,
        label_name=asset.label_name,
        split_type=asset.split_type,
        row_version=asset.row_version,
        is_chosen=is_chosen,
        author=revision.author if revision else None,
        changed_at=revision.created_at if revision else None,
    )


WITHOUT = {"label_name": "unlabelled", "split_type": "not assigned"}
