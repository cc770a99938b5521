"""A workspace: one catalog, its bytes, its runs and its caches, opened once a process."""

import getpass
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy.exc import OperationalError

from db.failures import is_full, is_locked
from db.session import Database
from forge_core import settings as settings_room
from forge_core.errors import ForgeError, InvalidInput
from forge_core.settings import Settings
from forge_core.storage import AssetStore


class DatabaseRefused(ForgeError, OperationalError):  # type: ignore[misc]  # both have `detail`
    """The database is locked by another writer or has no room; nothing was written."""

    def __init__(self, message: str, *, next_step: str, cause: OperationalError) -> None:
        OperationalError.__init__(self, cause.statement, cause.params, cause.orig or cause)
        self.message = message
        self.next_step = next_step
        self.detail = str(cause.orig)

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}"


def describe_refusal(error: OperationalError) -> Exception:
    """The error in words where a person can do something about it, else the error itself."""
    if is_full(error):
        return DatabaseRefused(
            "The disk of the database is full, or it fails, so nothing was saved.",
            next_step="Make room, then do it again.",
            cause=error,
        )
    if is_locked(error):
        return DatabaseRefused(
            "Another program has kept the database locked for too long, so nothing was saved.",
            next_step="Wait until it is done, or end it, then do it again.",
            cause=error,
        )
    return error


@dataclass(frozen=True)
class Workspace:
    """Everything a use case needs: the database, the bytes and the folders."""

    settings: Settings
    database: Database
    store: AssetStore

    @property
    def name(self) -> str:
        """The folder's name, as shown in the header."""
        return self.folder.name

    @property
    def folder(self) -> Path:
        """The workspace's folder."""
        return self.settings.workspace_folder

    @property
    def runs_folder(self) -> Path:
        """Checkpoints and reports, a folder a run."""
        return self.settings.runs_folder

    @property
    def cache_folder(self) -> Path:
        """Thumbnails, decoded pixels, unpacked uploads: can be deleted at any time."""
        return self.settings.cache_folder

    @property
    def logs_folder(self) -> Path:
        """One log file a job."""
        return self.folder / "logs"

    @property
    def author(self) -> str:
        """Who changes the catalog from this process, until a person says another name."""
        if self.settings.user:
            return self.settings.user
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container user without a name
            return "unknown"

    def secret(self, name: str) -> bytes:
        """32 random bytes kept in the workspace, made at first use (mode 0600)."""
        path = self.folder / "secrets" / name
        with suppress(FileNotFoundError):  # it may be taken away at any moment, to end all tokens
            return path.read_bytes()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f"{name}.{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        temporary.write_bytes(secrets.token_bytes(32))
        try:
            os.link(temporary, path)  # the first process wins, the others read its bytes
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
        return path.read_bytes()


def open_workspace(settings: Settings | None = None) -> Workspace:
    """The workspace that the settings name; its folders are made and SQLite is migrated.

    Idempotent, and cheap when it is open already. A Postgres schema is only checked:
    `forge db upgrade` changes it, so that several replicas never migrate by surprise.

    Raises:
        InvalidInput: The Postgres schema is not the newest one.
    """
    chosen = settings or settings_room.current()
    workspace = _open(
        chosen.workspace_folder,
        chosen.resolved_database_url,
        chosen.resolved_asset_root,
        chosen.model_dump_json(),
    )
    return workspace


@lru_cache(maxsize=16)
def _open(folder: Path, database_url: str, asset_root: str, settings_json: str) -> Workspace:
    settings = Settings.model_validate_json(settings_json)
    workspace = Workspace(
        settings, Database(database_url, translate=describe_refusal), AssetStore(asset_root)
    )
    for path in (folder, workspace.runs_folder, workspace.cache_folder, workspace.logs_folder):
        path.mkdir(parents=True, exist_ok=True)
    local_root = workspace.store.local_root()
    if local_root is not None:
        local_root.mkdir(parents=True, exist_ok=True)
    if workspace.database.is_sqlite:
        workspace.database.upgrade()
    elif not workspace.database.is_current():
        raise InvalidInput(
            "The Postgres database does not have this version's schema.",
            next_step="Run: forge db upgrade",
        )
    return workspace
