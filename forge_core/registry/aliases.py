"""What an alias means, now and at any time before. Imports no torch."""

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from db.run_records import RegistryEntry
from forge_core.errors import CheckpointRejected, InvalidInput, NotFound
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace

MAX_CHARACTERS = 64
_NAME = re.compile(r"[^\W_](?:[\w .-]*[^\W_])?")
_ENDINGS_OF_FILES = (".safetensors", ".onnx", ".pt2")


def check_alias(alias: str) -> str:
    """The alias as it is kept: in small letters, without spaces around it.

    Raises:
        InvalidInput: It could be taken for a run's number or for a file, or is no name.
    """
    name = unicodedata.normalize("NFC", alias).strip().lower()
    if (
        len(name) > MAX_CHARACTERS
        or not _NAME.fullmatch(name)
        or name.isdecimal()
        or name.endswith(_ENDINGS_OF_FILES)
    ):
        raise InvalidInput(
            f"{alias[:MAX_CHARACTERS]!r} cannot be an alias.",
            next_step="Use letters, digits, spaces, dots and dashes, such as production or "
            f"phone-2; at most {MAX_CHARACTERS} characters, and not only digits.",
        )
    return name


def is_alias(text: str) -> bool:
    """Whether this could be an alias, of whatever workspace."""
    try:
        check_alias(text)
    except InvalidInput:
        return False
    return True


def find_current(workspace: Workspace, alias: str) -> RegistryEntry | None:
    """The entry that holds now; None where there is no such alias, or it was withdrawn.

    One look into an index: cheap enough to ask every second. What it means has changed when
    `checkpoint_hash` has.

    Raises:
        InvalidInput: It is no alias.
    """
    with workspace.database.read() as uow:
        entry = uow.registry.find_current(check_alias(alias))
    return None if entry is None or entry.checkpoint_hash is None else entry


def get_current(workspace: Workspace, alias: str) -> RegistryEntry:
    """The entry that holds now.

    Raises:
        InvalidInput: It is no alias.
        NotFound: There is none, or it was withdrawn.
    """
    entry = find_current(workspace, alias)
    if entry is None:
        known = ", ".join(each.alias for each in list_current(workspace))
        raise NotFound(
            f"There is no alias {alias!r}.",
            next_step=f"Known are {known}."
            if known
            else f"Make it with `forge registry promote RUN {alias}`.",
        )
    return entry


def find_at(workspace: Workspace, alias: str, moment: datetime) -> RegistryEntry | None:
    """The entry that held at a time; None before the first, and while it was withdrawn.

    Args:
        workspace: The workspace.
        alias: The alias.
        moment: In UTC where it names no zone.

    Raises:
        InvalidInput: It is no alias.
    """
    in_utc = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    with workspace.database.read() as uow:
        entry = uow.registry.find_at(check_alias(alias), in_utc)
    return None if entry is None or entry.checkpoint_hash is None else entry


def list_current(workspace: Workspace) -> list[RegistryEntry]:
    """What each alias means now, in the order of their names; without those withdrawn."""
    with workspace.database.read() as uow:
        entries = uow.registry.list_current()
    return [entry for entry in entries if entry.checkpoint_hash is not None]


def list_history(workspace: Workspace, alias: str) -> list[RegistryEntry]:
    """Every entry of an alias, newest first.

    Raises:
        InvalidInput: It is no alias.
        NotFound: There never was one.
    """
    with workspace.database.read() as uow:
        entries = uow.registry.list_of_alias(check_alias(alias))
    if not entries:
        raise NotFound(
            f"There never was an alias {alias!r}.",
            next_step="See `forge registry list` for those that are there.",
        )
    return entries


def list_of_run(workspace: Workspace, run_id: int) -> list[RegistryEntry]:
    """What holds now and means a checkpoint of this run, in the order of the aliases."""
    return [entry for entry in list_current(workspace) if entry.run_id == run_id]


def checkpoint_path(workspace: Workspace, alias: str) -> Path:
    """A file of this machine with the very bytes that were promoted.

    Raises:
        InvalidInput: It is no alias.
        NotFound: There is no such alias, or the file is gone.
        Conflict: The folder is that of another run or workspace.
        CheckpointRejected: The file is another one than was promoted.
    """
    return path_of_entry(workspace, get_current(workspace, alias))


def path_of_entry(workspace: Workspace, entry: RegistryEntry) -> Path:
    """A file of this machine with the bytes that an entry names; see `checkpoint_path`."""
    if entry.run_id is None or entry.kind is None:
        raise NotFound(f"{entry.alias} means no checkpoint since version {entry.version}.")
    recorded = {each.kind: each for each in checkpoints.list_recorded(workspace, entry.run_id)}
    found = recorded.get(entry.kind)
    if found is not None and found.content_hash != entry.checkpoint_hash:
        raise CheckpointRejected(
            f"{entry.alias} means the {entry.kind} checkpoint of run {entry.run_id} as it was on "
            f"{entry.created_at:%Y-%m-%d %H:%M} UTC, and the run has written another one since.",
            next_step=f"Promote the new one, or roll {entry.alias} back.",
            detail=f"SHA-256 {found.content_hash}, promoted was {entry.checkpoint_hash}",
        )
    return checkpoints.checkpoint_path(workspace, entry.run_id, entry.kind)
