"""Fixtures of the tests of the database itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.session import Database
from tests.databases import on_postgres, schemas


@pytest.fixture(autouse=True)
def _every_migration_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations are what these tests are about."""
    monkeypatch.setattr(schemas, "is_shared", False)


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a schema, of either kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.db'}")
        yield database
    else:
        with on_postgres.made(request.getfixturevalue("postgres_server")) as url:
            database = Database(url.render_as_string(hide_password=False))
            yield database
    database.dispose()
