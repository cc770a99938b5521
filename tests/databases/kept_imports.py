"""What was made once in an empty catalog is copied into those of other tests of the same process.

An import of 72 images costs half a second of processor time, a copy of its catalog some
milliseconds. Only into an empty catalog whose files lie in its workspace, and nothing of what a
test is about: those of imports call the importer.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Hashable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy

from forge_core.workspace import Workspace
from tests.databases import on_postgres

SEEDED = {"alembic_version", "catalog_state", "asset_counts", "asset_facet_counts"}
"""Tables that may have rows where nothing was done; the last two count what others hold."""
ELSEWHERE = ("asset_root", "runs_root", "cache_root")
READING = ("max_image_bytes", "max_image_pixels", "grey_window")
"""Settings that decide what an import finds."""
FILES = ("assets", "cache")


@dataclass
class Kept:
    """Copies of catalogs, by what they hold and by their kind of database."""

    by_content: dict[Hashable, tuple[Path, sqlalchemy.URL | None]] = field(default_factory=dict)
    held: ExitStack = field(default_factory=ExitStack)
    """The folders and databases of these copies, which are removed at its end."""


_kept = Kept()


def take(workspace: Workspace, what: Hashable, make: Callable[[], object]) -> None:
    """Let the catalog hold what `make` puts into an empty one; `what` says all that decides it."""
    if not _is_empty(workspace):
        make()
        return
    reading = [getattr(workspace.settings, name) for name in READING]
    key = (what, workspace.database.is_sqlite, *reading)
    if key in _kept.by_content:
        _copy(*_kept.by_content[key], workspace)
    else:
        make()
        _kept.by_content[key] = _keep(workspace)


def forget() -> None:
    """Keep nothing any more: the server of Postgres, or this process, is about to end."""
    _kept.by_content.clear()
    _kept.held.close()


def _is_empty(workspace: Workspace) -> bool:
    if any(getattr(workspace.settings, name) for name in ELSEWHERE):
        return False
    with workspace.database.engine.connect() as connection:
        return not any(
            connection.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 1").first()
            for name in sqlalchemy.inspect(connection).get_table_names()
            if name not in SEEDED
        )


def _keep(workspace: Workspace) -> tuple[Path, sqlalchemy.URL | None]:
    made_folder = tempfile.TemporaryDirectory(prefix="forge-kept-", ignore_cleanup_errors=True)
    folder = Path(_kept.held.enter_context(made_folder))
    for name in FILES:
        if (workspace.folder / name).is_dir():
            shutil.copytree(workspace.folder / name, folder / name)
    if workspace.database.is_sqlite:
        _overwrite(folder, workspace.folder)
        return folder, None
    workspace.database.dispose()  # one copies a database while nobody is connected to it
    made = on_postgres.made(workspace.database.url, copied=True)
    return folder, _kept.held.enter_context(made)


def _copy(folder: Path, near: sqlalchemy.URL | None, workspace: Workspace) -> None:
    for name in FILES:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, workspace.folder / name, dirs_exist_ok=True)
    if near is None:
        _overwrite(workspace.folder, folder)
    else:
        workspace.database.dispose()
        on_postgres.overwrite(workspace.database.url, near)
    with workspace.database.engine.execution_options(forge_writes=True).begin() as connection:
        named = sqlalchemy.text("UPDATE catalog_state SET workspace_id = :id")
        connection.execute(named, {"id": workspace.id})


def _overwrite(folder: Path, source: Path) -> None:
    """In the database file of a folder, which may be open and has to stay the same file."""
    with (
        closing(sqlite3.connect(source / "forge.db")) as other,
        closing(sqlite3.connect(folder / "forge.db")) as mine,
    ):
        other.backup(mine)
