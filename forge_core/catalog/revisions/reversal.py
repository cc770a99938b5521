"""Take a revision back, images and classes, inside a transaction that holds the catalog's lock."""

from dataclasses import replace

from db.enums import ChangeOutcome, FindingOutcome, UndoBlock
from db.records import Asset, LabelState, Revision
from db.repositories.changes import BlockedUndo
from db.unit_of_work import UnitOfWork
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import ChangeConflict, ChangeResult, Operation
from forge_core.errors import Conflict, InvalidInput

MAX_CONFLICTS_TOLD = 1_000
"""More are counted in `ChangeResult.num_conflicts`."""


def undo_in(uow: UnitOfWork, operation: Operation, revision: Revision) -> ChangeResult:
    """Put back what a revision changed. Promises and raises as `history.undo`.

    Args:
        uow: The writing transaction, locked; the operation was not applied before.
        operation: Who asks, and under which name.
        revision: What is taken back.
    """
    undone = revision.revision_id
    states = _states_to_restore(uow, undone)
    has_opinions = uow.label_votes.count_of(undone) > 0
    has_opinions |= FindingOutcome.DECIDED in uow.findings.count_by_outcome(undone)
    if not states and not revision.num_changes and not has_opinions:
        raise InvalidInput(
            f"Revision {undone} ({revision.kind}) changed no image and no class that can be put "
            "back, so there is nothing to undo."
        )
    is_blocked = _count_blocked(uow, revision) == revision.num_changes
    if not states and not has_opinions and is_blocked:
        return _answer(uow, operation, revision, None)
    revision_id = journal.begin_revision(uow, operation)
    # Classes first: images may go back to a class that was merged or retired.
    for state in states:
        uow.labels.set_state(
            state.label_id,
            revision_id=revision_id,
            name=state.name,
            is_retired=state.is_retired,
            merged_into=state.merged_into_label_id,
            color=state.color,
            hotkey=state.hotkey,
            description=state.description,
        )
        uow.assets.update_label_name(state.label_id, state.name)
    # Told before the images move: then each conflict says what the image was found with.
    answer = _answer(uow, operation, revision, revision_id)
    number = uow.changes.revert_revision(revision_id, undone)
    uow.findings.revert(revision_id, undone)
    uow.decisions.revert(revision.operation_id, operation.operation_id)
    uow.label_votes.revert(revision_id, undone)
    _check_retired_are_empty(uow, states)
    return replace(answer, assets=_named(uow, revision), num_changed=number)


def _answer(
    uow: UnitOfWork, operation: Operation, revision: Revision, revision_id: int | None
) -> ChangeResult:
    blocked = uow.changes.list_blocked(revision.revision_id, limit=MAX_CONFLICTS_TOLD)
    return ChangeResult(
        operation_id=operation.operation_id,
        status=ChangeOutcome.CONFLICT if revision_id is None else ChangeOutcome.APPLIED,
        revision_id=revision_id,
        assets=_named(uow, revision) if revision_id is None else [],
        conflicts=_describe(uow, blocked),
        num_conflicts=_count_blocked(uow, revision) if blocked else 0,
    )


def _count_blocked(uow: UnitOfWork, revision: Revision) -> int:
    # Mostly none is: then the first that is looked for says so.
    if not uow.changes.list_blocked(revision.revision_id, limit=1):
        return 0
    return uow.changes.count_blocked(revision.revision_id)


def _named(uow: UnitOfWork, revision: Revision) -> list[Asset]:
    """The assets that a revision changed, unless they are too many to tell."""
    if revision.num_changes > journal.MAX_ASSETS_TOLD:
        return []
    changes = uow.revisions.list_changes(revision.revision_id)
    return uow.assets.list_by_ids([change.asset_id for change in changes])


def _check_retired_are_empty(uow: UnitOfWork, states: list[LabelState]) -> None:
    sizes = {label.label_id: label.num_images for label in uow.labels.list_all()}
    for state in states:
        if state.is_retired and sizes[state.label_id]:
            raise Conflict(
                f"{sizes[state.label_id]:,} images have the class {state.name!r}, so it cannot be "
                "retired again.",
                next_step="Give them another class first.",
            )


def _states_to_restore(uow: UnitOfWork, undone: int) -> list[LabelState]:
    """The states to give to the classes that the revision changed.

    Only what it changed goes back; what was changed beside that since stays as it is now.
    """
    earlier = uow.labels.list_states_as_of(undone - 1)
    found = []
    for given in uow.labels.list_states_in(undone):
        before = earlier.get(given.label_id)
        now = uow.labels.find_latest_state(given.label_id)
        if before is None or now is None:
            continue  # created by it: it stays
        own = [name for name in CLASS_FIELDS if getattr(before, name) != getattr(given, name)]
        if any(getattr(now, name) != getattr(given, name) for name in own):
            raise Conflict(
                f"The class {given.name!r} was changed again after revision {undone}.",
                next_step="Undo the newer change first, or change the class by hand.",
            )
        state = replace(now, **{name: getattr(before, name) for name in own})
        _check_free(uow, given, state)
        found.append(state)
    return found


CLASS_FIELDS = ("name", "color", "hotkey", "description", "is_retired", "merged_into_label_id")


def _check_free(uow: UnitOfWork, given: LabelState, state: LabelState) -> None:
    """No other class has the name or the key that a class is to get back."""
    others = [label for label in uow.labels.list_all() if label.label_id != given.label_id]
    if any(other.name == state.name for other in others):
        raise Conflict(
            f"The class {given.name!r} cannot be called {state.name!r} again: another class "
            "has that name now.",
            next_step="Rename one of them by hand.",
        )
    in_use = [other for other in others if not other.is_retired and other.hotkey]
    taken = next((other for other in in_use if other.hotkey == state.hotkey), None)
    if taken is not None and not state.is_retired:
        raise Conflict(
            f"The class {given.name!r} cannot have key {state.hotkey} again: {taken.name!r} "
            "has it now.",
            next_step="Take the key away there first.",
        )


def _describe(uow: UnitOfWork, blocked: list[BlockedUndo]) -> list[ChangeConflict]:
    """What keeps each of these assets from going back, in words."""
    by_reason: dict[UndoBlock, list[BlockedUndo]] = {}
    for entry in blocked:
        by_reason.setdefault(entry.reason, []).append(entry)
    superseded = [entry.asset_id for entry in by_reason.get(UndoBlock.SUPERSEDED, [])]
    assets = uow.assets.list_by_ids(superseded, with_removed=True)
    conflicts = journal.describe_conflicts(uow, assets, wanted="to undo an older change")
    conflicts += [
        ChangeConflict(asset_id=entry.asset_id, message=journal.PATH_TAKEN.format(entry.file_path))
        for entry in by_reason.get(UndoBlock.PATH_TAKEN, [])
    ]
    names = {label.label_id: label.name for label in uow.labels.list_all()}
    conflicts += [
        ChangeConflict(
            asset_id=entry.asset_id,
            message=f"Its class {names.get(entry.label_id or 0)!r} is retired now.",
        )
        for entry in by_reason.get(UndoBlock.CLASS_RETIRED, [])
    ]
    return conflicts
