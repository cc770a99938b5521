"""Which failures of the database pass by themselves, and which are of the values it was given."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DataError, InterfaceError, OperationalError

DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)
"""Catch these where work shall go on once the database answers again."""

UNSTORABLE = (DataError, OverflowError, UnicodeEncodeError)
"""A number beyond its column, NUL, a lone surrogate: what the drivers raise for good."""


class DatabaseReplaced(OperationalError):
    """The database file was deleted, or another was put in its place, while it was open."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            None, None, FileNotFoundError(f"{path.name} is not the file that was opened")
        )


_FULL = ("database or disk is full", "disk full", "no space left", "disk i/o error")
_LOCKED = ("database is locked", "database table is locked", "lock timeout")
_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
_POSTGRES_PASSING = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE: connections, rolled back, no resources, in use, operator's intervention."""
_TIMED_OUT = "57014"
"""Cancelled because it took too long, which it will again."""


def passes(error: BaseException) -> bool:
    """Whether the same work will succeed later: locked, full, not reachable, rolled back, replaced.

    What is left of `DATABASE_UNAVAILABLE` (a missing table, a database that may only be read, a
    statement that takes too long) fails for ever, until a person mends something.
    """
    if not isinstance(error, DATABASE_UNAVAILABLE):
        return False
    if error.connection_invalidated or is_full(error) or is_locked(error):
        return True
    if isinstance(error.orig, FileNotFoundError):  # `DatabaseReplaced`: it may be put back
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_PASSING  # the rest of it says more exactly why
    state = getattr(error.orig, "sqlstate", "")  # None: there was no answer at all
    return state is None or (state.startswith(_POSTGRES_PASSING) and state != _TIMED_OUT)


def is_full(error: OperationalError | InterfaceError) -> bool:
    """Whether there was no room to write; nothing of the transaction was kept."""
    return any(words in str(error.orig).lower() for words in _FULL)


def is_locked(error: OperationalError | InterfaceError) -> bool:
    """Whether another writer held the database for longer than we wait."""
    return any(words in str(error.orig).lower() for words in _LOCKED)
