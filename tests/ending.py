"""Nothing that a test started outlives it."""

import contextlib
import time
from pathlib import Path

import psutil

from db.enums import JobStatus
from forge_core.jobs import queue
from forge_core.workspace import Workspace
from tests import forking

QUIET_SECONDS = 0.3
LONGEST_SECONDS = 30.0
MODULES = ("forge_core.jobs", "-m forge_core ", "tests.forge_core.jobs", "tests.chaos")


def end_jobs(workspace: Workspace) -> None:
    """End every job of a workspace, and kill its supervisors and workers.

    The jobs are ended in the database first: a web server that still runs would otherwise
    start a new supervisor for unfinished work as often as we kill one. Processes are known by
    the workspace in their environment, which only those of this test have. A workspace without
    a supervisor's log never had a supervisor, and nothing to wait for.
    """
    finish_jobs(workspace)
    if not log_of_supervisors(workspace).exists():
        return
    deadline = time.monotonic() + LONGEST_SECONDS
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        assert time.monotonic() < deadline, "something starts jobs as fast as they are ended"
        finish_jobs(workspace)
        for process in find_processes(workspace):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
            quiet_since = time.monotonic()
        time.sleep(0.05)


def log_of_supervisors(workspace: Workspace) -> Path:
    """What its supervisors write into; there before the first of them starts."""
    return workspace.logs_folder / "supervisor.log"


def finish_jobs(workspace: Workspace) -> None:
    """Write the end of every job that has none, and of its run."""
    with workspace.database.read() as uow:
        active = uow.jobs.list_by_status(queue.ACTIVE)
    for job in active:
        if job.status == JobStatus.QUEUED:
            queue.request_cancel(workspace, job.job_id)
        else:
            queue.finish(workspace, job, JobStatus.CANCELLED)


def find_processes(workspace: Workspace) -> list[psutil.Process]:
    """Supervisors and workers that run on this workspace."""
    found = []
    for pid in forking.list_alive(workspace.folder):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = " ".join(process.cmdline())
            if not any(module in command for module in MODULES):
                continue
            if process.environ().get("FORGE_WORKSPACE") == str(workspace.folder):
                found.append(process)
    return found
