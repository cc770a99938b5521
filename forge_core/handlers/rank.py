"""One of several processes that train a run together, but not the job's own: `forge_core rank`.

It writes nothing: not the job, not the run, no file but decoded pixels. See `rank_processes`.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from forge_core.handlers.rank_processes import GRACE_SECONDS
from forge_core.jobs import processes
from forge_core.models import allocator
from forge_core.workspace import open_workspace


def main(arguments: Sequence[str]) -> int:
    """Train along; returns the exit status of the process."""
    parser = argparse.ArgumentParser(prog="python -m forge_core rank")
    parser.add_argument("run_id", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--device", default="")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s"
    )
    processes.restore_default_signals()
    allocator.keep_freed_memory()
    signal.signal(signal.SIGTERM, _leave_soon)
    signal.signal(signal.SIGINT, _leave_soon)
    from forge_core.handlers import train

    train.run_rank(open_workspace(), options.run_id, resume=options.resume, device=options.device)
    return 0


def _leave_soon(number: int, frame: FrameType | None) -> None:
    timer = threading.Timer(GRACE_SECONDS, os._exit, [1])
    timer.daemon = True
    timer.start()
