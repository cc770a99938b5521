"""Make a backup of a workspace, consistent while people and jobs go on writing.

A backup is a folder: `manifest.json`, one compressed file a table, and, when asked for, the bytes
of the images and of the runs. It is one format for SQLite and Postgres, so a backup of one can be
restored into the other (ADR 0013). All tables come from one snapshot of the database. Secrets,
caches and logs are not in it.
"""

import gzip
import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db import dumping, migrate
from db.dumping import Snapshot
from forge_core import local_files
from forge_core.backup import archive
from forge_core.backup.archive import Manifest, TableFile
from forge_core.errors import Conflict, NotFound
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

COPIERS = 8
MAX_LISTED = 1_000


def backup(
    workspace: Workspace,
    destination: Path,
    *,
    with_bytes: bool = False,
    progress: Progress = SILENT,
) -> Manifest:
    """Write a backup to a new folder, which appears when it is whole.

    Args:
        workspace: The workspace; it may be written to meanwhile.
        destination: A path where nothing is yet.
        with_bytes: Also the files of the images and of the runs.
        progress: Told the rows and files; the message says which.

    Raises:
        Conflict: Something is there already.
        StorageUnavailable: The asset root does not answer.
    """
    destination = destination.expanduser().absolute()
    if destination.exists():
        raise Conflict(
            f"There is something at {destination} already.",
            next_step="Name a new folder; backups never overwrite.",
        )
    partial = destination.with_name(f".{destination.name}-{uuid.uuid4().hex[:8]}.partial")
    try:
        local_files.make_folder(partial / "tables")
        with dumping.snapshot(workspace.database) as view:
            tables = {
                name: _write_table(view, name, archive.table_path(partial, name), progress)
                for name in view.tables
            }
            revision_id = int(view.scalar("SELECT last_revision_id FROM catalog_state") or 0)
        copied: dict[str, Any] = {}
        if with_bytes:
            copied = _write_bytes(workspace, partial, tables["vision_assets"].columns, progress)
        manifest = Manifest(
            format=archive.FORMAT,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            schema_version=migrate.head_version(),
            revision_id=revision_id,
            tables=tables,
            with_bytes=with_bytes,
            **copied,
        )
        write_manifest(partial, manifest)
        local_files.flush(
            str(partial), [str(path) for path in partial.rglob("*") if path.is_file()]
        )
        partial.rename(destination)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Say what a backup holds: the last file to be written."""
    text = json.dumps(asdict(manifest), indent=1)
    local_files.replace(folder / archive.MANIFEST, text.encode())


def _write_table(view: Snapshot, name: str, path: Path, progress: Progress) -> TableFile:
    digest, number = hashlib.sha256(), 0
    with (
        local_files.open_private(path, "wb") as raw,
        gzip.open(raw, "wb", compresslevel=1) as file,
    ):
        for row in view.rows(name):
            line = archive.line(row)
            digest.update(line)
            file.write(line)
            number += 1
            if number % 10_000 == 0:
                progress.advance(number, 0, name)
    return TableFile(columns=view.columns(name), num_rows=number, checksum=digest.hexdigest())


def _write_bytes(
    workspace: Workspace, folder: Path, columns: list[str], progress: Progress
) -> dict[str, Any]:
    """Copy the files of the images in the backup's own tables, and of this workspace's runs."""
    wanted: list[tuple[str, str, str]] = []  # kind, key, hash or ""
    wanted += [("assets", *entry) for entry in _asset_keys(folder, columns)]
    wanted += [("runs", key, "") for key in workspace.runs.list_keys_of(workspace.id)]
    missing: list[str] = []
    number, size = 0, 0

    def copy(entry: tuple[str, str, str]) -> tuple[str, str, str, int] | str:
        kind, key, expected = entry
        try:
            data = (workspace.store if kind == "assets" else workspace.runs.files).read(key)
        except NotFound:
            return key
        found = hashlib.sha256(data).hexdigest()
        if expected and found != expected:
            return key
        local_files.add(str(folder / kind / key), data)
        return kind, key, found, len(data)

    with (
        ThreadPoolExecutor(COPIERS) as copiers,
        local_files.open_private(folder / archive.FILES, "wb") as listed,
    ):
        for done, outcome in enumerate(archive.mapped(copiers, copy, wanted), 1):
            if done % 100 == 0 or done == len(wanted):
                progress.advance(done, len(wanted), "files")
            if isinstance(outcome, str):
                missing.append(outcome)
                continue
            listed.write(archive.line(list(outcome)))
            number += 1
            size += outcome[3]
    return {
        "num_files": number,
        "size_bytes": size,
        "files": archive.hash_of(folder / archive.FILES),
        "missing": missing[:MAX_LISTED],
        "num_missing": len(missing),
    }


def _asset_keys(folder: Path, columns: list[str]) -> Iterator[tuple[str, str]]:
    """Path and content hash of the living images in the backup."""
    path, content_hash = columns.index("file_path"), columns.index("content_hash")
    is_deleted = columns.index("is_deleted")
    for line in archive.lines(archive.table_path(folder, "vision_assets")):
        row = json.loads(line)
        if not row[is_deleted]:
            yield row[path], row[content_hash]
