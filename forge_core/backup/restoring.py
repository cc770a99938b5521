"""Put a backup into an empty workspace, or one database into another of either kind.

Checksums of every table and file are compared before the first row is written, and once more
afterwards, inside the transaction.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from db import dumping, migrate
from db.dumping import COUNTED, Snapshot
from db.session import Database
from forge_core.backup import archive
from forge_core.backup.archive import Manifest, TableFile
from forge_core.errors import Conflict, InvalidInput
from forge_core.progress import SILENT, Progress
from forge_core.run_store import RunStore
from forge_core.storage import AssetStore, check_key

COPIERS = 8


def restore(
    database: Database,
    store: AssetStore,
    runs: RunStore,
    source: Path,
    *,
    progress: Progress = SILENT,
) -> Manifest:
    """Put a backup into an empty database, and its bytes where they belong.

    Everything is checked first. Files come before rows, and all rows in one transaction: a restore
    that fails leaves the database empty and can be run again.

    Args:
        database: Empty, without a schema or with one.
        store: The asset root; files of the same bytes may be there already.
        runs: Where the files of the runs go; files of the same bytes may be there already.
        source: A folder that `backup` made; the database it came from may be of the other kind.
        progress: Told the tables and files; the message says which.

    Raises:
        Conflict: The database holds something, or another file is in a place.
        InvalidInput: The backup is damaged, or newer than this version.
    """
    source = source.expanduser()
    manifest = archive.check(source)
    # An old archive goes into its own schema, which is upgraded afterwards.
    if migrate.current_version(database.engine) is None:
        migrate.upgrade(database.engine, manifest.schema_version)
    found = migrate.current_version(database.engine)
    if found != manifest.schema_version:
        raise Conflict(
            f"The database has schema {found}, the backup {manifest.schema_version}.",
            next_step="Restore into a database that does not exist yet; it is upgraded afterwards.",
        )
    with dumping.loading(database) as target:
        filled = target.list_filled()
        if filled:
            raise Conflict(
                f"The database holds something already: {', '.join(filled[:5])}.",
                next_step="Restore into an empty one: another --workspace or FORGE_DATABASE_URL.",
            )
        if manifest.with_bytes:
            _restore_bytes(source, store, runs, progress)
        target.clear_seeds()
        for position, name in enumerate(target.view.tables, 1):
            progress.advance(position, len(manifest.tables), "tables")
            if name not in COUNTED:
                rows = (
                    json.loads(line) for line in archive.lines(archive.table_path(source, name))
                )
                target.load(name, manifest.tables[name].columns, rows)
        target.set_sequences()
        _compare(target.view, manifest.tables)
    migrate.upgrade(database.engine)
    return manifest


def copy_database(source: Database, target: Database) -> dict[str, TableFile]:
    """Copy every table from one database to an empty one of either kind; checksums must agree.

    Returns:
        The tables with their numbers of rows and checksums.

    Raises:
        Conflict: The target holds something already.
        InvalidInput: The copy differs; nothing is kept.
    """
    migrate.upgrade(target.engine)
    with dumping.snapshot(source) as view, dumping.loading(target) as loading:
        filled = loading.list_filled()
        if filled:
            raise Conflict(
                f"The target holds something already: {', '.join(filled[:5])}.",
                next_step="Copy into an empty database.",
            )
        loading.clear_seeds()
        for name in loading.view.tables:
            if name not in COUNTED:
                loading.load(name, view.columns(name), view.rows(name))
        loading.set_sequences()
        tables = {name: archive.summary(view, name) for name in view.tables}
        _compare(loading.view, tables)
    return tables


def _compare(view: Snapshot, expected: dict[str, TableFile]) -> None:
    """Read back what was loaded, the counts of the triggers too."""
    for name, table in expected.items():
        found = archive.summary(view, name)
        if found.checksum != table.checksum:
            raise InvalidInput(
                f"The table {name} was not restored as it was: {found.num_rows} rows, expected "
                f"{table.num_rows}. Nothing was kept.",
                detail=f"{found.checksum} is not {table.checksum}",
            )


def _restore_bytes(source: Path, store: AssetStore, runs: RunStore, progress: Progress) -> None:
    store.check()
    runs.check()
    entries = [json.loads(line) for line in (source / archive.FILES).open("rb")]
    _check_folders(runs, [key for kind, key, *_ in entries if kind == "runs"])

    def put(entry: list[Any]) -> str | None:
        kind, key, expected, _ = entry
        check_key(key)
        data = (source / kind / key).read_bytes()
        if hashlib.sha256(data).hexdigest() != expected:
            raise archive.damaged(f"{kind}/{key}", "its bytes are not those of the backup")
        target = runs.files if kind == "runs" else store
        if not target.add(key, data) and target.read(key) != data:
            raise Conflict(
                f"Another file is at {key} under {target.root}.",
                next_step=f"Restore into an empty {target.place}.",
            )
        return None if kind == "runs" else str(key)

    with ThreadPoolExecutor(COPIERS) as copiers:
        keys: list[str] = []
        for done, key in enumerate(archive.mapped(copiers, put, entries), 1):
            keys += [key] if key is not None else []
            if done % 100 == 0 or done == len(entries):
                progress.advance(done, len(entries), "files")
    store.flush(keys)


def _check_folders(runs: RunStore, keys: list[str]) -> None:
    """Nothing is put into a folder that a workspace has marked, unless it is all there."""
    for name in sorted({key.partition("/")[0] for key in keys if "/" in key}):
        owner = runs.find_owner(name)
        there = {file.key for file in runs.list_files(name)} if owner else set()
        if owner and not there.issuperset(key for key in keys if key.startswith(f"{name}/")):
            raise Conflict(
                f"The folder {name} under {runs.root} belongs to run {owner.run_id} of the "
                f"workspace {owner.workspace_name!r} ({owner.workspace_id}).",
                next_step="Restore with another FORGE_RUNS_ROOT.",
            )
