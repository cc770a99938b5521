"""Migrated once in a process: other empty databases of its kind get the same schema at once.

All migrations together take half a second of processor time, and hundreds of tests open a fresh
workspace. Here the statements that write what they left behind are kept, and run in the
transaction in which the migrations would. Only on SQLite: on Postgres tests copy a database.
Tests of the schema itself migrate (`is_shared`).
"""

import sqlite3
import tempfile
import threading
from contextlib import closing

from sqlalchemy import Engine

from db import migrate
from db.session import Database

ENDS = ("BEGIN TRANSACTION;", "COMMIT;")
is_shared = True
_plain = migrate.upgrade
_kept: list[str] = []
_keeping = threading.Lock()


def share() -> None:
    """From now on this process migrates one empty database of SQLite."""
    migrate.upgrade = upgrade


def upgrade(engine: Engine, version: str = "head") -> None:
    """As `db.migrate.upgrade`, faster where the database is empty."""
    file = engine.url.database
    if not is_shared or version != "head" or engine.dialect.name != "sqlite" or not file:
        _plain(engine, version)
    elif not _fill(engine):
        _plain(engine)


def _fill(engine: Engine) -> bool:
    """Whether the database was empty; then it has the newest schema now."""
    with engine.execution_options(forge_writes=True).begin() as connection:
        if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
            return False
        for statement in _statements():
            connection.exec_driver_sql(statement)
    return True


def _statements() -> list[str]:
    with _keeping:
        if not _kept:
            with tempfile.TemporaryDirectory() as folder:
                fresh = Database(f"sqlite:///{folder}/fresh.db")
                _plain(fresh.engine)
                fresh.dispose()
                with closing(sqlite3.connect(f"{folder}/fresh.db")) as connection:
                    _kept.extend(each for each in connection.iterdump() if each not in ENDS)
        return _kept
