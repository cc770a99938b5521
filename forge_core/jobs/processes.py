"""Which process is which, which belong together, and how one steps back behind the others.

A process number alone says nothing: numbers are used again. A process is named by its number
and the moment it started; a zombie counts as dead.
"""

import contextlib
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_HAS_PROC = sys.platform.startswith("linux")
_DEAD_STATES = (b"Z", b"X", b"x")
_HALTED_STATE = b"T"
# Signals that a shell, nohup or a parent may have set to be ignored; that survives exec.
_INHERITABLE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)
_GROUP_TRIES = 20
_GROUP_PAUSE_SECONDS = 0.1
"""The kernel takes one change of a session's niceness in a tenth of a second, of the machine."""
_log = logging.getLogger("forge.jobs")


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of this machine, never mistaken for a later one of the same number."""

    pid: int
    started: str
    """When it started: clock ticks since boot on Linux, seconds since 1970 elsewhere."""


@dataclass(frozen=True)
class _ProcessState:
    is_dead: bool
    group: int
    started: str
    is_halted: bool


def identify(pid: int) -> ProcessIdentity | None:
    """The living process with this number, or None (zombies are dead)."""
    state = _read_state(pid)
    return None if state is None or state.is_dead else ProcessIdentity(pid, state.started)


def is_alive(identity: ProcessIdentity) -> bool:
    """Whether exactly this process still runs."""
    return identify(identity.pid) == identity


def is_halted(identity: ProcessIdentity) -> bool:
    """Whether it lives and was halted by a signal (SIGSTOP), so that it does nothing."""
    state = _read_state(identity.pid)
    return state is not None and state.started == identity.started and state.is_halted


def wake(identity: ProcessIdentity) -> bool:
    """Let a halted process go on; says whether it was halted."""
    if not is_halted(identity):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(identity.pid, signal.SIGCONT)
    return True


def is_group_alive(leader: ProcessIdentity) -> bool:
    """Whether any process of the group that `leader` started still runs."""
    return bool(list_group(leader))


def list_group(leader: ProcessIdentity) -> list[int]:
    """Numbers of the living processes of the leader's group.

    The system gives no process a number that is still the number of a group. So when another
    process has the leader's number, the whole group is gone.
    """
    state = _read_state(leader.pid)
    if state is not None and state.started != leader.started:
        return []
    members = []
    for pid in psutil.pids():
        member = _read_state(pid)
        if member is not None and not member.is_dead and member.group == leader.pid:
            members.append(pid)
    return members


def list_commands() -> list[list[str]]:
    """The words of the command line of every process that we may look at."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            found.append(process.cmdline())
    return found


def signal_group(leader: ProcessIdentity, number: signal.Signals) -> bool:
    """Send a signal to the whole group; says whether anybody was there."""
    if not is_group_alive(leader):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, number)
    return True


def restore_default_signals() -> None:
    """Give this process the system's own reactions to signals, whatever it inherited."""
    for number in _INHERITABLE:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INHERITABLE)


def step_back(niceness: int, *, root: Path = Path("/proc")) -> None:
    """Let others of this machine go first: this process, all its threads, and its session.

    Linux knows a niceness for each thread, so those that a library has started already are told
    as well. They are marked as batch work too, which interrupts nobody when it wakes. Where the
    kernel first shares the processors among sessions (autogroup, the default on most systems), a
    niceness counts only within a session, so one that we lead gets it as a whole. What has
    stepped back further stays there.

    Args:
        niceness: 0 to 19.
        root: Of the proc file system.
    """
    tasks = root / "self" / "task"
    threads = [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]
    for thread in threads:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, max(now, niceness))
            if _HAS_PROC and os.sched_getscheduler(thread) == os.SCHED_OTHER:
                with contextlib.suppress(PermissionError):  # a sandbox may forbid it
                    os.sched_setscheduler(thread, os.SCHED_BATCH, os.sched_param(0))
    if os.getsid(0) == os.getpid():
        step_session_back(niceness, root=root)


def step_session_back(niceness: int, *, root: Path = Path("/proc")) -> bool:
    """Let other sessions go first, where the kernel shares among sessions; says whether it does.

    Args:
        niceness: 0 to 19.
        root: Of the proc file system.
    """
    group = root / "self" / "autogroup"
    try:
        words = group.read_text().split()  # "/autogroup-25 nice 0"
    except OSError:
        return False
    if not words:  # switched off, or our control group shares the processors
        return False
    for _ in range(_GROUP_TRIES if int(words[-1]) < niceness else 0):
        try:
            group.write_text(str(niceness))
        except BlockingIOError:
            time.sleep(_GROUP_PAUSE_SECONDS)
        except OSError as error:
            _log.info("the session keeps its share of the processors: %s", error)
            return False
        else:
            break
    return True


def _read_state(pid: int) -> _ProcessState | None:
    if _HAS_PROC:
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:  # gone between listing and reading
            return None
        # The name may hold spaces and brackets; what follows its last bracket is fixed (proc(5)).
        fields = text.rpartition(b")")[2].split()
        return _ProcessState(
            fields[0] in _DEAD_STATES,
            int(fields[2]),
            fields[19].decode(),
            fields[0] == _HALTED_STATE,
        )
    try:
        process = psutil.Process(pid)
        return _ProcessState(
            process.status() == psutil.STATUS_ZOMBIE,
            os.getpgid(pid),
            f"{process.create_time():.3f}",
            process.status() == psutil.STATUS_STOPPED,
        )
    except (psutil.Error, OSError):
        return None
