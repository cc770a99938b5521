"""A worker that also knows kinds of jobs which only tests need. Run with `python -m`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from forge_core.errors import InvalidInput
from forge_core.handlers import worker
from forge_core.handlers.registry import HANDLERS
from forge_core.jobs.context import JobContext
from forge_core.progress import Cancelled

IS_LINUX = sys.platform == "linux"


def wait(context: JobContext):
    """Wait until stopped, or until a file named "go" is in the workspace; tells progress."""
    deadline = time.monotonic() + 60
    while not (context.workspace.folder / "go").exists():
        assert time.monotonic() < deadline
        if context.should_stop():
            raise Cancelled
        context.set_progress(fraction=0.5, message="waiting")
        time.sleep(0.02)
    return {"waited": True}


def wait_stubbornly(context: JobContext):
    """Ignore every request to stop."""
    context.set_progress(message="stubborn")
    time.sleep(120)


def crash(context: JobContext):
    raise ZeroDivisionError("a number was divided by nought")


def refuse(context: JobContext):
    raise InvalidInput("4 images have no label.", next_step="Label them.", detail="ids 1 to 4")


def leave_child(context: JobContext):
    """Start a process of the same group that ignores SIGTERM, and go."""
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', flush=True); time.sleep(120)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    return {"child": child.pid}


def die(context: JobContext):
    os.kill(os.getpid(), signal.SIGKILL)


def read_priority() -> dict[str, list[int]]:
    """Of all our threads, as the system has it, and of our session where it has one of its own."""
    tasks = Path("/proc/self/task")
    threads = [int(task.name) for task in tasks.iterdir()] if IS_LINUX else [0]
    session = Path("/proc/self/autogroup")
    return {
        "niceness": sorted({os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}),
        "policy": sorted({os.sched_getscheduler(thread) for thread in threads if IS_LINUX}),
        "session": [int(word) for word in session.read_text().split()[-1:]]
        if session.exists()
        else [],
    }


def tell_environment(context: JobContext):
    return {
        "workspace": str(context.workspace.folder),
        "database": context.workspace.database.engine.dialect.name,
        "slot_device": context.device,
        "cuda": os.environ.get("CUDA_VISIBLE_DEVICES", "unset"),
        "group_is_own": os.getpgid(0) == os.getpid(),
        "sigint": str(signal.getsignal(signal.SIGINT)),
        "torch": "torch" in sys.modules,
        "pid": os.getpid(),
        "torch_home": os.environ.get("TORCH_HOME", ""),
        "priority": read_priority(),
    }


HANDLERS_FOR_TESTS = {
    **HANDLERS,
    "wait": wait,
    "heavy": wait,
    "wait_stubbornly": wait_stubbornly,
    "crash": crash,
    "refuse": refuse,
    "leave_child": leave_child,
    "die": die,
    "tell_environment": tell_environment,
}

if __name__ == "__main__":
    sys.exit(worker.main(sys.argv[1:], handlers=HANDLERS_FOR_TESTS))
