"""Nothing that a test started outlives it."""

import contextlib
import time

import psutil

from forge_core.workspace import Workspace

QUIET_SECONDS = 0.3
MODULES = ("forge_core.jobs", "tests.forge_core.jobs")


def end_jobs(workspace: Workspace) -> None:
    """Kill every supervisor and worker of a workspace, also one that is just starting.

    They are known by the workspace in their environment, which only processes of this test have.
    """
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        for process in find_processes(workspace):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
            quiet_since = time.monotonic()
        time.sleep(0.05)


def find_processes(workspace: Workspace) -> list[psutil.Process]:
    """Supervisors and workers that run on this workspace."""
    found = []
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
