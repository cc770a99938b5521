"""A workspace: one catalog, its bytes, its runs and its caches, opened once a process."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from sqlalchemy.exc import OperationalError

from db.failures import UNSTORABLE, DatabaseReplaced, is_full, is_locked
from db.repositories.data_settings import GREY_WINDOW
from db.session import Database, driver_url
from db.soundness import health
from db.soundness.health import Condition
from forge_core import database_health, local_files
from forge_core import settings as settings_room
from forge_core.errors import ForgeError, InvalidInput
from forge_core.run_store import RunStore
from forge_core.settings import Settings
from forge_core.storage import AssetStore

SECRET_BYTES = 32
ID_BYTES = 6


class DatabaseRefused(ForgeError, OperationalError):  # type: ignore[misc]  # both have `detail`
    """The database is locked by another writer or has no room; nothing was written."""

    def __init__(self, message: str, *, next_step: str, cause: OperationalError) -> None:
        OperationalError.__init__(self, cause.statement, cause.params, cause.orig or cause)
        self.message = message
        self.next_step = next_step
        self.detail = str(cause.orig)

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}"


class ValueRefused(InvalidInput):
    """A value that no column of the database can hold; nothing was written."""


def describe_refusal(error: Exception) -> Exception:
    """The error in words where a person can do something about it, else the error itself."""
    if isinstance(error, UNSTORABLE):
        return ValueRefused(
            "A number or a text that was given is none that the catalog can hold.",
            next_step="Look at the numbers; the largest is 2,147,483,647.",
            detail=str(error)[:500],
        )
    if not isinstance(error, OperationalError):
        return error
    if isinstance(error, DatabaseReplaced):
        return DatabaseRefused(
            "The database file of this workspace was deleted or replaced while it was open, so "
            "nothing was saved.",
            next_step="Put the file back where it was, or restart Vision Forge to work with the "
            "one that is there now.",
            cause=error,
        )
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
    id: str
    """Names it in addresses, tokens and jobs: 12 letters and digits, public, always the same."""

    @property
    def name(self) -> str:
        """The folder's name, as shown in the header."""
        return self.folder.name

    @property
    def folder(self) -> Path:
        """The workspace's folder."""
        return self.settings.workspace_folder

    @property
    def image_settings(self) -> Settings:
        """The settings with what people chose for the data of this workspace in their place."""
        with self.database.read() as uow:
            chosen = uow.data_settings.find(GREY_WINDOW)
        if chosen is None:
            return self.settings
        return self.settings.model_copy(update={"grey_window": chosen})

    def choose_grey_window(self, text: str, author: str) -> None:
        """Keep which greys are shown, for all who work here; see `GreyWindow.parse`."""
        with self.database.write() as uow:
            uow.data_settings.update_or_add(GREY_WINDOW, text, author)
            uow.file_facts.forget_measures()

    @cached_property
    def runs(self) -> RunStore:
        """What runs leave, a folder a run."""
        return run_store_of(self.settings)

    @property
    def cache_folder(self) -> Path:
        """Thumbnails, decoded pixels, unpacked uploads: can be deleted at any time."""
        return self.settings.cache_folder

    @property
    def logs_folder(self) -> Path:
        """One log file a job."""
        return self.folder / "logs"

    def secret(self, name: str) -> bytes:
        """Random bytes kept in the workspace, made at first use; on the disk before they are used.

        Fewer than `SECRET_BYTES`, as a power cut or a copy may leave them, are no secret: they are
        made anew, and what was signed with them counts no longer.
        """
        path = self.folder / "secrets" / name
        found = _read_secret(path)  # it may be taken away at any moment, to end all tokens
        if found is not None:
            return found
        local_files.make_folder(path.parent)
        with local_files.locked(path.parent):
            found = _read_secret(path)  # the first process made it, the others read its bytes
            if found is None:
                found = secrets.token_bytes(SECRET_BYTES)
                local_files.replace(path, found, flushed=True)
        return found


def run_store_of(settings: Settings) -> RunStore:
    """Where the runs of the workspace that the settings name leave their files.

    Raises:
        StorageUnavailable: The URL's scheme needs a package that is not installed.
    """
    return RunStore(
        settings.resolved_runs_root,
        working=settings.workspace_folder / "working",
        copies=settings.cache_folder / "checkpoints",
    )


def _read_secret(path: Path) -> bytes | None:
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return None
    return found if len(found) >= SECRET_BYTES else None


def open_workspace(settings: Settings | None = None) -> Workspace:
    """The workspace that the settings name; its folders are made and SQLite is migrated.

    Idempotent, and cheap when it is open already. A Postgres schema is only checked:
    `forge db upgrade` changes it, so that several replicas never migrate by surprise.

    Raises:
        DatabaseUnusable: The database is damaged, away, newer, or of another program.
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


def _check_database(settings: Settings, database_url: str) -> Condition:
    """Before anything is made: a database that is not usable is told in words.

    Returns:
        In what state it is otherwise.

    Raises:
        DatabaseUnusable: It is damaged, of another program or version, away, or not reached.
    """
    url = driver_url(database_url)
    found = health.examine(url)
    if url.get_backend_name() != "sqlite" and found.condition == Condition.EMPTY:
        return found.condition  # it has to be upgraded, which is said below
    if database_health.prevents_opening(found, settings):
        shown = url.render_as_string(hide_password=True)
        told = database_health.trouble(found, shown)
        if told is not None:
            raise told
    return found.condition


@lru_cache(maxsize=16)
def _open(folder: Path, database_url: str, asset_root: str, settings_json: str) -> Workspace:
    settings = Settings.model_validate_json(settings_json)
    condition = _check_database(settings, database_url)
    workspace = Workspace(
        settings, Database(database_url, translate=describe_refusal), AssetStore(asset_root), id=""
    )
    roots = (workspace.store.local_root(), workspace.runs.local_root())
    for path in (folder, workspace.cache_folder, workspace.logs_folder, *roots):
        if path is not None:
            local_files.make_folder(path)
    if condition != Condition.GOOD and not workspace.database.is_sqlite:
        raise InvalidInput(
            "The Postgres database does not have this version's schema.",
            next_step="Run: forge db upgrade",
        )
    if condition != Condition.GOOD:
        workspace.database.upgrade()
    return replace(workspace, id=_identify(workspace))


def _identify(workspace: Workspace) -> str:
    """The id that the database keeps: all machines that open one database name it alike."""
    with workspace.database.read() as uow:
        found = uow.identity.find()
    if found is not None:
        return found
    with workspace.database.write() as uow:
        return uow.identity.keep(_make_id(workspace.folder))


def _make_id(folder: Path) -> str:
    """A new id; of a workspace from before there were ids, the name that browsers know it by.

    Under that name they keep changes that the server has not answered for yet.
    """
    known = _read_secret(folder / "secrets" / "identity")
    digest = hashlib.sha256(known).digest() if known else secrets.token_bytes(ID_BYTES)
    return digest[:ID_BYTES].hex()
