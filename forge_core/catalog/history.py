"""The past of the catalog: what changed, how it stood, and taking changes back."""

import uuid
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from db.records import AssetAsOf, AssetChange, Revision
from db.unit_of_work import UnitOfWork
from forge_core.catalog import changing, classes
from forge_core.catalog.changing import TRACKED, ChangeConflict, ChangeResult, Operation
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One change of one asset. `before` and `after` hold only what differs; labels by name."""

    revision_id: int
    created_at: datetime
    author: str
    kind: str
    message: str
    before: dict[str, Any]
    after: dict[str, Any]


def latest_revision_id(workspace: Workspace) -> int:
    """Number of the newest revision; 0 for an empty catalog."""
    with workspace.database.read() as uow:
        return uow.revisions.latest_id()


def list_revisions(
    workspace: Workspace, *, limit: int = 50, before: int | None = None
) -> list[Revision]:
    """The newest revisions (older than `before`), newest first."""
    with workspace.database.read() as uow:
        return uow.revisions.list_latest(limit=limit, before=before)


def as_of(workspace: Workspace, revision_id: int, *, split: str | None = None) -> list[AssetAsOf]:
    """The living assets as they stood right after a revision, in the order of their ids.

    Today's rows, overlaid with the `before` of the earliest change after the revision.

    Args:
        workspace: The workspace.
        revision_id: 0 (the empty catalog) to the newest.
        split: Only this split; None for all.

    Raises:
        InvalidInput: There is no such revision yet.
    """
    with workspace.database.read() as uow:
        latest = uow.revisions.latest_id()
        if not 0 <= revision_id <= latest:
            raise InvalidInput(
                f"There is no revision {revision_id}; the catalog has revisions 0 to {latest}."
            )
        today = {asset.asset_id: asset for asset in uow.assets.list_all()}
        names = uow.labels.list_names_as_of(revision_id)
        changed = {c.asset_id: c for c in uow.revisions.list_first_changes_after(revision_id)}
        gone = [asset_id for asset_id in changed if asset_id not in today]
        removed = uow.assets.list_by_ids(gone, with_removed=True)
    rows = []
    for asset in (*today.values(), *removed):
        change = changed.get(asset.asset_id)
        state = change.before if change else changing.state_of(asset)
        if not state.exists or (split is not None and state.split_type != split):
            continue
        rows.append(
            AssetAsOf(
                asset_id=asset.asset_id,
                file_path=state.file_path or asset.file_path,
                content_hash=state.content_hash or asset.content_hash,
                label_id=state.label_id,
                label_name=None if state.label_id is None else names[state.label_id],
                split_type=state.split_type,
                is_augmented=asset.is_augmented,
            )
        )
    return sorted(rows, key=lambda row: row.asset_id)


def asset_history(workspace: Workspace, asset_id: uuid.UUID) -> list[HistoryEntry]:
    """Every change of an asset, oldest first."""
    with workspace.database.read() as uow:
        changes = uow.revisions.list_changes_of_asset(asset_id)
        revisions = {
            revision.revision_id: revision
            for revision in uow.revisions.list_by_ids([c.revision_id for c in changes])
        }
        names = {label.label_id: label.name for label in uow.labels.list_all()}
    entries = []
    for change in changes:
        revision = revisions[change.revision_id]
        before, after = _difference(change, names)
        entries.append(
            HistoryEntry(
                revision_id=revision.revision_id,
                created_at=revision.created_at,
                author=revision.author,
                kind=revision.kind,
                message=revision.message,
                before=before,
                after=after,
            )
        )
    return entries


def undo(
    workspace: Workspace, revision_id: int, *, author: str, operation_id: str | None = None
) -> ChangeResult:
    """Put back what a revision changed, as a new revision.

    An asset that was changed again since is reported as a conflict and left alone. Undoing
    an undo brings the change back. A class that the revision created stays (it may be in use).

    Raises:
        NotFound: There is no such revision.
    """
    operation = Operation.of(
        "undo",
        author=author,
        operation_id=operation_id,
        message=f"undo of revision {revision_id}",
        undoes_revision_id=revision_id,
    )
    with workspace.database.write() as uow:
        repetition = changing.lock_and_find_repetition(uow, operation)
        if repetition is not None:
            return repetition
        revision = uow.revisions.find(revision_id)
        if revision is None:
            raise NotFound(f"There is no revision {revision_id} to undo.")
        changes = uow.revisions.list_changes(revision_id)
        if not changes:
            return _undo_rename(uow, operation, revision)
        return _undo_changes(uow, operation, changes)


def _undo_changes(
    uow: UnitOfWork, operation: Operation, changes: list[AssetChange]
) -> ChangeResult:
    asset_ids = [change.asset_id for change in changes]
    latest = uow.revisions.list_latest_change_ids(asset_ids)
    assets = {a.asset_id: a for a in uow.assets.list_by_ids(asset_ids, with_removed=True)}
    names = {label.label_id: label.name for label in uow.labels.list_all()}
    superseded = [c.asset_id for c in changes if latest[c.asset_id] != c.revision_id]
    conflicts = changing.describe_conflicts(
        uow, [assets[asset_id] for asset_id in superseded], wanted="to undo an older change"
    )
    conflicts += _taken_paths(uow, [c for c in changes if c.asset_id not in set(superseded)])
    blocked = {conflict.asset_id for conflict in conflicts}
    groups: dict[tuple[Any, ...], list[AssetChange]] = defaultdict(list)
    for change in changes:
        if change.asset_id not in blocked:
            before, after = asdict(change.before), asdict(change.after)
            key = tuple(
                (name, before[name])
                for name in ("exists", *TRACKED)
                if before[name] != after[name] and (before["exists"] or name == "exists")
            )
            groups[key].append(change)
    if not groups:
        return ChangeResult(
            operation_id=operation.operation_id,
            status=changing.CONFLICT,
            revision_id=None,
            conflicts=conflicts,
        )
    revision_id = changing.begin_revision(uow, operation)
    for key, members in groups.items():
        values = dict(key)
        if "exists" in values:
            values = {"is_deleted": not values["exists"]}
        elif "label_id" in values:
            values["label_name"] = names.get(values["label_id"])
        _apply_group(uow, revision_id, members, values)
    return ChangeResult(
        operation_id=operation.operation_id,
        status=changing.APPLIED,
        revision_id=revision_id,
        assets=uow.assets.list_by_ids(asset_ids),
        conflicts=conflicts,
        num_changed=sum(map(len, groups.values())),
        num_conflicts=len(conflicts),
    )


def _apply_group(
    uow: UnitOfWork, revision_id: int, members: list[AssetChange], values: dict[str, Any]
) -> None:
    """Write back one group of changes: before and after of the undo are the change's, swapped."""
    uow.assets.update_fields([change.asset_id for change in members], values)
    uow.revisions.add_changes(
        [
            AssetChange(
                revision_id=revision_id,
                asset_id=change.asset_id,
                before=change.after,
                after=change.before,
            )
            for change in members
        ]
    )


