"""Change what an alias means, by an entry more. Imports no torch."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from db.enums import RegistryAction
from db.run_records import CheckpointFile, RegistryEntry
from forge_core import storable_values
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.registry import aliases
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace

MAX_REASON_CHARACTERS = 1_000


def append(
    workspace: Workspace,
    alias: str,
    action: RegistryAction,
    checkpoint: CheckpointFile | None,
    *,
    expected: RegistryEntry | None,
    actor: Actor,
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
    is_forced: bool = False,
) -> RegistryEntry:
    """Let an alias mean a checkpoint from now on, or none.

    Args:
        workspace: The workspace.
        alias: The alias, which may be a new one.
        action: Why it changes.
        checkpoint: What it means from now on, as it was recorded; None to withdraw it.
        expected: The newest entry as it was when this was decided; None where there was none.
        actor: Who decided it.
        reason: Why, in words.
        evidence: What was checked.
        is_forced: Whether a check spoke against it.

    Raises:
        InvalidInput: It is no alias, or the reason is too long.
        Conflict: Somebody else changed the alias meanwhile, or the run was removed or wrote
            another checkpoint.
    """
    name = aliases.check_alias(alias)
    reason = reason.strip()
    if len(reason) > MAX_REASON_CHARACTERS:
        raise InvalidInput(
            f"The reason has {len(reason):,} characters, allowed are {MAX_REASON_CHARACTERS:,}."
        )
    storable_values.check(reason, "The reason")
    try:
        with workspace.database.write() as uow:
            newest = uow.registry.find_current(name)
            if _version(newest) != _version(expected):
                raise _changed(name)
            if checkpoint is not None and (
                not uow.runs.exists(checkpoint.run_id)
                or checkpoint not in uow.checkpoints.list_of_run(checkpoint.run_id)
            ):
                raise Conflict(
                    f"Run {checkpoint.run_id} was removed, or wrote another checkpoint meanwhile.",
                    next_step="Look at the run, then do it again.",
                )
            uow.registry.add(
                alias=name,
                version=_version(expected) + 1,
                action=action,
                run_id=None if checkpoint is None else checkpoint.run_id,
                kind=None if checkpoint is None else checkpoint.kind,
                checkpoint_hash=None if checkpoint is None else checkpoint.content_hash,
                author=actor.checked().name,
                reason=reason,
                evidence=evidence or {},
                is_forced=is_forced,
            )
            added = uow.registry.find_current(name)
    except IntegrityError as error:  # on Postgres two may write at once
        raise _changed(name) from error
    assert added is not None, "it was added in this transaction"
    return added


def find_newest(workspace: Workspace, alias: str) -> RegistryEntry | None:
    """The newest entry of an alias, also one that withdrew it; None where there never was one."""
    with workspace.database.read() as uow:
        return uow.registry.find_current(aliases.check_alias(alias))


def find_previous(workspace: Workspace, alias: str) -> RegistryEntry | None:
    """What an alias meant before what it means now; None where it never meant anything else.

    Rolled back twice it goes back twice: what was rolled away from is not come back to.
    """
    with workspace.database.read() as uow:
        entries = uow.registry.list_of_alias(aliases.check_alias(alias))
    if not entries:
        return None
    by_version = {entry.version: entry for entry in entries}
    now = _origin(entries[0], by_version)
    earlier = (entry for entry in entries if entry.version < now.version)
    other = (each for each in earlier if each.checkpoint_hash not in (None, now.checkpoint_hash))
    found = next(other, None)
    return None if found is None else _origin(found, by_version)


def roll_back(workspace: Workspace, alias: str, *, actor: Actor, reason: str = "") -> RegistryEntry:
    """Let an alias mean again what it meant before; of an alias that was withdrawn, what it meant.

    Raises:
        InvalidInput: It is no alias.
        NotFound: It never meant anything else, or that checkpoint is gone.
        CheckpointRejected: The file is another one than was promoted then.
        Conflict: Somebody else changed the alias meanwhile.
    """
    newest = find_newest(workspace, alias)
    previous = find_previous(workspace, alias)
    if newest is None or previous is None:
        raise NotFound(
            f"{alias!r} has not meant another checkpoint before, so it cannot be rolled back.",
            next_step="See `forge registry history`, or promote another checkpoint.",
        )
    aliases.path_of_entry(workspace, previous)
    return append(
        workspace,
        alias,
        RegistryAction.ROLL_BACK,
        _recorded(workspace, previous),
        expected=newest,
        actor=actor,
        reason=reason,
        evidence={"to_version": previous.version},
    )


def withdraw(workspace: Workspace, alias: str, *, actor: Actor, reason: str = "") -> RegistryEntry:
    """Let an alias mean nothing; what it meant until now stays told.

    Raises:
        InvalidInput: It is no alias.
        NotFound: There is none.
        Conflict: Somebody else changed the alias meanwhile.
    """
    entry = aliases.get_current(workspace, alias)
    return append(
        workspace, alias, RegistryAction.WITHDRAW, None, expected=entry, actor=actor, reason=reason
    )


def _origin(entry: RegistryEntry, by_version: Mapping[int, RegistryEntry]) -> RegistryEntry:
    """The promotion that an entry goes back to; itself, unless it is a roll back."""
    while entry.action == RegistryAction.ROLL_BACK:
        entry = by_version[entry.evidence["to_version"]]
    return entry


def _recorded(workspace: Workspace, entry: RegistryEntry) -> CheckpointFile:
    assert entry.run_id is not None, "it names a checkpoint"
    assert entry.kind is not None, "it names a checkpoint"
    return checkpoints.find_checkpoint(workspace, entry.run_id, entry.kind)


def _version(entry: RegistryEntry | None) -> int:
    return 0 if entry is None else entry.version


def _changed(alias: str) -> Conflict:
    return Conflict(
        f"Somebody else has just changed what {alias} means.",
        next_step="Look at its history, then decide again.",
    )
