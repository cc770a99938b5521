"""Statements are compiled once in a process, not anew for the database of each test.

SQLAlchemy keeps what it compiled by dialect and engine, and the engine of a test lives for a
second: a sixth of the time of tests with a database went there. Here all databases of a kind are
taken for one dialect and share what was compiled, as all requests to the product share that of its
one engine.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from db import session

KINDS = (SQLiteDialect_pysqlite, PGDialect_psycopg)
KEPT: LRUCache[Any, Any] = LRUCache(4_000)


def share() -> None:
    """From now on the engines of this process share what they compile."""
    for kind in KINDS:
        kind.__eq__ = _is_of_same_kind  # type: ignore[method-assign, assignment]
        kind.__hash__ = _hash_of_kind  # type: ignore[method-assign, assignment]
    make = session.create_engine

    def make_sharing(*arguments: Any, **choices: Any) -> Engine:
        engine = make(*arguments, **choices)
        engine._compiled_cache = KEPT
        return engine

    session.create_engine = make_sharing


def _is_of_same_kind(mine: object, other: object) -> bool:
    return type(mine) is type(other)


def _hash_of_kind(mine: object) -> int:
    return hash(type(mine))
