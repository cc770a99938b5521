"""Many rows at once: the driver's own executemany on SQLite, COPY on Postgres."""

import uuid
from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session


def is_sqlite(session: Session) -> bool:
    """Whether the session talks to the embedded database."""
    return session.get_bind().dialect.name == "sqlite"


def insert_rows(
    session: Session, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows, all of them or none; thousands a call are fast.

    Raises:
        sqlalchemy.exc.IntegrityError: A row breaks a rule of the table.
    """
    if not rows:
        return
    names = ", ".join(columns)
    connection = session.connection()
    if is_sqlite(session):
        marks = ", ".join("?" * len(columns))
        # Ids are 32 hex digits there.
        values = [tuple(v.hex if type(v) is uuid.UUID else v for v in row) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        return
    statement = f"COPY {table} ({names}) FROM STDIN"
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The same class of error as from a statement that SQLAlchemy sent itself.
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, dialect=connection.dialect
        ) from error
