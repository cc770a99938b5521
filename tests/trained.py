"""A workspace whose run has been trained by the worker's own code, for tests of its results."""

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from filelock import FileLock

from db.session import Database
from forge_core.backup import restoring
from forge_core.jobs import supervision
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.forge_core.handlers import running

TINY = TrainConfig(
    architecture="forge_cnn",
    input_size=16,
    preset="text",
    batch_size=8,
    scratch_epochs=4,
    scratch_lr=3e-3,
    device="cpu",
)


def tiny_run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed workspace of drawn images whose run 1 has succeeded; only to copy.

    Trained once for all processes of the suite, whose own folders lie in one.
    """
    own = tmp_path_factory.getbasetemp()
    common = own.parent if own.name.startswith("popen-") else own
    folder = common / "tiny-run"
    with FileLock(common / "tiny-run.lock"):
        if not folder.exists():
            _train_tiny_run(own / "making-tiny-run").replace(folder)
    return folder


def _train_tiny_run(folder: Path) -> Path:
    settings = Settings(
        _env_file=None, workspace=folder / "workspace", user="tester", score_after_training=False
    )
    workspace = open_workspace(settings)
    arrange.make_catalog(workspace, folder / "drawn", train=16, val=4, test=4)
    with mock.patch.object(supervision, "ensure_supervisor"):
        run = launch.start_run(workspace, TINY, actor=Actor("tester"))
        job_id = running.train_job(workspace, run.run_id).job_id
        handler = logging.FileHandler(workspace.logs_folder / f"job-{job_id}.log")
        worker_log = logging.getLogger("forge.worker")
        before = worker_log.level
        worker_log.setLevel(logging.INFO)
        worker_log.addHandler(handler)
        running.run_here(workspace, job_id)
        worker_log.removeHandler(handler)
        worker_log.setLevel(before)
        handler.close()
    done = records.get_run(workspace, run.run_id)
    assert done.status == "succeeded", done.message
    workspace.database.dispose()
    with closing(sqlite3.connect(workspace.folder / "forge.db")) as connection:
        is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not is_busy, "a copy would miss what the log has"
    return workspace.folder


def fill_database(finished: Path, postgres_url: str) -> None:
    """Let an empty Postgres database hold what that of such a workspace holds."""
    source, target = Database(f"sqlite:///{finished / 'forge.db'}"), Database(postgres_url)
    restoring.copy_database(source, target)
    source.dispose()
    target.dispose()


def open_copy(finished: Path, folder: Path, postgres_url: str = "") -> Workspace:
    """A copy of a workspace of `tiny_run_folder`, its database there or, filled, on Postgres."""
    ignored = shutil.ignore_patterns("forge.db*") if postgres_url else None
    shutil.copytree(finished, folder, ignore=ignored)
    settings = Settings(_env_file=None, workspace=folder, user="tester", database_url=postgres_url)
    return open_workspace(settings)
