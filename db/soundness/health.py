"""In what state a database is, found without making or changing anything."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from db import migrate
from db.models import Base

_MAGIC = b"SQLite format 3\0"
_VERSION_TABLE = "alembic_version"
_VERSION = f"SELECT version_num FROM {_VERSION_TABLE}"


class Condition(StrEnum):
    """What a database can be."""

    GOOD = "good"
    MISSING = "missing"
    """No file, or no database of that name is looked for on a server."""
    EMPTY = "empty"
    NO_DATABASE = "no database"
    """A file of something else."""
    DAMAGED = "damaged"
    FOREIGN = "foreign"
    """A database with tables of another program."""
    NEWER = "newer"
    OLDER = "older"
    INCOMPLETE = "incomplete"
    """A table of its schema is gone."""
    UNREADABLE = "unreadable"
    """The file may not be opened."""
    UNREACHABLE = "unreachable"
    """No server answers."""


@dataclass(frozen=True)
class Health:
    """What was found."""

    condition: Condition
    detail: str = ""
    """For a person: the version, the missing tables, or what the driver said."""


def examine(url: URL, *, thoroughly: bool = False) -> Health:
    """Look at a database; no file is made and no schema is changed.

    Args:
        url: With a driver, as `Database.url` has it.
        thoroughly: Look at every page of a SQLite file (`quick_check`, 1 s a GB), not only at its
            beginning and its list of tables.
    """
    if url.get_backend_name() != "sqlite":
        return _examine_server(url)
    return _examine_file(Path(url.database or ""), thoroughly=thoroughly)


def _examine_file(path: Path, *, thoroughly: bool) -> Health:
    try:
        if not path.exists():
            return Health(Condition.MISSING)
        if not path.is_file():
            return Health(Condition.NO_DATABASE, "it is no file")
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
    except OSError as error:
        return Health(Condition.UNREADABLE, error.strerror or str(error))
    if not begin:
        return Health(Condition.EMPTY)
    if begin != _MAGIC:
        return Health(Condition.NO_DATABASE)
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)
    except sqlite3.Error as error:
        return Health(Condition.UNREADABLE, str(error))
    try:
        return _examine_tables(connection, thoroughly=thoroughly)
    except sqlite3.OperationalError as error:
        return Health(Condition.UNREADABLE, str(error))
    except sqlite3.DatabaseError as error:
        return Health(Condition.DAMAGED, str(error))
    finally:
        connection.close()


def _examine_tables(connection: sqlite3.Connection, *, thoroughly: bool) -> Health:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if thoroughly:
        (first,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if first != "ok":
            return Health(Condition.DAMAGED, str(first).splitlines()[-1])
    versions: list[str] = []
    if _VERSION_TABLE in tables:
        versions = [name for (name,) in connection.execute(_VERSION)]
    return _judge(tables, versions)


def _examine_server(url: URL) -> Health:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
            rows = connection.exec_driver_sql(_VERSION).all() if _VERSION_TABLE in tables else []
    except DBAPIError as error:
        words = str(error.orig).strip().splitlines()
        return Health(Condition.UNREACHABLE, words[0] if words else "no reason given")
    finally:
        engine.dispose()
    return _judge(tables, [name for (name,) in rows])


def _judge(tables: set[str], versions: Iterable[str]) -> Health:
    """From the names of the tables and the version that is written there."""
    version = next(iter(versions), None)
    if version is None:
        return Health(Condition.FOREIGN if tables - {_VERSION_TABLE} else Condition.EMPTY)
    if not migrate.knows(version):
        return Health(Condition.NEWER, version)
    if version != migrate.head_version():
        return Health(Condition.OLDER, version)
    missing = sorted(Base.metadata.tables.keys() - tables)
    if missing:
        return Health(Condition.INCOMPLETE, ", ".join(missing))
    return Health(Condition.GOOD, version)
