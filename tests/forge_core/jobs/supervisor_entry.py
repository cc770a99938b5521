"""A supervisor that runs the worker of the tests, with short waits. Run with `python -m`.

Arguments: seconds until it leaves when idle, and "spare" to keep a spare process.
"""

import logging
import sys

from forge_core.jobs import spares, supervisor
from forge_core.jobs.slots import LIGHT_SLOTS, SLOT_OF_KIND, Slot
from forge_core.workspace import open_workspace

WORKER = "tests.forge_core.jobs.worker_entry"
ONE_CPU = [
    Slot("cpu", "training"),
    Slot("scoring", "scoring"),
    *(Slot(f"light-{number}", "light") for number in range(LIGHT_SLOTS)),
]

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    SLOT_OF_KIND["heavy"] = "training"
    spares.SERVED_KINDS |= {"tell_environment"}
    supervisor.TICK_SECONDS = 0.1
    opened = open_workspace()
    idle_seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    tending = supervisor.Supervisor(
        opened,
        worker_module=WORKER,
        available=ONE_CPU,
        grace_seconds=1.0,
        idle_seconds=idle_seconds,
        keeps_spare="spare" in sys.argv,
    )
    supervisor.serve(tending, opened)
