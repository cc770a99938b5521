"""What does it cost a training to tell live what it does, in processor time?

    python -m benchmarks.live_reporting --rounds 5

Trains the same small network on the digits again and again in one process, by the worker's own
code: with everything that a run's page shows while it goes on (progress, every step's loss, the
learning rate, the gradient's norm, memory), and with these not told to anybody. By turns, in the
order ABBA, so that a machine that slows down slows both. The network is so small that a step takes
little more than a millisecond, so the share is higher than that of any real one. Prints JSON.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from db.enums import JobStatus
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.sizes import SplitRatios
from forge_core.demo import digits
from forge_core.handlers import train
from forge_core.jobs import queue, supervision
from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.live import step_series
from forge_core.runs.live.reporter import TrainReporter
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace, open_workspace

ACTOR = Actor("benchmark")
EPOCHS = 8
CONFIG = TrainConfig(
    architecture="forge_cnn",
    input_size=16,
    preset="text",
    batch_size=16,
    scratch_epochs=EPOCHS,
    device="cpu",
)
SILENCED = ("on_progress", "on_losses")


def measure(workspace: Workspace, rounds: int) -> dict[str, Any]:
    """Both ways by turns, after one of each that counts for nothing."""
    for is_told in (True, False):
        _train(workspace, is_told=is_told)
    told, untold = [], []
    for number in range(rounds):
        order = (True, False) if number % 2 else (False, True)
        for is_told in order:
            (told if is_told else untold).append(_train(workspace, is_told=is_told))
    shares = [100 * (a["cpu"] / b["cpu"] - 1) for a, b in zip(told, untold, strict=True)]
    return {
        "rounds": rounds,
        "steps a run": told[0]["steps"],
        "told": _medians(told),
        "not told": _medians(untold),
        "more processor time, %": {
            "median": round(statistics.median(shares), 2),
            "lowest": round(min(shares), 2),
            "highest": round(max(shares), 2),
        },
    }


def _train(workspace: Workspace, *, is_told: bool) -> dict[str, float]:
    """One run to its end in this process."""
    with mock.patch.object(supervision, "ensure_supervisor"):
        run = launch.start_run(workspace, CONFIG, actor=ACTOR)
    job = records.find_job(workspace, run.run_id)
    assert job is not None
    with workspace.database.write() as uow:
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
        queue.mark_begun_in(uow, job)
    context = JobContext(workspace, queue.get_job(workspace, job.job_id))
    with ExitStack() as changed:
        for name in () if is_told else SILENCED:
            changed.enter_context(mock.patch.object(TrainReporter, name))
        context.begin()
        began, cpu = time.perf_counter(), time.process_time()
        result = train.run(context)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        context.end()
    queue.finish(workspace, job, JobStatus.SUCCEEDED, result=result)
    points, _ = step_series.list_points(workspace, run.run_id, after_step=0, limit=1)
    assert bool(points) == is_told, "the two ways do not differ"
    steps = EPOCHS * -(-_num_training_images(workspace, run.run_id) // CONFIG.batch_size)
    return {"seconds": seconds, "cpu": cpu, "steps": steps}


def _num_training_images(workspace: Workspace, run_id: int) -> int:
    return len(launch.run_assets(workspace, run_id, "train"))


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    rate = statistics.median(each["steps"] / each["seconds"] for each in runs)
    cost = statistics.median(1e3 * each["cpu"] / each["steps"] for each in runs)
    return {"steps a second": round(rate), "milliseconds of processor a step": round(cost, 3)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = open_workspace(
            Settings(_env_file=None, workspace=folder / "workspace", score_after_training=False)
        )
        digits.import_digits(workspace, actor=ACTOR)
        plan = split_plan.plan_split(workspace, SplitRatios(train=80, val=10, test=10))
        split_plan.apply_split(workspace, plan, actor=ACTOR)
        found = {"load": os.getloadavg()[0], **measure(workspace, given.rounds)}
        workspace.database.dispose()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
