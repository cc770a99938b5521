"""A supervisor that runs the worker of the tests, with short waits. Run with `python -m`.

Arguments: seconds until it leaves when idle, and "warm" to keep a process ready.
"""

import logging
import sys

from forge_core.jobs import supervisor
from forge_core.jobs.kinds import KINDS, JobKind
from forge_core.jobs.slots import LIGHT_SLOTS, Slot
from forge_core.workspace import open_workspace

WORKER = (sys.executable, "-m", "tests.forge_core.jobs.worker_entry")
HEAVY = JobKind(name="heavy", place="training", device="own")
ONE_CPU = [
    Slot("cpu", "training"),
    Slot("scoring", "scoring"),
    *(Slot(f"light-{number}", "light") for number in range(LIGHT_SLOTS)),
]

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    KINDS[HEAVY.name] = HEAVY
    KINDS["tell_environment"] = JobKind(name="tell_environment", is_warm=True)
    supervisor.TICK_SECONDS = 0.1
    opened = open_workspace()
    idle_seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    tending = supervisor.Supervisor(
        opened,
        worker=WORKER,
        available=ONE_CPU,
        grace_seconds=1.0,
        idle_seconds=idle_seconds,
        keeps_warm="warm" in sys.argv,
    )
    supervisor.serve(tending, opened)
