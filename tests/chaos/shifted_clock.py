"""A clock that can be set hours off while everything runs: SQLite's, in all processes.

The offset lies in a file of the workspace, so that all processes see the same jump at once.
"""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

FILE = "clock-offset-hours"


def set_offset(workspace_folder: Path, hours: float) -> None:
    path = workspace_folder / FILE
    path.with_suffix(".new").write_text(str(hours))
    path.with_suffix(".new").replace(path)


def install(workspace_folder: Path) -> None:
    """Let the database's clock of this process be off by what the file says, from now on."""
    path = workspace_folder / FILE

    def tell(_format: str, _when: str) -> str:
        hours = float(path.read_text()) if path.exists() else 0.0
        now = datetime.now(UTC) + timedelta(hours=hours)
        return f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d}000"

    @event.listens_for(Engine, "connect")
    def _replace(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.create_function("strftime", 2, tell)
