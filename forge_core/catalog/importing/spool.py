"""What a running import has found so far, outside of memory and outside of the catalog.

Rows wait in a nameless temporary SQLite file until all bytes are stored; then they enter the
catalog in one transaction, chunk by chunk. What further files say of the same images (copies of
one another, or images that the catalog has) waits beside them. The file is gone when the process
ends, however.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from forge_core.catalog.formats.scan.scanned_folder import Vote
from forge_core.catalog.importing.merging.rules import Claim

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
    review_state: str | None = None
    review_note: str = ""


class Target(NamedTuple):
    """The image that a claim is about: bytes, or the path of an image of the catalog."""

    by_path: bool  # 0 or 1, as SQLite gives it back
    name: str
    """A content hash, or a path."""


class SpooledFinding(NamedTuple):
    """A finding about a file that has no asset yet."""

    content_hash: str
    """Of the file; or the mark of something else that it is about."""
    subject: str
    outcome: str
    path: str
    before: str | None
    said: str | None


_COLUMNS = SpooledFile._fields
_SAID = Claim._fields


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
        self._connection.execute(f"CREATE TABLE claims (by_path, name, {', '.join(_SAID)})")
        self._connection.execute("CREATE INDEX claims_target ON claims (by_path, name)")
        self._connection.execute(f"CREATE TABLE votes (by_path, name, {', '.join(Vote._fields)})")
        self._connection.execute("CREATE INDEX votes_target ON votes (by_path, name)")
        self._connection.execute(
            f"CREATE TABLE findings ({', '.join(SpooledFinding._fields)})",
        )
        self._connection.execute("CREATE INDEX findings_hash ON findings (content_hash)")

    def add(self, files: Sequence[SpooledFile]) -> None:
        """Append files, up to some thousand; their content hashes must be new."""
        if not files:
            return
        row = f"({', '.join('?' * len(_COLUMNS))})"
        self._connection.execute(
            f"INSERT INTO files ({', '.join(_COLUMNS)}) VALUES {', '.join([row] * len(files))}",
            [value for file in files for value in file],
        )

    def find(self, content_hashes: Sequence[str]) -> set[str]:
        """Those of these hashes that one of the files has."""
        rows = self._in("SELECT content_hash FROM files WHERE content_hash", content_hashes)
        return {content_hash for (content_hash,) in rows}

    def list_by_hash(self, content_hashes: Sequence[str]) -> dict[str, SpooledFile]:
        """The files with one of these hashes that are not dropped."""
        return {
            row[0]: SpooledFile._make(row)
            for row in self._in(
                f"SELECT {', '.join(_COLUMNS)} FROM files WHERE dropped = 0 AND content_hash",
                content_hashes,
            )
        }

    def update(self, files: Sequence[SpooledFile]) -> None:
        """Write what was decided of files: label, split, group and state of review."""
        self._connection.executemany(
            "UPDATE files SET label_name = ?, split_type = ?, group_key = ?, review_state = ?, "
            "review_note = ? WHERE content_hash = ?",
            [
                (f.label_name, f.split_type, f.group_key, f.review_state, f.review_note, f[0])
                for f in files
            ],
        )

    def claim(self, claims: Sequence[tuple[Target, Claim]]) -> None:
        """Keep what files say of images that are there, or that another file brings."""
        self._connection.executemany(
            f"INSERT INTO claims VALUES ({', '.join('?' * (2 + len(_SAID)))})",
            [(*target, *claim) for target, claim in claims],
        )

    def claimed(self) -> Iterator[dict[Target, list[Claim]]]:
        """All claims by their images, some thousand images at a time."""
        for rows in self._by_target("claims", _SAID):
            yield {target: [Claim._make(row) for row in of] for target, of in rows.items()}

    def add_votes(self, votes: Sequence[tuple[Target, Vote]]) -> None:
        """Keep what persons say of images that are there, or that a file brings."""
        self._connection.executemany(
            "INSERT INTO votes VALUES (?, ?, ?, ?, ?)",
            [
                (*target, vote.author, vote.label_name, vote.given_at and vote.given_at.isoformat())
                for target, vote in votes
            ],
        )

    def voted(self) -> Iterator[dict[Target, list[Vote]]]:
        """All votes by their images, some thousand images at a time."""
        for rows in self._by_target("votes", Vote._fields):
            yield {
                target: [
                    Vote(author, label, datetime.fromisoformat(time) if time else None)
                    for author, label, time in of
                ]
                for target, of in rows.items()
            }

    def _by_target(
        self, table: str, columns: Sequence[str]
    ) -> Iterator[dict[Target, list[tuple[Any, ...]]]]:
        """Rows of a table by their images, some thousand images at a time."""
        last = Target(False, "")
        while True:
            targets = self._connection.execute(
                f"SELECT DISTINCT by_path, name FROM {table} WHERE (by_path, name) > (?, ?) "
                "ORDER BY by_path, name LIMIT ?",
                (*last, MAX_NAMES),
            ).fetchall()
            if not targets:
                return
            found: dict[Target, list[tuple[Any, ...]]] = {}
            for row in self._connection.execute(
                f"SELECT by_path, name, {', '.join(columns)} FROM {table} "
                "WHERE (by_path, name) > (?, ?) AND (by_path, name) <= (?, ?) "
                "ORDER BY by_path, name, rowid",
                (*last, *targets[-1]),
            ):
                found.setdefault(Target(*row[:2]), []).append(row[2:])
            last = Target(*targets[-1])
            yield found

    def add_findings(self, findings: Sequence[SpooledFinding]) -> None:
        """Keep what was found out of files until they have become assets."""
        marks = ", ".join("?" * len(SpooledFinding._fields))
        self._connection.executemany(f"INSERT INTO findings VALUES ({marks})", findings)

    def list_findings(self, content_hashes: Sequence[str]) -> list[SpooledFinding]:
        """The findings about the files with these hashes."""
        rows = self._in("SELECT * FROM findings WHERE content_hash", content_hashes)
        return [SpooledFinding._make(row) for row in rows]

    def findings_of(self, mark: str) -> Iterator[list[SpooledFinding]]:
        """Findings about what begins with this mark, in order, some thousands at a time."""
        rows = self._connection.execute(
            "SELECT * FROM findings WHERE content_hash >= ? AND content_hash < ?",
            (mark, mark[:-1] + chr(ord(mark[-1]) + 1)),
        )
        while part := rows.fetchmany(MAX_NAMES):
            yield [SpooledFinding._make(row) for row in part]

    def _in(self, statement: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        marks = ", ".join("?" * len(values))
        return self._connection.execute(f"{statement} IN ({marks})", list(values))

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

    def count_splits_of_groups(self, group_keys: Sequence[str]) -> dict[str, Counter[str | None]]:
        """Of each of these groups how many files that are not dropped declare each split."""
        found: dict[str, Counter[str | None]] = {}
        marks = ", ".join("?" * len(group_keys))
        for key, split, number in self._connection.execute(
            "SELECT group_key, split_type, count(*) FROM files WHERE dropped = 0 "
            "AND split_type IS NOT NULL AND NOT is_augmented "
            f"AND group_key IN ({marks}) GROUP BY group_key, split_type",
            list(group_keys),
        ):
            found.setdefault(key, Counter())[split] = number
        return found

    def close(self) -> None:
        """Remove the file."""
        self._connection.close()