def _taken_paths(uow: UnitOfWork, changes: list[AssetChange]) -> list[ChangeConflict]:
    """Removed images that cannot come back, because another image has their path now."""
    returning = {
        change.before.file_path: change.asset_id
        for change in changes
        if change.before.exists and not change.after.exists and change.before.file_path
    }
    taken = uow.assets.list_hash_by_path(list(returning))
    return [
        ChangeConflict(
            asset_id=asset_id,
            message=f"{path} belongs to another image now, so this one cannot come back.",
        )
        for path, asset_id in returning.items()
        if path in taken
    ]


def _undo_rename(uow: UnitOfWork, operation: Operation, revision: Revision) -> ChangeResult:
    """Give back the names that classes had before a revision without changes of assets."""
    earlier = uow.labels.list_names_as_of(revision.revision_id - 1)
    renamed = [
        (label_id, name)
        for label_id, name in uow.labels.list_renamed_in(revision.revision_id)
        if label_id in earlier
    ]
    for label_id, name in renamed:
        current = uow.labels.find(label_id)
        if current is None or current.name != name:
            raise InvalidInput(
                f"The class renamed to {name!r} in revision {revision.revision_id} has another "
                "name by now.",
                next_step="Rename it by hand.",
            )
        return classes.rename_in(uow, operation, label_id, earlier[label_id])
    raise InvalidInput(
        f"Revision {revision.revision_id} ({revision.kind}) changed no image, so there is "
        "nothing to undo."
    )


def _difference(
    change: AssetChange, names: dict[int, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = asdict(change.before), asdict(change.after)
    different = [name for name in before if before[name] != after[name]]

    def readable(state: dict[str, Any]) -> dict[str, Any]:
        shown = {name: state[name] for name in different}
        if "label_id" in shown:
            shown["label_name"] = names.get(shown.pop("label_id"))
        return shown

    return readable(before), readable(after)
