"""Supervisors and jobs of tests: started by the test, and gone when it ends."""

import subprocess
import sys
import time
from collections.abc import Callable

from db.records import Job
from forge_core.jobs import queue, supervision
from forge_core.jobs.processes import ProcessIdentity
from forge_core.workspace import Workspace
from tests import ending

SUPERVISOR = "tests.forge_core.jobs.supervisor_entry"


def wait_for(condition: Callable[[], object], *, seconds: float = 40.0, what: str = "") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what or condition}")
        time.sleep(0.02)


def wait_running(workspace: Workspace, job: Job) -> Job:
    """The job once its process has begun and told progress."""
    wait_for(
        lambda: queue.get_job(workspace, job.job_id).progress is not None,
        what=f"job {job.job_id} runs",
    )
    return queue.get_job(workspace, job.job_id)


def leader_of(job: Job) -> ProcessIdentity:
    assert job.pid is not None
    assert job.pid_started is not None
    return ProcessIdentity(job.pid, job.pid_started)


class Supervising:
    """Starts and ends supervisors of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._children: list[subprocess.Popen[bytes]] = []

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A supervisor of the tests, ready or not."""
        with ending.log_of_supervisors(self.workspace).open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", SUPERVISOR, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=supervision.job_environment(self.workspace),
            )
        self._children.append(child)
        return child

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A supervisor of the tests; returns when it is ready."""
        child = self.spawn(*arguments)

        def is_ready() -> bool:
            found = supervision.find_supervisor(self.workspace)
            return found is not None and found.pid == child.pid

        wait_for(is_ready, what="supervisor ready")
        return child

    def kill(self, child: subprocess.Popen[bytes]) -> None:
        child.kill()
        child.wait()

    def end(self) -> None:
        """End every supervisor and every job of the workspace, by their own identities."""
        for child in self._children:
            child.kill()
            child.wait()
        ending.end_jobs(self.workspace)
