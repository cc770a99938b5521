"""Supervisors of tests; see `supervising`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import ending, trained
from tests.forge_core.jobs.supervising import Supervising


@pytest.fixture
def supervising(workspace: Workspace) -> Iterator[Supervising]:
    """Supervisors of the tests' workspace, on both databases."""
    control = Supervising(workspace)
    yield control
    control.end()


@pytest.fixture
def sqlite_supervising(sqlite_workspace: Workspace) -> Iterator[Supervising]:
    """The same on SQLite only."""
    control = Supervising(sqlite_workspace)
    yield control
    control.end()


@pytest.fixture(scope="module")
def tended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A SQLite workspace whose supervisor runs already, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("tended")
    opened = open_workspace(Settings(_env_file=None, workspace=folder, user="tester"))
    control = Supervising(opened)
    control.start("3600")  # idle between two of its tests for as long as the others take
    yield opened
    control.end()
    opened.database.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def finished(
    request: pytest.FixtureRequest, finished_run_folder: Path, tmp_path: Path
) -> Iterator[Workspace]:
    """A copy of that workspace which the test may change, on both databases."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    opened = trained.open_copy(finished_run_folder, tmp_path / "copy", url)
    yield opened
    ending.end_jobs(opened)
    opened.database.dispose()
