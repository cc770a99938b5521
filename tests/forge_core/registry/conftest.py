"""A workspace with two runs, of which the second is the first with other weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forge_core.workspace import Workspace
from tests import trained
from tests.forge_core.registry.second_runs import add_run


@pytest.fixture
def on_sqlite(finished_run_folder: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of the workspace whose run 1 has succeeded, on SQLite."""
    opened = trained.open_copy(finished_run_folder, tmp_path / "copy")
    yield opened
    opened.database.dispose()


@pytest.fixture
def pair(on_sqlite: Workspace) -> Workspace:
    """The same with a run 2 beside it, for tests whose subject is not the database."""
    add_run(on_sqlite, scale=1.01)
    return on_sqlite


@pytest.fixture
def pair_on_both(finished: Workspace) -> Workspace:
    """The same on both databases."""
    add_run(finished, scale=1.01)
    return finished
