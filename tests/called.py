"""A function of the tests in a process of its own: `begin`, and what `python -m` runs for it."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def begin(
    log: Path, function: Callable[..., object], *arguments: object
) -> "subprocess.Popen[bytes]":
    """Call a module's function in another process, which writes what it prints to `log`."""
    call = pickle.dumps((function, arguments)).hex()
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.called", call],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(os.environ),
        )


if __name__ == "__main__":
    wanted, given = pickle.loads(bytes.fromhex(sys.argv[1]))
    wanted(*given)
