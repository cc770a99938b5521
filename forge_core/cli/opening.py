"""Which workspace a command works in, and which run or checkpoint it means."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from db.enums import CheckpointKind
from db.run_records import RegistryEntry
from db.session import Database, driver_url
from db.soundness import health
from db.soundness.health import Condition
from forge_core import local_files, settings
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="Folder of the workspace, instead of FORGE_WORKSPACE."),
]
MAX_DOCUMENT_BYTES = 2**20


def chosen_settings(folder: Path | None) -> Settings:
    """The settings, with this workspace folder when one is named."""
    current = settings.current()
    return current if folder is None else current.model_copy(update={"workspace": folder})


def create(folder: Path | None) -> Workspace:
    """The workspace, made when it does not exist yet."""
    return open_workspace(chosen_settings(folder))


def make_database(folder: Path | None) -> None:
    """Make an empty database where there is none, although the workspace was used before.

    Raises:
        Conflict: There is something.
    """
    url = driver_url(chosen_settings(folder).resolved_database_url)
    found = health.examine(url)
    if found.condition not in (Condition.MISSING, Condition.EMPTY):
        raise Conflict(
            f"There is a database already ({found.condition}), and it stays as it is.",
            next_step="Leave out --anew, or move the file away first.",
        )
    database = Database(url.render_as_string(hide_password=False))
    database.upgrade()
    database.dispose()


def existing(folder: Path | None) -> Workspace:
    """The workspace.

    Raises:
        NotFound: There is none: a slip of the folder must not make an empty one.
    """
    chosen = chosen_settings(folder)
    if not chosen.workspace_folder.is_dir():
        raise NotFound(
            f"There is no workspace at {chosen.workspace_folder}.",
            next_step="Make one with `forge init`, or name another with --workspace.",
        )
    return open_workspace(chosen)


def checkpoint_of(target: str, folder: Path | None, kind: str | None = None) -> Path:
    """The checkpoint file that is meant; see `checkpoint_source`."""
    return checkpoint_source(target, folder, kind)()


def checkpoint_source(
    target: str, folder: Path | None, kind: str | None = None
) -> Callable[[], Path]:
    """Says, as often as it is asked, which file is meant by a path, a run's number, or an alias.

    Args:
        target: What was typed.
        folder: Of the workspace, where one is named.
        kind: best, calibrated or last; by default the best of a run, and what an alias means.

    Raises:
        NotFound: There is no such file or workspace. When it is asked: no such run, alias, or
            checkpoint of the run.
        InvalidInput: It means a file and an alias, or the alias means other weights than `kind`.
        CheckpointRejected: The file is another one than was recorded or promoted.
    """
    from forge_core.registry import aliases
    from forge_core.runs.files import checkpoints

    path = Path(target).expanduser()
    if path.is_file():
        _check_only_a_file(target, folder)
        return lambda: path
    if not target.isdecimal() and not aliases.is_alias(target):
        raise NotFound(
            f"There is no checkpoint file {target}.",
            next_step="Name a .safetensors file, the number of a run, or an alias.",
        )
    workspace = existing(folder)
    if target.isdecimal():
        chosen = kind or CheckpointKind.BEST
        return lambda: checkpoints.checkpoint_path(workspace, int(target), chosen)
    return lambda: aliases.path_of_entry(workspace, _entry_of(target, workspace, kind))


def run_and_kind_of(target: str, workspace: Workspace, kind: str | None) -> tuple[int, str]:
    """The run and which of its weights are meant by a run's number or an alias.

    Raises:
        NotFound: It is neither.
        InvalidInput: The alias means other weights than `kind`.
        CheckpointRejected: The run has written another checkpoint than was promoted.
    """
    from forge_core.registry import aliases

    if target.isdecimal():
        return int(target), kind or CheckpointKind.BEST
    entry = _entry_of(target, workspace, kind)
    aliases.path_of_entry(workspace, entry)
    assert entry.run_id is not None, "what holds names a checkpoint"
    return entry.run_id, entry.kind or CheckpointKind.BEST


def _entry_of(target: str, workspace: Workspace, kind: str | None) -> RegistryEntry:
    from forge_core.registry import aliases

    entry = aliases.find_current(workspace, target) if aliases.is_alias(target) else None
    if entry is None:
        known = ", ".join(each.alias for each in aliases.list_current(workspace))
        raise NotFound(
            f"There is no run, no file and no alias {target}.",
            next_step="Name the number of a run, or an alias" + (f": {known}." if known else "."),
        )
    if kind is not None and kind != entry.kind:
        raise InvalidInput(
            f"{entry.alias} means the {entry.kind} weights of run {entry.run_id}, not the {kind}.",
            next_step=f"Leave out --kind, or name the run: {entry.run_id}.",
        )
    return entry


def _check_only_a_file(target: str, folder: Path | None) -> None:
    """Refuse the name of a file that is an alias too: which is meant cannot be known."""
    from forge_core.registry import aliases

    is_workspace = chosen_settings(folder).workspace_folder.is_dir()
    if not (aliases.is_alias(target) and is_workspace):
        return
    if aliases.find_current(existing(folder), target) is not None:
        raise InvalidInput(
            f"{target} is an alias, and a file of this folder.",
            next_step=f"Write ./{target} for the file, or go to another folder.",
        )


def document(what: str, path: Path) -> str:
    """The text of a small file that somebody named.

    Args:
        what: What it should be, for the message.
        path: The file.

    Raises:
        InvalidInput: It cannot be read, is too large, or is no UTF-8.
    """
    try:
        return local_files.read_plain(path.expanduser(), MAX_DOCUMENT_BYTES).decode("utf-8")
    except OSError as error:
        raise InvalidInput(f"The {what} {path} cannot be read. {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"The {what} {path} cannot be read: it is no text in UTF-8.", detail=str(error)
        ) from error
