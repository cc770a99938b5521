"""The file that keeps thumbnails or fingerprints: a small SQLite database in the cache folder.

One file instead of one a picture, because making a file costs as much as decoding the picture
(ADR 0012). It is a cache: whatever goes wrong with it (locked, full, damaged, deleted while it
is open) is a miss, never an error. Rows carry a checksum, since nothing is flushed for them.
"""

import os
import sqlite3
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

from forge_core import local_files

_PAGE_BYTES = 65_536  # a thumbnail lies on one page
_WAIT_SECONDS = 5.0
_ROWS = 128  # one statement, so that the interpreter lock changes hands once
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS thumbnails ("
    "content_hash BLOB NOT NULL, size INTEGER NOT NULL, checksum INTEGER NOT NULL, "
    "jpeg BLOB NOT NULL, PRIMARY KEY (content_hash, size))"
)


class ThumbnailFile:
    """Thumbnails by content hash (32 bytes) and size in pixels, in one file.

    Safe to share between threads; several processes may use the same file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened_as: tuple[int, int, int] | None = None  # process, device, inode

    def find(self, content_hash: bytes, size: int) -> bytes | None:
        """The thumbnail as it was added, or None."""
        with self._lock:
            try:
                connection = self._open(make=False)
                if connection is None:
                    return None
                row = connection.execute(
                    "SELECT checksum, jpeg FROM thumbnails WHERE content_hash = ? AND size = ?",
                    (content_hash, size),
                ).fetchone()
            except sqlite3.Error as error:
                self._give_up(error)
                return None
        if row is None or _checksum(row[1]) != row[0]:
            return None
        return bytes(row[1])

    def add(self, thumbnails: Sequence[tuple[bytes, int, bytes]]) -> None:
        """Keep thumbnails, as (content hash, size, bytes); all of them or none."""
        if not thumbnails:
            return
        rows = [(key, size, _checksum(jpeg), jpeg) for key, size, jpeg in thumbnails]
        with self._lock:
            try:
                connection = self._open(make=True)
                assert connection is not None, "it was asked to make the file"
                connection.execute("BEGIN IMMEDIATE")
                try:
                    for part in (rows[i : i + _ROWS] for i in range(0, len(rows), _ROWS)):
                        marks = ", ".join(["(?, ?, ?, ?)"] * len(part))
                        connection.execute(
                            f"INSERT OR REPLACE INTO thumbnails VALUES {marks}",
                            [value for row in part for value in row],
                        )
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
        with self._lock:
            self._close()

    def _open(self, *, make: bool) -> sqlite3.Connection | None:
        """The connection to the file that lies at the path now."""
        try:
            found = self._path.stat()
            identity = (os.getpid(), found.st_dev, found.st_ino)
        except OSError:
            identity = None
        if self._connection is not None and identity is not None and identity == self._opened_as:
            return self._connection
        self._close()
        if identity is None and not make:
            return None
        local_files.make_folder(self._path.parent)
        local_files.open_private(self._path, "ab").close()  # SQLite would let everybody read it
        connection = sqlite3.connect(
            self._path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection = connection
        connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode=TRUNCATE")  # each picture is written once
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(_SCHEMA)
        made = self._path.stat()
        self._opened_as = (os.getpid(), made.st_dev, made.st_ino)
        return connection

    def _close(self) -> None:
        if self._connection is not None and (self._opened_as or (0,))[0] == os.getpid():
            self._connection.close()
        self._connection, self._opened_as = None, None

    def _give_up(self, error: BaseException) -> None:
        """Forget the connection; a damaged file is removed, so that the next use makes it new."""
        try:
            self._close()
        except sqlite3.Error:
            self._connection, self._opened_as = None, None
        is_damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError
        )
        if is_damaged:
            for ending in ("", "-journal"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def _checksum(jpeg: bytes) -> int:
    """CRC-32 in pieces so short that Python keeps its lock: handing that over costs more."""
    view, checksum = memoryview(jpeg), 0
    for start in range(0, len(view), 4_096):
        checksum = zlib.crc32(view[start : start + 4_096], checksum)
    return checksum
