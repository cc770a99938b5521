"""Bring a database to the newest schema, with Alembic, in one transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def head_version() -> str:
    """The newest schema version that this code knows."""
    return _known_versions()[0]


def current_version(engine: Engine) -> str | None:
    """The schema version of the database, or None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def knows(version: str) -> bool:
    """Whether this code has a migration that leads to this schema version."""
    return version in _known_versions()


@cache
def _known_versions() -> tuple[str, ...]:
    """Newest first. Read once: each time takes 5 ms, and every process asks when it starts."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema."""
    return current_version(engine) == head_version()


def upgrade(engine: Engine, version: str = "head") -> None:
    """Apply the migrations that are missing. Idempotent; all of them or none are applied.

    With an older `version` the schema stops there, so that an old backup can be loaded.

    Two processes may call it at the same time: on SQLite the second waits for the first
    (BEGIN IMMEDIATE), on Postgres both queue on an advisory lock.
    """
    if is_current(engine):
        return
    config = _config()
    with engine.execution_options(forge_writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(724153)")
        config.attributes["connection"] = connection
        command.upgrade(config, version)
