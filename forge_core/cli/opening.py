"""Which workspace a command works in, and which run or checkpoint it means."""

from pathlib import Path
from typing import Annotated

import typer

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


def checkpoint_of(target: str, folder: Path | None, kind: str) -> Path:
    """The checkpoint file that is meant by a run's number or by a path.

    Raises:
        NotFound: There is no such file, run, or checkpoint of the run.
    """
    path = Path(target).expanduser()
    if path.is_file():
        return path
    if not target.isdecimal():
        raise NotFound(
            f"There is no checkpoint file {target}.",
            next_step="Name a .safetensors file, or the number of a run.",
        )
    from forge_core.runs.files import checkpoints

    return checkpoints.checkpoint_path(existing(folder), int(target), kind)


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
