"""A workspace with a finished run, trained once by the real queue and copied for each test."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from forge_core.jobs import local, queue, runs
from forge_core.settings import Settings
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace, open_workspace
from tests import arrange

TINY = TrainConfig(
    architecture="forge_cnn",
    input_size=16,
    preset="text",
    batch_size=8,
    scratch_epochs=4,
    scratch_lr=3e-3,
    device="cpu",
)
TRAIN_SECONDS = 180
CLOSE_SECONDS = 30


@pytest.fixture(scope="session")
def finished_run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace of drawn images whose run 1 has succeeded."""
    folder = tmp_path_factory.mktemp("finished")
    settings = Settings(_env_file=None, workspace=folder / "workspace", user="tester")
    workspace = open_workspace(settings)
    arrange.make_catalog(workspace, folder / "drawn", train=16, val=4, test=4)
    run = runs.start_run(workspace, TINY, author="tester")
    job_id = runs.run_progress(workspace, run.run_id).job_id
    assert job_id is not None
    queue.wait_until_finished(workspace, job_id, timeout_seconds=TRAIN_SECONDS)
    local.stop_supervisor(workspace)
    done = runs.get_run(workspace, run.run_id)
    assert done.status == "succeeded", runs.log_tail(workspace, run.run_id)
    workspace.database.dispose()
    deadline = time.monotonic() + CLOSE_SECONDS
    # The log beside the database goes when the last process closes it: then it can be copied.
    while (workspace.folder / "forge.db-wal").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return workspace.folder


@pytest.fixture
def finished_workspace(finished_run_folder: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of that workspace, which the test may change."""
    shutil.copytree(finished_run_folder, tmp_path / "workspace")
    workspace = open_workspace(Settings(_env_file=None))
    yield workspace
    local.stop_supervisor(workspace)
    workspace.database.dispose()


@pytest.fixture
def catalog(sqlite_workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of drawn images that are split already; a supervisor is ended at the end."""
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=16, val=4, test=4)
    yield sqlite_workspace
    local.stop_supervisor(sqlite_workspace)
