"""Five calls on a command line: start it, how it stands, what it printed, end it, find it again."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from forge_core.jobs import local_executor, processes, supervision
from forge_core.jobs.executors import CommandState, Executor, JobCommand
from forge_core.jobs.local_executor import LocalExecutor
from forge_core.jobs.supervision import SupervisorRecord
from forge_core.workspace import Workspace
from tests.forge_core.jobs.supervising import wait_for

WAITING = "import time; print('begun', flush=True); time.sleep(60)"
STUBBORN = f"""
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
{WAITING}
"""
LEAVING = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
"""


class Run:
    """Commands of one test, which are gone when it ends."""

    def __init__(self, executor: LocalExecutor) -> None:
        self.executor: Executor = executor  # nothing but the five calls
        self.handles: list[str] = []

    def start(self, code: str) -> str:
        number = len(self.handles) + 1
        arguments = [sys.executable, "-c", code]
        command = JobCommand(job_id=number, arguments=arguments, environment=dict(os.environ))
        self.handles.append(self.executor.submit(command))
        return self.handles[-1]

    def wait(self, handle: str, *states: CommandState) -> str:
        """Its detail, once it stands like this."""
        wait_for(lambda: self.executor.state(handle).state in states, what=f"{handle} is {states}")
        return self.executor.state(handle).detail

    def wait_begun(self, handle: str) -> None:
        wait_for(lambda: self.executor.logs(handle, 0)[0], what="it printed something")


@pytest.fixture
def run(sqlite_workspace: Workspace) -> Iterator[Run]:
    made = Run(LocalExecutor(sqlite_workspace))
    yield made
    for handle in made.handles:
        processes.signal_group(local_executor.leader_of(handle), signal.SIGKILL)
        made.wait(handle, *(state for state in CommandState if state.is_over()))


def test_a_command_runs_to_its_end__and_its_log_is_read_on_from_where_one_was(run: Run) -> None:
    handle = run.start("print('first', flush=True); print('second')")
    assert run.wait(handle, CommandState.SUCCEEDED) == "exit status 0"
    text, offset = run.executor.logs(handle, 0)
    assert text == "first\nsecond\n"
    assert run.executor.logs(handle, 6) == ("second\n", offset)
    assert run.executor.logs(handle, offset) == ("", offset)


def test_a_command_that_fails_says_with_what(run: Run) -> None:
    assert run.wait(run.start("raise SystemExit(3)"), CommandState.FAILED) == "exit status 3"


def test_a_program_that_is_not_there_cannot_be_started(run: Run) -> None:
    with pytest.raises(OSError, match="no-such-program"):
        run.executor.submit(JobCommand(job_id=9, arguments=["no-such-program"], environment={}))


def test_cancel__asks_first_and_returns_at_once(run: Run) -> None:
    handle = run.start(WAITING)
    run.wait_begun(handle)
    assert run.executor.state(handle).state == CommandState.RUNNING
    run.executor.cancel(handle, grace_seconds=60.0)
    assert run.wait(handle, CommandState.CANCELLED) == "killed by SIGTERM"


def test_cancel__ends_a_whole_group_that_ignores_it_once_the_grace_is_over(run: Run) -> None:
    handle = run.start(STUBBORN)
    run.wait_begun(handle)
    leader = local_executor.leader_of(handle)
    assert len(processes.list_group(leader)) == 2
    run.executor.cancel(handle, grace_seconds=60.0)
    run.executor.cancel(handle, grace_seconds=60.0)  # too early: asked, not killed
    assert processes.is_alive(leader)
    run.executor.cancel(handle, grace_seconds=0.0)
    assert run.wait(handle, CommandState.CANCELLED) == "killed by SIGKILL"
    assert processes.list_group(leader) == []


def test_state__a_command_that_left_a_process_behind_is_not_over(run: Run) -> None:
    handle = run.start(LEAVING)
    assert run.wait(handle, CommandState.ENDING) == "exit status 0"
    left = int(run.executor.logs(handle, 0)[0])
    assert not CommandState.ENDING.is_over()
    os.kill(left, signal.SIGKILL)
    run.wait(handle, CommandState.SUCCEEDED)


def test_adopt__finds_what_an_earlier_process_submitted_and_still_lives(
    run: Run, sqlite_workspace: Workspace
) -> None:
    alive, over = run.start(WAITING), run.start("pass")
    run.wait(over, CommandState.SUCCEEDED)
    held = {
        f"light-{local_executor.job_of(each)}": (
            local_executor.job_of(each),
            local_executor.leader_of(each),
        )
        for each in (alive, over)
    }
    ours = processes.identify(os.getpid())
    assert ours is not None
    supervision.write_record(sqlite_workspace, SupervisorRecord(ours, "", held))
    later: Executor = LocalExecutor(sqlite_workspace)
    assert later.adopt() == [alive]
    assert later.state(alive).state == CommandState.RUNNING
    later.cancel(alive, grace_seconds=60.0)
    run.wait(alive, CommandState.CANCELLED)  # its parent takes the exit status
    standing = later.state(alive)
    assert (standing.state, standing.detail) == (CommandState.LOST, "its process is gone")
