"""The executor of this machine: a command is a process group of its own, with its own log file.

It survives the process that submitted it. What is needed to find it again is its handle, and the
record in which the supervisor writes the handles that it holds.
"""

import logging
import signal
import subprocess
import time
from collections.abc import Mapping

from forge_core import local_files
from forge_core.jobs import processes, supervision
from forge_core.jobs.executors import (
    LOCAL,
    LOG_BYTES,
    CommandState,
    JobCommand,
    Standing,
    job_of,
    log_name,
)
from forge_core.jobs.processes import ProcessIdentity
from forge_core.jobs.warm_worker import WarmWorker
from forge_core.workspace import Workspace

_log = logging.getLogger("forge.supervisor")


class LocalExecutor:
    """Runs commands on this machine; used by its supervisor.

    Args:
        workspace: Its logs folder keeps what the commands print.
        warm: A process that waits for a command, where one is kept.
    """

    name = LOCAL

    def __init__(self, workspace: Workspace, *, warm: WarmWorker | None = None) -> None:
        self._workspace = workspace
        self._warm = warm
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._asked_at: dict[str, float] = {}
        """When a command was first asked to end (monotonic seconds)."""

    def submit(self, command: JobCommand) -> str:
        """Start a command; see `Executor`."""
        log_path = self._workspace.logs_folder / log_name(command.job_id)
        child = None
        if self._warm is not None and command.is_warm:
            child = self._warm.assign(command.arguments, command.environment, log_path)
        if child is None:
            with local_files.open_private(log_path, "ab") as log:
                child = subprocess.Popen(
                    list(command.arguments),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # its own group, so that all of it can be ended
                    env=dict(command.environment),
                )
        leader = processes.identify(child.pid) or ProcessIdentity(child.pid, "")  # it died at once
        handle = handle_of(command.job_id, leader)
        self._children[handle] = child
        return handle

    def state(self, handle: str) -> Standing:
        """How it stands now; see `Executor`."""
        leader = leader_of(handle)
        child = self._children.get(handle)
        if child is not None:
            child.poll()  # takes the exit status, so that no zombie stays
        if leader.started and processes.is_alive(leader):
            return Standing(state=CommandState.RUNNING)
        detail = _how_it_ended(child)
        if leader.started and processes.is_group_alive(leader):
            return Standing(state=CommandState.ENDING, detail=detail)
        self._asked_at.pop(handle, None)
        if child is None:  # adopted: only its parent was told
            return Standing(state=CommandState.LOST, detail=detail)
        status = child.wait()
        ended_by = (-signal.SIGTERM, -signal.SIGKILL)
        state = CommandState.SUCCEEDED if status == 0 else CommandState.FAILED
        return Standing(
            state=CommandState.CANCELLED if status in ended_by else state,
            detail=detail,
            exit_status=status,
        )

    def logs(self, handle: str, offset: int) -> tuple[str, int]:
        """What it printed; see `Executor`."""
        path = self._workspace.logs_folder / log_name(job_of(handle))
        try:
            with path.open("rb") as log:
                log.seek(offset)
                data = log.read(LOG_BYTES)
        except FileNotFoundError:
            return "", offset
        return data.decode("utf-8", errors="replace"), offset + len(data)

    def cancel(self, handle: str, *, grace_seconds: float) -> None:
        """SIGTERM to its whole group, and SIGKILL once the grace is over; see `Executor`."""
        leader = leader_of(handle)
        if handle not in self._asked_at:
            self._asked_at[handle] = time.monotonic()
            _log.info("job %d: SIGTERM", job_of(handle))
            processes.signal_group(leader, signal.SIGTERM)
        elif time.monotonic() - self._asked_at[handle] > grace_seconds:
            _log.warning("job %d did not stop: SIGKILL", job_of(handle))
            processes.signal_group(leader, signal.SIGKILL)

    def adopt(self) -> list[str]:
        """Those of the supervisor before us; see `Executor`."""
        record = supervision.read_record(self._workspace)
        handles = [handle_of(*held) for held in record.held.values()] if record else []
        return [handle for handle in handles if processes.is_group_alive(leader_of(handle))]

    def prepare(self, environment: Mapping[str, str]) -> None:
        """Have a process that waits for a command with these variables, where one is kept."""
        if self._warm is not None:
            self._warm.prepare(environment)

    def close(self) -> None:
        """Let the waiting process go; commands run on."""
        if self._warm is not None:
            self._warm.drop()


def handle_of(job_id: int, leader: ProcessIdentity) -> str:
    """What a command is called: its job, and the process that it began as."""
    return f"{job_id}:{leader.pid}:{leader.started}"


def leader_of(handle: str) -> ProcessIdentity:
    """The process of a handle; it started at "" when it died before it could be known."""
    _, pid, started = handle.split(":", 2)
    return ProcessIdentity(int(pid), started)


def _how_it_ended(child: subprocess.Popen[bytes] | None) -> str:
    if child is None:
        return "its process is gone"
    child.wait()
    if child.returncode < 0:
        return f"killed by {signal.Signals(-child.returncode).name}"
    return f"exit status {child.returncode}"
