"""Whole tables out of one consistent view of a database, and into an empty one.

Rows travel as plain JSON values that are the same on SQLite and Postgres, in the order of their
primary keys, so that equal contents have equal checksums whatever holds them. Tables are read as
they are in the database, not as the models have them: an archive of an older schema can be loaded
into that schema and then be upgraded.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, MetaData, String, Table, func, inspect, select, text
from sqlalchemy.orm import Session

from db.repositories import bulk
from db.session import Database

BOOKKEEPING = "alembic_version"
COUNTED = frozenset({"asset_counts", "asset_facet_counts"})
"""Tables that triggers fill: compared after a load, never loaded."""
_SEEDED = frozenset({"catalog_state"}) | COUNTED
_PAGE = 5_000


@dataclass(frozen=True)
class Snapshot:
    """The tables of a database at one moment, whoever writes meanwhile."""

    connection: Connection
    tables: dict[str, Table]
    """By name; a table comes after those that it refers to."""

    def columns(self, name: str) -> list[str]:
        """Names of a table's columns, sorted."""
        return sorted(column.name for column in self.tables[name].columns)

    def rows(self, name: str) -> Iterator[list[Any]]:
        """Every row as JSON values in the order of `columns`, by primary key.

        Counts of 0 are left out of the tables that triggers fill.
        """
        table = self.tables[name]
        statement = select(*(table.c[column] for column in self.columns(name)))
        if name in COUNTED:
            statement = statement.where(table.c.num_assets != 0)
        is_sqlite = self.connection.dialect.name == "sqlite"
        for column in table.primary_key.columns:
            is_text = isinstance(column.type, String) and not is_sqlite
            statement = statement.order_by(column.collate("C") if is_text else column)
        result = self.connection.execution_options(yield_per=_PAGE).execute(statement)
        for row in result:
            yield [_plain(value) for value in row]

    def scalar(self, statement: str) -> Any:
        """The first value of a query in plain SQL."""
        return self.connection.scalar(text(statement))


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """A consistent view for reading. Writers are not held up."""
    connection = database.engine.connect()
    try:
        if not database.is_sqlite:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin() as transaction:
            yield Snapshot(connection, _tables(connection))
            transaction.rollback()
    finally:
        connection.close()


@contextmanager
def loading(database: Database) -> Iterator["Loading"]:
    """One writing transaction on a database that holds nothing: all is loaded, or nothing."""
    with Session(database.engine.execution_options(forge_writes=True)) as session, session.begin():
        connection = session.connection()
        yield Loading(session, Snapshot(connection, _tables(connection)))


class Loading:
    """Fills the tables of an empty database."""

    def __init__(self, session: Session, view: Snapshot) -> None:
        self._session = session
        self.view = view
        """What is in the database by now."""

    def list_filled(self) -> list[str]:
        """Tables that hold something already; a database to be loaded must have none."""
        return [
            name
            for name, table in self.view.tables.items()
            if name not in _SEEDED
            and self._session.execute(select(table).limit(1)).first() is not None
        ]

    def clear_seeds(self) -> None:
        """Remove what the schema itself puts into an empty database."""
        for name in sorted(_SEEDED & set(self.view.tables)):
            self._session.execute(text(f"DELETE FROM {name}"))

    def load(self, name: str, columns: list[str], rows: Iterable[list[Any]]) -> None:
        """Insert all rows of a table; the tables that it refers to come first.

        Raises:
            sqlalchemy.exc.IntegrityError: A row breaks a rule of the table.
        """
        table = self.view.tables[name]
        keys = [column.name for column in table.primary_key.columns]
        own = [
            key.parent.name for key in table.foreign_keys if key.column.table is table
        ]  # rows may refer to later ones, so these follow when all are there
        places = [columns.index(column) for column in own]
        later: list[dict[str, Any]] = []
        waiting = iter(rows)
        while part := [list(row) for row in islice(waiting, _PAGE)]:
            for row in part:
                for column, place in zip(own, places, strict=True):
                    if row[place] is not None:
                        values = {f"key_{key}": row[columns.index(key)] for key in keys}
                        later.append({"column": column, "value": row[place], **values})
                        row[place] = None
            bulk.insert_rows(self._session, name, columns, [tuple(row) for row in part])
        where = " AND ".join(f"{key} = {self._cast(table, key, f':key_{key}')}" for key in keys)
        for column in own:
            entries = [entry for entry in later if entry["column"] == column]
            value = self._cast(table, column, ":value")
            if entries:
                statement = f"UPDATE {name} SET {column} = {value} WHERE {where}"
                self._session.execute(text(statement), entries)

    def set_sequences(self) -> None:
        """Let new rows of Postgres be numbered behind the loaded ones; SQLite does so by itself."""
        if bulk.is_sqlite(self._session):
            return
        for name, table in self.view.tables.items():
            for column in table.primary_key.columns:
                sequence = self._session.scalar(
                    select(func.pg_get_serial_sequence(name, column.name))
                )
                if sequence is not None:
                    newest = f"(SELECT coalesce(max({column.name}), 0) + 1 FROM {name})"
                    self._session.execute(text(f"SELECT setval('{sequence}', {newest}, false)"))

    def _cast(self, table: Table, column: str, value: str) -> str:
        if bulk.is_sqlite(self._session):
            return value
        return f"CAST({value} AS {table.c[column].type.compile(self._session.get_bind().dialect)})"


def _tables(connection: Connection) -> dict[str, Table]:
    names = [name for name in inspect(connection).get_table_names() if name != BOOKKEEPING]
    metadata = MetaData()
    metadata.reflect(connection, only=names)
    return {table.name: table for table in metadata.sorted_tables}


def _plain(value: Any) -> Any:
    """The value as JSON has it, the same from either database."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return value
