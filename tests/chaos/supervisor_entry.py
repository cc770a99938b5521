"""The supervisor as the product runs it, with ten places for trainings. Run with `python -m`."""

import logging
import os
import sys
from pathlib import Path

from forge_core.errors import ForgeError
from forge_core.jobs import supervisor
from forge_core.jobs.slots import Slot
from forge_core.workspace import open_workspace
from tests.chaos import shifted_clock

WORKER = (sys.executable, "-m", "tests.chaos.worker_entry")
SLOTS = [Slot("cpu", "training"), *(Slot(f"cuda:{number}", "training") for number in range(10))]

if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s"
    )
    shifted_clock.install(Path(os.environ["FORGE_WORKSPACE"]))
    try:
        opened = open_workspace()
    except ForgeError as error:
        sys.exit(str(error))
    supervisor.serve(supervisor.Supervisor(opened, worker=WORKER, available=SLOTS), opened)
