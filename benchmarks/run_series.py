"""How fast does the curve of a run with a million steps open, and what does writing it cost?

    python -m benchmarks.run_series --steps 1000000

Writes the series of a run as a training does: every loss, and a point each half second or each
500th of the time until then. Then asks for what its page asks for: all as 2,000 columns,
and a zoom on 1,000 and on 90,000 steps. Processor seconds stand beside those of the clock,
since machines are shared. Prints JSON.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from db.enums import RunStatus
from forge_core.runs.live import step_series
from forge_core.runs.live.device_use import DeviceUse
from forge_core.runs.live.step_series import StepSeries
from forge_core.settings import Settings
from forge_core.training.config import TrainConfig
from forge_core.training.reporting import StepLosses
from forge_core.workspace import Workspace, open_workspace

STEPS_AN_EPOCH = 10_000
STEPS_A_REPORT = 25
STEPS_A_SECOND = 1_000
SPIKE_STEP, SPIKE = 654_321, 1e6


def measure(steps: int, folder: Path) -> dict[str, Any]:
    """The benchmark over a run of so many steps, in a workspace of its own."""
    workspace = open_workspace(Settings(_env_file=None, workspace=folder))
    run_id = _add_run(workspace)
    written = _timed(lambda: _write(workspace, run_id, steps))

    def look(first: int, last: int) -> dict[str, Any]:
        return step_series.list_columns(workspace, run_id, first=first, last=last, columns=2000)

    middle = steps // 2
    opened = [_timed(lambda: look(0, steps)) for _ in range(3)]
    whole = look(0, steps)["train_loss"]
    return {
        "steps": steps,
        "points": len(step_series.list_points(workspace, run_id, after_step=0, limit=steps)[0]),
        "megabytes": round(sum(f.stat().st_size for f in folder.rglob("*.db")) / 1e6, 1),
        "write, microseconds of processor a step": round(written["cpu"] / steps * 1e6, 2),
        "open the whole": min(opened, key=lambda each: each["cpu"]),
        "zoom on 1,000 steps": _timed(lambda: look(middle, middle + 999)),
        "zoom on 90,000 steps": _timed(lambda: look(middle, middle + 89_999)),
        "spike is drawn": max(column.high or 0.0 for column in whole) == SPIKE
        or steps < SPIKE_STEP,
    }


def _write(workspace: Workspace, run_id: int, steps: int) -> None:
    now = [0.0]
    use = DeviceUse(process_bytes=2**30)
    series = StepSeries(run_id, measure=lambda: use, clock=lambda: now[0])
    losses = np.random.default_rng(0).normal(2.0, 0.3, steps)
    if steps > SPIKE_STEP:
        losses[SPIKE_STEP] = SPIKE
    for first in range(0, steps, STEPS_A_REPORT):
        place = first % STEPS_AN_EPOCH
        values = tuple(losses[first : first + STEPS_A_REPORT].tolist())
        told = StepLosses(
            epoch=first // STEPS_AN_EPOCH + 1,
            first=place,
            last=place + len(values),
            steps=STEPS_AN_EPOCH,
            values=values,
            learning_rate=1e-3,
            gradient_norm=1.0,
        )
        now[0] += len(values) / STEPS_A_SECOND
        series.add(told, 100.0)
        if (first // STEPS_A_REPORT) % (STEPS_A_SECOND // STEPS_A_REPORT) == 0:
            _write_taken(workspace, series)
    series.end_point()
    _write_taken(workspace, series)


def _write_taken(workspace: Workspace, series: StepSeries) -> None:
    taken = series.take()
    if taken is not None:
        with workspace.database.write() as uow:
            taken.write(uow)


def _add_run(workspace: Workspace) -> int:
    with workspace.database.write() as uow:
        return uow.runs.add(
            name="long",
            status=RunStatus.SUCCEEDED,
            author="benchmark",
            config=TrainConfig().to_dict(),
            revision_id=0,
            class_names=["a", "b"],
            label_ids=[1, 2],
            message="",
        )


def _timed(work: Callable[[], object]) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": round(time.perf_counter() - began, 4),
        "cpu": round(time.process_time() - cpu, 4),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(steps, Path(folder)), indent=2))


if __name__ == "__main__":
    main()
