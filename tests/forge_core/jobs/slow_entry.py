"""A supervisor that takes its time to start, as on a busy machine. Run with `python -m`."""

import time

from forge_core.jobs import supervisor

if __name__ == "__main__":
    time.sleep(2)
    supervisor.main()
