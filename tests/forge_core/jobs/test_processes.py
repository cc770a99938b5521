import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from db.boxes import JobProgress
from db.enums import JobStatus
from forge_core.jobs import processes, supervision
from forge_core.jobs.processes import ProcessIdentity
from pages.components import job_progress
from tests.forge_core.jobs.submitting import queue_only
from tests.forge_core.jobs.supervising import wait_for


@pytest.fixture
def sleeper():
    child = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    child.stdout.readline()
    yield child
    child.kill()
    child.wait()
    child.stdout.close()


def test_identify__same_process_twice_is_equal(sleeper):
    identity = processes.identify(sleeper.pid)
    assert identity == processes.identify(sleeper.pid)
    assert processes.is_alive(identity)


def test_is_alive__another_start_time_is_another_process(sleeper):
    assert not processes.is_alive(ProcessIdentity(sleeper.pid, "1"))
    assert not processes.is_group_alive(ProcessIdentity(sleeper.pid, "1"))


def test_is_alive__zombie_is_dead(sleeper):
    identity = processes.identify(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGKILL)
    wait_for(lambda: not processes.is_alive(identity), what="zombie seen as dead")
    assert sleeper.returncode is None  # nobody has taken its exit status: it is a zombie
    assert not processes.is_group_alive(identity)


def test_identify__no_such_process():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert processes.identify(child.pid) is None


def test_group_is_alive_after_its_leader():
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
sys.stdin.read()
"""
    leader = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    child_pid = int(leader.stdout.readline())
    identity = processes.identify(leader.pid)
    leader.stdin.close()
    leader.wait()
    leader.stdout.close()
    assert not processes.is_alive(identity)
    assert processes.list_group(identity) == [child_pid]
    assert processes.signal_group(identity, signal.SIGKILL)


def test_restore_default_signals__after_inherited_ignore():
    """A shell or nohup that ignores signals must not make jobs that cannot be stopped."""
    code = """
import signal
from forge_core.jobs import processes
assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
processes.restore_default_signals()
print("ready", flush=True)
import time
time.sleep(60)
"""
    child = subprocess.Popen(
        ["sh", "-c", 'trap "" TERM; exec "$0" -c "$1"', sys.executable, code],
        stdout=subprocess.PIPE,
    )
    assert child.stdout.readline() == b"ready\n"
    child.terminate()
    assert child.wait(timeout=10) == -signal.SIGTERM
    child.stdout.close()


def test_halted_process__is_told_and_goes_on_when_it_is_woken(sqlite_workspace, sleeper):
    identity = processes.identify(sleeper.pid)
    job = queue_only(sqlite_workspace, "wait")
    running = replace(
        job,
        status=JobStatus.RUNNING,
        host=supervision.host_name(),
        pid=identity.pid,
        pid_started=identity.started,
    )
    assert not processes.wake(identity)
    assert not supervision.is_halted(running)
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_for(lambda: processes.is_halted(identity), what="it is halted")
    assert processes.is_alive(identity)
    assert supervision.is_halted(running)
    assert not supervision.is_halted(replace(running, host="elsewhere"))
    assert job_progress.describe(running, JobProgress()).startswith("Halted: ")
    assert processes.wake(identity)
    wait_for(lambda: not processes.is_halted(identity), what="it goes on")


@pytest.mark.parametrize(
    ("before", "is_one", "after"),
    [
        ("/autogroup-7 nice 0\n", True, "10"),
        ("/autogroup-7 nice 15\n", True, None),
        ("", False, None),
    ],
    ids=["shared", "stepped_back_further", "switched_off"],
)
def test_step_session_back__where_the_kernel_shares_among_sessions_and_never_forwards(
    tmp_path: Path, before: str, is_one: bool, after: str | None
):
    group = tmp_path / "self" / "autogroup"
    group.parent.mkdir()
    group.write_text(before)
    assert processes.step_session_back(10, root=tmp_path) is is_one
    assert group.read_text() == (before if after is None else after)


def test_step_session_back__waits_while_the_kernel_takes_no_change_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert not processes.step_session_back(10, root=tmp_path)  # a kernel without groups
    group = tmp_path / "self" / "autogroup"
    group.parent.mkdir()
    group.write_text("/autogroup-7 nice 0\n")
    asked: list[str] = []

    def write(path: Path, text: str) -> None:
        asked.append(text)
        if len(asked) < 3:
            raise BlockingIOError
        with path.open("w") as file:
            file.write(text)

    monkeypatch.setattr(Path, "write_text", write)
    monkeypatch.setattr(processes, "_GROUP_PAUSE_SECONDS", 0.0)
    assert processes.step_session_back(10, root=tmp_path)
    assert asked == ["10"] * 3
    assert group.read_text() == "10"
