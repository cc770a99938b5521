"""A workspace with a finished run, trained once and copied for each test."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forge_core.jobs import supervision
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange, ending


@pytest.fixture
def finished_workspace(finished_run_folder: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of that workspace, which the test may change."""
    shutil.copytree(finished_run_folder, tmp_path / "workspace")
    workspace = open_workspace(Settings(_env_file=None))
    yield workspace
    ending.end_jobs(workspace)
    workspace.database.dispose()


@pytest.fixture
def catalog(sqlite_workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of drawn images that are split already; a supervisor is ended at the end."""
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=16, val=4, test=4)
    yield sqlite_workspace
    ending.end_jobs(sqlite_workspace)


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """12 images of 3 classes in train and val folders, and a file that is no image."""
    folder = arrange.draw_folder(tmp_path / "drawn", splits={"train": 3, "val": 1})
    (folder / "train" / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A living process that stands for a training one; no supervisor comes to end it."""
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda _, **options: None)
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    yield child.pid
    child.kill()
    child.wait()
