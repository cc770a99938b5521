"""A worker whose trainings may be mere sleepers, and which says in a file that it lives.

The file is what the process table is asked by: it does not depend on the database at all.
Run with `python -m`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from forge_core.handlers import worker
from forge_core.handlers.registry import HANDLERS
from forge_core.jobs import processes
from forge_core.jobs.context import JobContext
from forge_core.progress import Cancelled
from tests.chaos import shifted_clock

MODULE = "tests.chaos.worker_entry"
FOLDER = "alive"
STEP_SECONDS = 0.2
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def say_alive(folder: Path, job_id: str) -> None:
    identity = processes.identify(os.getpid())
    assert identity is not None
    path = folder / FOLDER / f"{job_id}-{identity.pid}.json"
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".new").write_text(json.dumps(asdict(identity)))
    path.with_suffix(".new").replace(path)


def train_or_sleep(context: JobContext) -> Mapping[str, Any]:
    payload = context.job.payload
    if "seconds" not in payload:
        return HANDLERS["train"](context)
    if payload.get("child"):  # it outlives its leader, and hears no SIGTERM
        subprocess.Popen([sys.executable, "-S", "-c", DEAF])
    steps = int(payload["seconds"] / STEP_SECONDS)
    for step in range(steps):
        if context.should_stop():
            raise Cancelled
        context.set_progress(epoch=1, total_epochs=1, step=step, steps=steps, message="sleeping")
        time.sleep(STEP_SECONDS)
    return {}


if __name__ == "__main__":
    where = Path(os.environ["FORGE_WORKSPACE"])
    say_alive(where, sys.argv[sys.argv.index("--job") + 1])
    shifted_clock.install(where)
    sys.exit(worker.main(sys.argv[1:], handlers={**HANDLERS, "train": train_or_sleep}))
