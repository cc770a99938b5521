"""Engines and transactions, set up so that an acknowledged save survives a power cut.

SQLite: WAL, `synchronous=FULL` (but for commits that a power cut may take back), a 30 s busy
timeout, and `BEGIN IMMEDIATE` for every writing transaction (a deferred one that upgrades its
lock fails at once under load).
Postgres: psycopg 3; readers have one snapshot (REPEATABLE READ), writers READ COMMITTED and a
queue on the row of `catalog_state`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from db import migrate
from db.failures import UNSTORABLE
from db.soundness.database_file import DatabaseFile
from db.unit_of_work import UnitOfWork

BUSY_TIMEOUT_SECONDS = 30


class Database:
    """One database: where it is, its schema, and the transactions on it.

    Safe to share between threads; a `UnitOfWork` is not.
    """

    def __init__(
        self, url: str, *, translate: Callable[[Exception], Exception] | None = None
    ) -> None:
        """Nothing is connected yet.

        Args:
            url: SQLite or Postgres; `postgres://` and `postgresql://` mean psycopg 3.
            translate: Gives the error to raise instead of one of the database, such as one that
                says in words that it is locked or full, or that a value cannot be stored.
        """
        self.url = driver_url(url)
        self._translate = translate or (lambda error: error)
        self._file = _file_of(self.url)
        self.engine = _make_engine(self.url, self._file)
        # One snapshot for all statements of a reader, as SQLite gives it.
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = sessionmaker(
            self.engine.execution_options(**snapshot), expire_on_commit=False, autoflush=False
        )
        # Same pool, but its transactions start with BEGIN IMMEDIATE on SQLite.
        self._writer = sessionmaker(
            self.engine.execution_options(forge_writes=True),
            expire_on_commit=False,
            autoflush=False,
        )
        self._quick_writer = sessionmaker(
            self.engine.execution_options(forge_writes=True, forge_flushes=False),
            expire_on_commit=False,
            autoflush=False,
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A consistent view for reading; whatever is written in it is rolled back."""
        with self._translated_errors(), self._reader() as session:
            self._check_file()
            try:
                yield UnitOfWork(session)
            finally:
                session.rollback()

    @contextmanager
    def write(self, *, flushes: bool = True) -> Iterator[UnitOfWork]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Args:
            flushes: Wait for the disk at the commit. Without it a power cut takes the commit back,
                with all that came after it and never a part of it; the end of a process does not.
                Only for what the same power cut makes untrue. Postgres waits anyhow.

        On SQLite it also raises when the file was deleted or replaced, before or meanwhile: what
        was written then is in no file that anybody will open.
        """
        with self._translated_errors():
            self._check_file()
            writer = self._writer if flushes else self._quick_writer
            with writer() as session, session.begin():
                yield UnitOfWork(session)
            self._check_file()

    def _check_file(self) -> None:
        if self._file is not None:
            self._file.check()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, *UNSTORABLE) as error:
            told = self._translate(error)
            if told is error:
                raise
            raise told from error

    def upgrade(self) -> None:
        """Bring the schema to the newest version. Does nothing when it is there already."""
        migrate.upgrade(self.engine)

    def is_current(self) -> bool:
        """Whether the schema is the newest one."""
        return migrate.is_current(self.engine)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def driver_url(url: str) -> URL:
    """`postgres://` and `postgresql://` mean psycopg 3 here; other URLs stay as they are."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _file_of(url: URL) -> DatabaseFile | None:
    """The file of an embedded database; its folder is made."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    path = Path(url.database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return DatabaseFile(path)


def _make_engine(url: URL, file: DatabaseFile | None) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=8, max_overflow=24, pool_pre_ping=True)
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=24,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "do_connect")
    def _make_private(*_: Any) -> None:
        """The file is for its owner alone; SQLite gives those beside it the same rights."""
        if file is not None:
            file.make()

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")
        _use_wal(connection)
        for pragma in (
            "synchronous=FULL",
            # Each insert with triggers keeps what it may have to take back: not in a file.
            "temp_store=MEMORY",
            "foreign_keys=ON",
            "cache_size=-32768",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        options = connection.get_execution_options()
        writes = options.get("forge_writes", False)
        if writes:
            _set_flushes(connection, options.get("forge_flushes", True))
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _set_flushes(connection: Any, flushes: bool) -> None:
    """Whether the next commit waits for the disk; it is asked only where it changes."""
    if connection.info.get("forge_flushes", True) != flushes:
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if flushes else 'NORMAL'}")
        connection.info["forge_flushes"] = flushes


def _use_wal(connection: Any) -> None:
    """Turn the write-ahead log on. Two that do so at once are not queued by SQLite, so we retry."""
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
