"""What the catalog names beside what lies under the asset root, compared without holding either.

Both lists go into a private temporary SQLite file; what differs is read from there. Memory does
not grow with the number of images. `verification` and `moved_files` are built on it.
"""

import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC

from db.records import Asset, AssetFilter
from forge_core.errors import NotFound
from forge_core.imaging import hashing
from forge_core.progress import Progress
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace

PAGE = 5_000
READERS = 8


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file as a row of the catalog names it."""

    asset_id: uuid.UUID
    key: str
    content_hash: str
    size_bytes: int


class FileSurvey:
    """The living assets and the stored files of a workspace at one moment. Close it.

    Raises:
        StorageUnavailable: The asset root cannot be listed.
    """

    def __init__(self, workspace: Workspace) -> None:
        workspace.store.check()
        self._store = workspace.store
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE stored (key TEXT PRIMARY KEY, size_bytes, modified_at);"
            "CREATE TABLE named (asset_id TEXT PRIMARY KEY, key TEXT, content_hash TEXT,"
            " size_bytes, created_at);"
            "CREATE TABLE differing (asset_id TEXT PRIMARY KEY);"
        )
        self._read_names(workspace)
        self._read_files(workspace.store)
        self._connection.executescript(
            "CREATE INDEX named_key ON named (key);CREATE INDEX stored_size ON stored (size_bytes);"
        )

    def _read_names(self, workspace: Workspace) -> None:
        # Names first: a file that an import stores meanwhile is an orphan at worst, never missing.
        after: str | None = None
        while True:
            with workspace.database.read() as uow:
                page = uow.assets.list_page(AssetFilter(), sort="oldest", after=after, limit=PAGE)
            self._connection.executemany(
                "INSERT INTO named VALUES (?, ?, ?, ?, ?)",
                [
                    (a.asset_id.hex, a.file_path, a.content_hash, a.size_bytes, _seconds(a))
                    for a in page
                ],
            )
            if len(page) < PAGE:
                return
            after = str(page[-1].asset_id)

    def _read_files(self, store: AssetStore) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT OR IGNORE INTO stored VALUES (?, ?, ?)",
            ((file.key, file.size_bytes, file.modified_at) for file in store.list_files()),
        )
        self._connection.execute("COMMIT")

    def find_differing(self, *, full: bool, progress: Progress) -> int:
        """Mark the named files whose bytes are not those of their row; returns how many were read.

        Args:
            full: Read every file. Otherwise: those whose size is the same and that were written
                after their import.
            progress: Told the files read.
        """
        self._connection.execute(
            "INSERT OR IGNORE INTO differing SELECT n.asset_id FROM named n JOIN stored s "
            "ON s.key = n.key WHERE s.size_bytes <> n.size_bytes"
        )
        condition = "s.size_bytes = n.size_bytes"
        if not full:
            condition += " AND s.modified_at > n.created_at + 1"
        source = f"FROM named n JOIN stored s ON s.key = n.key WHERE {condition}"
        (total,) = self._connection.execute(f"SELECT count(*) {source}").fetchone()
        done = 0
        for part in self._named(f"{source}"):
            hashes = self.hashes_of([file.key for file in part])
            wrong = [f.asset_id.hex for f in part if hashes[f.key] != f.content_hash]
            self._connection.executemany(
                "INSERT OR IGNORE INTO differing VALUES (?)", [(name,) for name in wrong]
            )
            done += len(part)
            progress.advance(done, total)
        return int(total)

    def hashes_of(self, keys: Sequence[str]) -> dict[str, str]:
        """SHA-256 of each file; an empty string where it is gone by now."""

        def read(key: str) -> tuple[str, str]:
            try:
                return key, hashing.content_hash(self._store.read(key))
            except NotFound:
                return key, ""

        with ThreadPoolExecutor(READERS) as readers:
            return dict(readers.map(read, keys))

    def missing(self) -> Iterator[list[NamedFile]]:
        """Named files that are not there."""
        return self._named("FROM named n LEFT JOIN stored s ON s.key = n.key WHERE s.key IS NULL")

    def differing(self) -> Iterator[list[NamedFile]]:
        """Named files that `find_differing` has marked."""
        return self._named("FROM named n JOIN differing d ON d.asset_id = n.asset_id WHERE 1")

    def orphans(self) -> Iterator[list[tuple[str, int]]]:
        """Key and size of the stored files that no row names, by key."""
        last = ""
        while True:
            rows = self._connection.execute(
                "SELECT s.key, s.size_bytes FROM stored s LEFT JOIN named n ON n.key = s.key "
                "WHERE n.key IS NULL AND s.key > ? ORDER BY s.key LIMIT ?",
                (last, PAGE),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [(str(key), int(size)) for key, size in rows]

    def free_files(self, sizes: set[int]) -> Iterator[list[str]]:
        """Stored files of these sizes whose key no row names, or names for other bytes, by key."""
        last = ""
        while True:
            rows = self._connection.execute(
                "SELECT s.key, s.size_bytes FROM stored s LEFT JOIN named n ON n.key = s.key "
                "LEFT JOIN differing d ON d.asset_id = n.asset_id "
                "WHERE s.key > ? AND (n.key IS NULL OR d.asset_id IS NOT NULL) "
                "ORDER BY s.key LIMIT ?",
                (last, PAGE),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [str(key) for key, size_bytes in rows if size_bytes in sizes]

    def counts(self) -> tuple[int, int]:
        """How many files the catalog names, and how many are stored."""
        return (
            int(self._connection.execute("SELECT count(*) FROM named").fetchone()[0]),
            int(self._connection.execute("SELECT count(*) FROM stored").fetchone()[0]),
        )

    def close(self) -> None:
        """Remove the temporary file."""
        self._connection.close()

    def _named(self, source: str) -> Iterator[list[NamedFile]]:
        last = ""
        while True:
            rows = self._connection.execute(
                "SELECT n.asset_id, n.key, n.content_hash, n.size_bytes "
                f"{source} AND n.asset_id > ? ORDER BY n.asset_id LIMIT ?",
                (last, PAGE),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [NamedFile(uuid.UUID(hex=row[0]), *row[1:]) for row in rows]


def _seconds(asset: Asset) -> float:
    return asset.created_at.replace(tzinfo=UTC).timestamp()
