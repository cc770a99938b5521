"""The past of the catalog: what changed, how it stood, and taking changes back."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from db.enums import ChangeOutcome, RevisionKind
from db.records import AssetChange, ImportFinding, Revision
from forge_core.catalog.revisions import as_of as as_of_room
from forge_core.catalog.revisions import journal, reversal
from forge_core.catalog.revisions.as_of import AssetsAsOf
from forge_core.catalog.revisions.journal import ChangeResult, Operation
from forge_core.errors import NotFound
from forge_core.people.actor import Actor
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


def list_authors(workspace: Workspace) -> list[str]:
    """Everybody who changed the catalog, by name."""
    with workspace.database.read() as uow:
        return uow.revisions.list_authors()


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


def revision_times(workspace: Workspace, revision_ids: Iterable[int]) -> dict[int, datetime]:
    """When each of these revisions was made, in UTC; numbers that do not exist are left out."""
    with workspace.database.read() as uow:
        revisions = uow.revisions.list_by_ids(list(revision_ids))
    return {revision.revision_id: revision.created_at for revision in revisions}


def as_of(workspace: Workspace, revision_id: int, *, split: str | None = None) -> AssetsAsOf:
    """The living assets as they stood right after a revision, in the order of their ids.

    Today's rows, overlaid with the `before` of the earliest change after the revision. A
    sequence that makes its records when they are asked for: a million images take 150 MB.

    Args:
        workspace: The workspace.
        revision_id: 0 (the empty catalog) to the newest.
        split: Only this split; None for all.

    Raises:
        InvalidInput: There is no such revision yet.
    """
    return as_of_room.read(workspace, revision_id, split=split)


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


def find_asset_id(workspace: Workspace, asset: str) -> uuid.UUID:
    """The id of the image that is meant by a path of the catalog, or by an id.

    Raises:
        NotFound: No image of the catalog has this path.
    """
    try:
        return uuid.UUID(asset)
    except ValueError:
        pass
    with workspace.database.read() as uow:
        found = uow.assets.find_by_path(asset)
    if found is None:
        raise NotFound(
            f"There is no image {asset!r} in the catalog.",
            next_step="Give its path as the catalog has it, or the id of a removed image.",
        )
    return found.asset_id


def undo(
    workspace: Workspace, revision_id: int, *, actor: Actor, operation_id: str | None = None
) -> ChangeResult:
    """Put back what a revision changed, images and classes, as a new revision.

    An asset that was changed again since, whose path belongs to another by now, or whose class
    is retired, is reported as a conflict and left alone. Undoing an undo brings the change back.
    A class that the revision created stays (it may be in use).

    Raises:
        NotFound: There is no such revision.
        InvalidInput: The revision changed nothing that can be put back.
        Conflict: A class that it changed was changed again, or its name belongs to another.
    """
    operation = Operation.of(
        RevisionKind.UNDO,
        actor=actor,
        operation_id=operation_id,
        message=f"undo of revision {revision_id}",
        undoes_revision_id=revision_id,
    )
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        revision = uow.revisions.find(revision_id)
        if revision is None:
            raise NotFound(f"There is no revision {revision_id} to undo.")
        return reversal.undo_in(uow, operation, revision)


def undo_operation(
    workspace: Workspace, undoes: str, *, actor: Actor, operation_id: str
) -> ChangeResult:
    """As `undo`, of what an operation changed; nothing where it changed nothing.

    An answer to a question of a review that changed no image is taken back, too.
    """
    with workspace.database.write() as uow:
        revision = uow.revisions.find_by_operation(undoes)
        if revision is None:
            number = uow.decisions.revert(undoes, operation_id)
            uow.label_votes.follow_answers(operation_id)
            return ChangeResult(
                operation_id=operation_id,
                status=ChangeOutcome.APPLIED if number else ChangeOutcome.NOTHING,
                revision_id=None,
            )
    return undo(workspace, revision.revision_id, actor=actor, operation_id=operation_id)


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


def list_findings(
    workspace: Workspace, revision_id: int, *, after: int = 0, limit: int = 1_000
) -> list[tuple[str, ImportFinding]]:
    """What an import said of images that were there or came twice, each with the image's path.

    Args:
        workspace: The workspace.
        revision_id: Of the import.
        after: Number of the last finding of the page before.
        limit: Findings at most.

    Raises:
        NotFound: There is no such revision.
    """
    with workspace.database.read() as uow:
        if uow.revisions.find(revision_id) is None:
            raise NotFound(
                f"There is no revision {revision_id}.", next_step="`forge history` lists them."
            )
        found = uow.findings.list_of(revision_id, after=after, limit=limit)
        ids = list({finding.asset_id for finding in found})
        assets = uow.assets.list_by_ids(ids, with_removed=True)
    paths = {asset.asset_id: asset.file_path for asset in assets}
    return [(paths[finding.asset_id], finding) for finding in found]
