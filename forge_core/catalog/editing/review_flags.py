"""People ask each other to look at an image again: a flag with a note, and its removal."""

import uuid
from collections.abc import Sequence

from db.enums import Question, ReviewState, RevisionKind
from db.patches import AssetPatch
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeConflict, ChangeResult, Operation
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

MAX_NOTE_CHARACTERS = 1_000
MAX_ASSETS_AT_ONCE = 10_000


def flag(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    *,
    actor: Actor,
    note: str = "",
    operation_id: str | None = None,
) -> ChangeResult:
    """Mark images for review, as one revision whose message is the note.

    Flagging again replaces the note. Idempotent by `operation_id`; undo takes the flag away.

    Raises:
        InvalidInput: No image was named, too many were, or the note is too long.
    """
    note = note.strip()
    if len(note) > MAX_NOTE_CHARACTERS:
        raise InvalidInput(
            f"The note has {len(note):,} characters, {MAX_NOTE_CHARACTERS:,} are allowed.",
            next_step="Make it shorter.",
        )
    operation = Operation.of(
        RevisionKind.FLAG, actor=actor, operation_id=operation_id, message=note
    )
    return _set(workspace, operation, asset_ids, ReviewState.FLAGGED, note)


def unflag(
    workspace: Workspace,
    asset_ids: Sequence[uuid.UUID],
    *,
    actor: Actor,
    operation_id: str | None = None,
) -> ChangeResult:
    """Take the marks of images away. Promises as `flag`; the notes stay in the history."""
    operation = Operation.of(RevisionKind.UNFLAG, actor=actor, operation_id=operation_id)
    return _set(workspace, operation, asset_ids, None, "")


def _set(
    workspace: Workspace,
    operation: Operation,
    asset_ids: Sequence[uuid.UUID],
    state: ReviewState | None,
    note: str,
) -> ChangeResult:
    if not 0 < len(asset_ids) <= MAX_ASSETS_AT_ONCE:
        raise InvalidInput(
            f"{len(asset_ids):,} images were named, 1 to {MAX_ASSETS_AT_ONCE:,} can be flagged "
            "at once."
        )
    with workspace.database.write() as uow:
        repetition = journal.find_applied_operation(uow, operation)
        if repetition is not None:
            return repetition
        patch = AssetPatch(review_state=state, review_note=note)
        unique_ids = list(dict.fromkeys(asset_ids))
        if state is not None:  # who asks to look again does not want to hear the old answer
            by = operation.operation_id
            uow.decisions.take_back_standing(Question.LABEL, unique_ids, by)
        assets = {asset.asset_id: asset for asset in uow.assets.list_by_ids(unique_ids)}
        return journal.write_revision(
            uow,
            operation,
            patch.differing(assets.values()),
            patch,
            named=unique_ids,
            conflicts=[
                ChangeConflict(asset_id=asset_id, message="This image is no longer in the catalog.")
                for asset_id in unique_ids
                if asset_id not in assets
            ],
        )
