"""The format of a backup: a manifest, a file of JSON lines a table, and files beside them."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from db import migrate
from db.dumping import Snapshot
from forge_core.errors import ForgeError, InvalidInput, NotFound

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files.jsonl"


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """One table of a backup."""

    columns: list[str]
    num_rows: int
    checksum: str
    """SHA-256 of its rows as lines of JSON; the same from SQLite and Postgres."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    format: int
    made_at: str
    """UTC, ISO 8601."""
    schema_version: str
    revision_id: int
    """The newest revision in it; 0 for an empty catalog."""
    tables: dict[str, TableFile]
    with_bytes: bool
    num_files: int = 0
    size_bytes: int = 0
    files: str = ""
    """SHA-256 of the list of files, which is beside the manifest."""
    missing: list[str] = field(default_factory=list)
    """Keys of images whose file was missing or changed, the first thousand."""
    num_missing: int = 0


def read_manifest(source: Path) -> Manifest:
    """What a backup says of itself.

    Raises:
        NotFound: There is no backup.
        InvalidInput: It was made by a newer version.
    """
    try:
        values = json.loads((source.expanduser() / MANIFEST).read_text(encoding="utf-8"))
        tables = {name: TableFile(**table) for name, table in values.pop("tables").items()}
        manifest = Manifest(tables=tables, **values)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"There is no backup at {source}.", next_step="Name the folder that `backup` made."
        ) from None
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidInput(
            f"The manifest of {source} cannot be read.", detail=str(error)
        ) from error
    if manifest.format != FORMAT or not migrate.knows(manifest.schema_version):
        raise InvalidInput(
            f"The backup has schema {manifest.schema_version}, which this version does not know.",
            next_step="Restore it with the version that made it, or a newer one.",
        )
    return manifest


def check(source: Path) -> Manifest:
    """Read a whole backup and compare every checksum; nothing is written.

    Raises:
        InvalidInput: A table or the list of files is damaged.
        NotFound: There is no backup.
    """
    source = source.expanduser()
    manifest = read_manifest(source)
    for name, table in manifest.tables.items():
        digest, number = hashlib.sha256(), 0
        try:
            for line in lines(table_path(source, name)):
                digest.update(line)
                number += 1
        except (OSError, EOFError, ValueError) as error:
            raise damaged(name, str(error)) from error
        if (digest.hexdigest(), number) != (table.checksum, table.num_rows):
            raise damaged(name, f"{number} rows, expected {table.num_rows}")
    if manifest.with_bytes and hash_of(source / FILES) != manifest.files:
        raise damaged("list of files", "")
    return manifest


def summary(view: Snapshot, name: str) -> TableFile:
    """What a table holds now."""
    digest, number = hashlib.sha256(), 0
    for row in view.rows(name):
        digest.update(line(row))
        number += 1
    return TableFile(columns=view.columns(name), num_rows=number, checksum=digest.hexdigest())


def line(row: list[Any]) -> bytes:
    """One row of a table file."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def lines(path: Path) -> Iterator[bytes]:
    """The rows of a table file."""
    with gzip.open(path, "rb") as file:
        yield from file


def table_path(folder: Path, name: str) -> Path:
    """Where the rows of a table are."""
    return folder / "tables" / f"{name}.jsonl.gz"


def mapped(
    pool: ThreadPoolExecutor, work: Callable[[Any], Any], entries: list[Any]
) -> Iterator[Any]:
    """As `pool.map`, with few results waiting at a time."""
    for start in range(0, len(entries), 256):
        yield from pool.map(work, entries[start : start + 256])


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(what: str, detail: str) -> ForgeError:
    """The error of a backup that is not what it says."""
    return InvalidInput(
        f"The backup is damaged: {what} is not what its manifest says. Nothing was restored.",
        next_step="Copy the backup again from where it was made, or take an older one.",
        detail=detail,
    )
