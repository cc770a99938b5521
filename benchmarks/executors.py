"""What a job costs before it does anything, by each executor: the same command, several times.

    python -m benchmarks.executors
    python -m benchmarks.executors --ray http://127.0.0.1:8265 --token TOKEN

The command prints a line and goes. Told are the medians of how long handing it over took, when its
line was there to be read, and when its end was known. A worker's own start (its libraries, the
workspace) comes on top and is the same everywhere.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from forge_core.jobs.clusters.ray_executor import RayExecutor
from forge_core.jobs.executors import Executor, JobCommand
from forge_core.jobs.local_executor import LocalExecutor
from forge_core.settings import Settings
from forge_core.workspace import open_workspace

LOOK_SECONDS = 0.05
LONGEST_SECONDS = 300.0
CODE = "print('begun', flush=True)"


def measure(executor: Executor, job_id: int, environment: dict[str, str]) -> dict[str, float]:
    """Seconds since the command was handed over."""
    arguments = [sys.executable, "-c", CODE]
    began = time.monotonic()
    handle = executor.submit(
        JobCommand(job_id=job_id, arguments=arguments, environment=environment)
    )
    found = {"submitted": time.monotonic() - began}

    def wait(name: str, condition: Callable[[], object]) -> None:
        while not condition():
            assert time.monotonic() - began < LONGEST_SECONDS, name
            time.sleep(LOOK_SECONDS)
        found[name] = time.monotonic() - began

    wait("first_line", lambda: executor.logs(handle, 0)[0])
    wait("end_known", lambda: executor.state(handle).state.is_over())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ray", default="", help="address of a head's dashboard")
    parser.add_argument("--token", default="")
    parser.add_argument("--jobs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Settings(_env_file=None, workspace=Path(folder) / "w"))
        executors: dict[str, tuple[Executor, dict[str, str]]] = {
            "local": (LocalExecutor(workspace), dict(os.environ))
        }
        if options.ray:
            own = RayExecutor(options.ray, token=options.token, workspace_id=workspace.id)
            executors["ray"] = own, {}
        answer: dict[str, object] = {"processors": os.cpu_count(), "load": os.getloadavg()[0]}
        for name, (executor, environment) in executors.items():
            took = [measure(executor, number, environment) for number in range(options.jobs)]
            answer[name] = {
                part: round(statistics.median(each[part] for each in took), 3) for part in took[0]
            }
        workspace.database.dispose()
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
