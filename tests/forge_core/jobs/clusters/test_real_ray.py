"""A real Ray cluster of one node on this machine: the same buttons, the same numbers.

A lane of its own, `make test-ray`: a head binds every interface whatever it is told, so it runs in
a network namespace that has only loopback; and it does not come up on a busy machine.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from db.enums import JobStatus, RunStatus
from db.records import Job, Run
from forge_core.jobs import queue, supervision
from forge_core.people.actor import Actor
from forge_core.runs import logs, pauses, records
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange, ending, trained
from tests.forge_core.jobs.supervising import wait_for

pytestmark = [pytest.mark.ray, pytest.mark.process]
ACTOR = Actor("tester")
TOKEN = "0123456789abcdef0123456789abcdef"
ADDRESS = "http://127.0.0.1:8265"
TRIES = 3
START_SECONDS = 300.0
LONG = replace(trained.TINY, scratch_epochs=2000)


def ray(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "RAY_USAGE_STATS_ENABLED": "0"}
    program = Path(sys.executable).with_name("ray")
    return subprocess.run(
        [program, *arguments],
        env={**os.environ, **own, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A head that asks for a token. Its raylet gives up when its agent is not up in 15 s."""
    pytest.importorskip("ray", reason="the extra ray; see make test-ray")
    said = ""
    for _ in range(TRIES):
        started = ray(
            *("start", "--head", "--num-cpus=2", "--dashboard-host=127.0.0.1"),
            *("--include-dashboard=true", "--disable-usage-stats"),
            RAY_raylet_start_wait_time_s="200",
            RAY_DASHBOARD_STARTUP_TIMEOUT_S="200",
        )
        said = started.stdout
        if started.returncode == 0:
            break
        ray("stop", "--force")
    else:
        pytest.fail(f"no head after {TRIES} tries: {said[-2000:]}")
    yield
    ray("stop", "--force")


@pytest.fixture(scope="module")
def opened(head: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A catalog whose trainings run on that cluster."""
    folder = tmp_path_factory.mktemp("on-ray")
    made = open_workspace(
        Settings(
            _env_file=None,
            workspace=folder / "workspace",
            user="tester",
            score_after_training=False,
            keep_spare_worker=False,
            executor="ray",
            ray_address=ADDRESS,
            ray_token=TOKEN,
        )
    )
    arrange.make_catalog(made, folder / "drawn", train=16, val=4, test=4)
    yield made
    ending.end_jobs(made)
    made.database.dispose()


def start(workspace: Workspace, config: object) -> Run:
    return launch.start_run(workspace, config, actor=ACTOR)  # type: ignore[arg-type]


def training(workspace: Workspace, run: Run) -> Job:
    found = records.find_job(workspace, run.run_id)
    assert found is not None
    return found


def wait_for_epochs(workspace: Workspace, run: Run, number: int) -> None:
    wait_for(
        lambda: len(records.list_epochs(workspace, [run.run_id])[run.run_id]) >= number,
        seconds=180,
        what=f"{number} epochs: {logs.log_tail(workspace, run.run_id)}",
    )


def wait_for_end(workspace: Workspace, run: Run) -> Run:
    wait_for(
        lambda: records.get_run(workspace, run.run_id).status.is_finished(),
        seconds=240,
        what=f"run {run.run_id} ends",
    )
    return records.get_run(workspace, run.run_id)


def test_a_run_has_the_numbers_that_it_has_here_and_its_log_comes_back(
    opened: Workspace, finished_run_folder: Path, tmp_path: Path
) -> None:
    run = start(opened, trained.TINY)
    done = wait_for_end(opened, run)
    assert done.status == RunStatus.SUCCEEDED, done.message
    job = training(opened, run)
    assert (job.executor, job.handle) == ("ray", f"{job.job_id}:forge-{opened.id}-{job.job_id}")
    here = trained.open_copy(finished_run_folder, tmp_path / "copy")
    losses = [
        [epoch.train_loss for epoch in records.list_epochs(each, [1])[1]] for each in (opened, here)
    ]
    here.database.dispose()
    assert losses[0] == losses[1]
    wait_for(lambda: "job 1 succeeded" in logs.log_tail(opened, run.run_id), what="the whole log")
    assert "epoch 4" in logs.log_tail(opened, run.run_id)


def test_pause_resume_and_cancel(opened: Workspace) -> None:
    run = start(opened, LONG)
    wait_for_epochs(opened, run, 2)
    pauses.pause_run(opened, run.run_id)
    paused = wait_for_end(opened, run)
    assert paused.status == RunStatus.INTERRUPTED
    assert paused.message.startswith("Paused in epoch")
    done = len(records.list_epochs(opened, [run.run_id])[run.run_id])

    launch.resume_run(opened, run.run_id, actor=ACTOR)
    wait_for_epochs(opened, run, done + 2)
    epochs = records.list_epochs(opened, [run.run_id])[run.run_id]
    assert [epoch.epoch for epoch in epochs] == list(range(1, len(epochs) + 1))
    launch.cancel_run(opened, run.run_id)
    assert wait_for_end(opened, run).status == RunStatus.CANCELLED


def test_a_killed_worker_goes_on_from_what_it_saved_and_a_new_supervisor_finds_it(
    opened: Workspace,
) -> None:
    run = start(opened, LONG)
    wait_for_epochs(opened, run, 2)
    supervision.stop_supervisor(opened)
    supervision.ensure_supervisor(opened)
    begun = time.monotonic()
    wait_for_epochs(opened, run, 4)
    assert records.get_run(opened, run.run_id).status == RunStatus.RUNNING, begun

    pid = training(opened, run).pid
    assert pid is not None
    assert "worker" in psutil.Process(pid).cmdline()
    os.kill(pid, signal.SIGKILL)
    lost = wait_for_end(opened, run)
    assert lost.status == RunStatus.INTERRUPTED
    assert "Last checkpoint: epoch" in lost.message
    saved = len(records.list_epochs(opened, [run.run_id])[run.run_id])

    launch.resume_run(opened, run.run_id, actor=ACTOR)
    wait_for_epochs(opened, run, saved + 1)
    launch.cancel_run(opened, run.run_id)
    wait_for_end(opened, run)
    assert training(opened, run).status == JobStatus.CANCELLED


def test_a_command_that_cannot_begin_says_why(opened: Workspace) -> None:
    """Its row is out of its reach, so the cluster's word for it is taken."""
    broken = opened.settings.model_copy(update={"cluster_python": "no-such-python"})
    other = open_workspace(broken)
    supervision.ensure_supervisor(other)
    run = start(other, trained.TINY)
    ended = wait_for_end(other, run)
    assert ended.status == RunStatus.INTERRUPTED
    assert queue.get_job(other, training(other, run).job_id).error is not None
    assert "no-such-python" in logs.log_tail(other, run.run_id)
    supervision.stop_supervisor(other)
