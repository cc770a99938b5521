"""What a running import has found so far, outside of memory and outside of the catalog.

Rows wait in a nameless temporary SQLite file until all bytes are stored; then they enter the
catalog in one transaction, chunk by chunk. The file is gone when the process ends, however.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAX_NAMES = 5_000


class SpooledFile(NamedTuple):
    """A file whose bytes lie under the asset root, ready to become an asset."""

    content_hash: str
    key: str
    path: str
    """Relative to what is imported."""
    label_name: str | None
    split_type: str | None
    source_dataset: str
    width: int
    height: int
    size_bytes: int
    mime: str
    perceptual_hash: str
    is_augmented: bool  # 0 or 1, as SQLite gives it back
    group_key: str | None
    was_stored: bool
    """This import stored the bytes; otherwise they lay there already."""


_COLUMNS = SpooledFile._fields


class ImportSpool:
    """Files waiting for the transaction, in the order in which they were found."""

    def __init__(self) -> None:
        # An empty name is a private file on disk that SQLite removes by itself.
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute("PRAGMA synchronous=OFF")
        rest = ", ".join(name for name in _COLUMNS if name != "content_hash")
        self._connection.execute(
            f"CREATE TABLE files (content_hash TEXT NOT NULL UNIQUE, {rest}, "
            "dropped INTEGER NOT NULL DEFAULT 0)"
        )

    def add(self, files: Sequence[SpooledFile]) -> None:
        """Append files, up to some thousand; their content hashes must be new."""
        if not files:
            return
        row = f"({', '.join('?' * len(_COLUMNS))})"
        self._connection.execute(
            f"INSERT INTO files ({', '.join(_COLUMNS)}) VALUES {', '.join([row] * len(files))}",
            [value for file in files for value in file],
        )

    def find(self, content_hashes: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """Path and label of those of the files that have one of these hashes."""
        marks = ", ".join("?" * len(content_hashes))
        rows = self._connection.execute(
            f"SELECT content_hash, path, label_name FROM files WHERE content_hash IN ({marks})",
            list(content_hashes),
        )
        return {content_hash: (path, label) for content_hash, path, label in rows}

    def chunks(
        self, *, only_stored: bool = False, dropped: bool = False
    ) -> Iterator[list[SpooledFile]]:
        """All files that are (not) dropped, in order, some thousands at a time."""
        last = 0
        more = " AND was_stored" if only_stored else ""
        while True:
            rows = self._connection.execute(
                f"SELECT rowid, {', '.join(_COLUMNS)} FROM files "
                f"WHERE rowid > ? AND dropped = ?{more} ORDER BY rowid LIMIT ?",
                (last, dropped, MAX_NAMES),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [SpooledFile._make(row[1:]) for row in rows]

    def drop(self, content_hashes: Sequence[str]) -> None:
        """These are not to be added after all."""
        self._connection.executemany(
            "UPDATE files SET dropped = 1 WHERE content_hash = ?",
            [(content_hash,) for content_hash in content_hashes],
        )

    def count(self) -> int:
        """How many files are not dropped."""
        (number,) = self._connection.execute(
            "SELECT count(*) FROM files WHERE dropped = 0"
        ).fetchone()
        return int(number)

    def list_labels(self) -> list[str]:
        """Names of the classes of the files that are not dropped, sorted."""
        rows = self._connection.execute(
            "SELECT DISTINCT label_name FROM files "
            "WHERE dropped = 0 AND label_name IS NOT NULL ORDER BY label_name"
        )
        return [name for (name,) in rows]

    def close(self) -> None:
        """Remove the file."""
        self._connection.close()
