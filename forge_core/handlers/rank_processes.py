"""The processes that compute a training together with the job's own; each is a `rank`.

They are children of the job's process and of its group, so that they end with it whatever happens.
They find each other by a file, and open no port but on this machine.
"""

import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from forge_core.training.compute import ranks

RANK = (sys.executable, "-P", "-m", "forge_core", "rank")
GRACE_SECONDS = 15.0
"""How long such a process outlives a request to end: the first one cannot finish its step without
it, and says when it has."""
_log = logging.getLogger("forge.rank")


@contextmanager
def launch(run_id: int, number: int, *, resume: bool, device: str) -> Iterator[None]:
    """The environment of the first of `number` processes, beside the others; alone for 1.

    Args:
        run_id: The run that they train.
        number: Processes in all.
        resume: As the job has it.
        device: What the job calls its devices.
    """
    if number == 1:
        yield
        return
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="forge-ranks-") as folder:
        shared = {
            "WORLD_SIZE": str(number),
            ranks.RENDEZVOUS: f"file://{Path(folder) / 'rendezvous'}",
            "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", _loopback()),
        }
        command = [*RANK, str(run_id)]
        command += ["--resume"] * resume + ["--device", device] * bool(device)
        children = [
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            )
            for rank in range(1, number)
        ]
        os.environ.update(shared, RANK="0", LOCAL_RANK="0")
        done = threading.Event()
        threading.Thread(target=_watch, args=(children, done), daemon=True).start()
        try:
            yield
        finally:
            done.set()
            for name in (*shared, "RANK", "LOCAL_RANK"):
                os.environ.pop(name, None)
            os.environ.update(before)
            _end(children)


def _watch(children: Sequence[subprocess.Popen[bytes]], done: threading.Event) -> None:
    """End this process when another one is lost and that shows in no other way.

    In the middle of a step the connection breaks, which ends the run in words. While the processes
    look for each other nothing would: the first one would wait for hours.
    """
    while not done.wait(1.0):
        lost = [child for child in children if child.poll() not in (None, 0)]
        if lost and not done.wait(GRACE_SECONDS):
            _log.error("rank pid %d ended with status %d", lost[0].pid, lost[0].returncode)
            os._exit(1)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait until they are gone; those that do not go are killed."""
    for child in children:
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            _log.warning("rank pid %d did not end: SIGKILL", child.pid)
            child.kill()
            child.wait()


def _loopback() -> str:
    return "lo" if sys.platform.startswith("linux") else "lo0"
