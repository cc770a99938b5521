"""Turn table rows into the plain values of `db.records`, by matching names."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

RecordT = TypeVar("RecordT")

# SQLite allows 32,766 bound parameters a statement; lists of ids go in slices of this many.
ID_SLICE = 5_000


def columns_of(
    record: type[RecordT], table: type[DeclarativeBase], *, without: Sequence[str] = ()
) -> list[InstrumentedAttribute[Any]]:
    """The table's columns that the record has, in the record's order."""
    return [
        getattr(table, field.name)
        for field in fields(record)  # type: ignore[arg-type]  # every record is a dataclass
        if field.name not in without
    ]


def to_record(record: type[RecordT], row: Row[Any]) -> RecordT:
    """The row as a record; column names must be the record's field names."""
    return record(**row._mapping)


def slices(values: Sequence[RecordT]) -> list[Sequence[RecordT]]:
    """The values in slices short enough for one statement. Order kept; empty gives none."""
    return [values[i : i + ID_SLICE] for i in range(0, len(values), ID_SLICE)]


def list_distinct(session: Session, column: Any, *where: ColumnElement[bool]) -> list[str]:
    """The values of a column of text, sorted; costs a step a value in an index.

    The index must begin with what `where` says is equal, and go on with the column.
    """
    found: list[str] = []
    value = session.scalar(select(func.min(column)).where(*where))
    while value is not None:
        found.append(value)
        value = session.scalar(select(func.min(column)).where(*where, column > value))
    return sorted(found, key=str.casefold)
