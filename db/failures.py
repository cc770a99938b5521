"""Which failures of the database pass by themselves, and which are of the values it was given."""

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


def is_full(error: OperationalError) -> bool:
    """Whether there was no room to write; nothing of the transaction was kept."""
    return any(words in str(error.orig).lower() for words in _FULL)


def is_locked(error: OperationalError) -> bool:
    """Whether another writer held the database for longer than we wait."""
    return any(words in str(error.orig).lower() for words in _LOCKED)
