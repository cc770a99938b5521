"""A process that waits with everything imported runs the next job, and outlives nobody."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from db.enums import JobStatus
from forge_core.jobs import processes, queue, supervision, warm_worker
from forge_core.jobs.warm_worker import WarmWorker
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.forge_core.jobs.supervising import Supervising, wait_for
from tests.forge_core.jobs.supervisor_entry import WORKER


@pytest.fixture
def warm(sqlite_workspace: Workspace) -> Iterator[WarmWorker]:
    made = WarmWorker(WORKER, sqlite_workspace.logs_folder / "supervisor.log")
    yield made
    made.drop()


def find_warm(supervisor: int, *, besides: int = 0) -> int:
    """The process that waits, once there is one; `besides` has its job by now."""
    found: set[int] = set()

    def is_there() -> bool:
        for child in psutil.Process(supervisor).children():
            with contextlib.suppress(psutil.Error):
                if warm_worker.ARGUMENT in child.cmdline():
                    found.add(child.pid)
        found.discard(besides)
        return bool(found)

    wait_for(is_there, what="a warm process")
    (pid,) = found
    return pid


def test_supervisor__assigns_the_next_job_to_its_warm_process_and_prepares_another(
    sqlite_supervising: Supervising,
):
    workspace = sqlite_supervising.workspace
    supervisor = sqlite_supervising.start("60", "warm")
    warm_pid = find_warm(supervisor.pid)
    job = queue.submit(workspace, "tell_environment", "a job", {}, actor=Actor("tester"))
    done = queue.wait_until_finished(workspace, job.job_id, timeout_seconds=240)
    assert done.status == JobStatus.SUCCEEDED
    assert done.result is not None
    assert done.result["pid"] == warm_pid == done.pid
    assert done.result["torch"]  # it was imported before there was a job
    assert done.result["group_is_own"]
    assert done.log_path is not None
    assert (
        f"job {job.job_id} (tell_environment) begins"
        in (workspace.logs_folder / done.log_path).read_text()
    )

    identity = processes.identify(find_warm(supervisor.pid, besides=warm_pid))
    assert identity is not None
    sqlite_supervising.kill(supervisor)
    wait_for(lambda: not processes.is_alive(identity), what="the warm process ends too")


def test_assign__not_to_a_process_with_other_variables_or_older_code(
    warm: WarmWorker, sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    environment = supervision.job_environment(sqlite_workspace)
    asked, log_path = [*WORKER, "--job", "1"], sqlite_workspace.logs_folder / "job-1.log"
    assert warm.assign(asked, environment, log_path) is None  # there is none yet
    warm.prepare(environment)
    other = {**environment, "CUDA_VISIBLE_DEVICES": "1"}
    assert warm.assign(asked, other, log_path) is None
    assert warm.assign(["another", "program"], environment, log_path) is None
    monkeypatch.setattr(warm_worker, "_newest_code", lambda: 1)
    assert warm.assign(asked, environment, log_path) is None
    warm.prepare(environment)  # the old one is gone
    assert warm.assign(asked, environment, log_path) is not None


def test_prepare__one_that_ends_by_itself_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made = WarmWorker([sys.executable, "-m", "no_such_module"], tmp_path / "log")
    started = []
    popen = subprocess.Popen

    def counting(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", counting)
    made.prepare({})
    assert started[0].wait(timeout=60) != 0
    for _ in range(3):
        made.prepare({})
    assert len(started) == 1
    assert "no_such_module" in (tmp_path / "log").read_text()
