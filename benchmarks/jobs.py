"""How fast is the queue of jobs, and how fast is the table of runs?

    python -m benchmarks.jobs --database both

- claims: processes that take queued jobs with the supervisor's own claim, all from one list; how
  many a second, and whether one was taken twice.
- start: from the press (the job is queued) until its process is there, and until it writes its
  first line, with a supervisor that runs already and without a warm process.
- overhead: of the local executor, a command that does nothing from its submission until it is over,
  beside the same command started by `subprocess`.
- table: 1,000 runs with tags, notes and curves; SQL, and SQL with the rows of the page.

Each part ends within a minute, however slow the machine is: then it tells what it has. Prints
JSON. The overhead of the cluster's executors is measured by `benchmarks.executors`.
"""

import argparse
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from benchmarks.catalog_building import make_workspace
from db.clock import utc_now
from db.enums import JobStatus, RunOrder, RunStatus
from db.models import JobRow, RunMetric
from db.records import EpochRow
from db.run_records import RunFilter
from forge_core.errors import ForgeError
from forge_core.jobs import queue, supervision
from forge_core.jobs.executors import LOCAL, CommandState, JobCommand, log_name
from forge_core.jobs.local_executor import LocalExecutor
from forge_core.people.actor import Actor
from forge_core.runs.listing import marks, run_list
from forge_core.settings import Settings
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace, open_workspace

ACTOR = Actor("benchmark")
KIND = "measure"
NETWORKS = ("resnet18", "mobilenet_v2", "efficientnet_b0", "forge_cnn")
SETTLE_SECONDS = 0.002
MOST_SECONDS = 20.0
"""Of the claims, and of each start."""
PART_SECONDS = 50.0
JOBS_A_LOOK = 50


def measure(kind: str, *, workers: int, jobs: int, runs: int, starts: int) -> dict[str, Any]:
    """All of it on one database, in a workspace of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded Postgres is another user
        with make_workspace(kind, folder) as workspace:
            found = {
                "table": measure_table(workspace, runs),
                "claims": measure_claims(workspace, workers, jobs),
            }
            if starts:
                found["overhead of the local executor, s"] = measure_overhead(workspace, starts)
                found["from the press, s"] = measure_start(workspace, starts)
        return found


def measure_claims(workspace: Workspace, workers: int, jobs: int) -> dict[str, Any]:
    """Processes that all go through the same list; each takes what it can."""
    with workspace.database.write() as uow:
        for _ in range(jobs):
            queue.add_in(uow, KIND, "claim", {}, actor=ACTOR)
    url = workspace.database.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.jobs"])
    barrier = context.Barrier(workers + 1)
    answers: Any = context.Queue()
    processes = [
        context.Process(target=_claim, args=(str(workspace.folder), url, barrier, answers))
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.perf_counter()
    taken = [answers.get() for _ in processes]
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    with workspace.database.engine.begin() as connection:  # nobody shall tend them
        connection.execute(update(JobRow).values(status=JobStatus.SUCCEEDED, finished_at=utc_now()))
    times = Counter(job_id for each in taken for job_id in each)
    return {
        "workers": workers,
        "jobs": jobs,
        "a second": round(len(times) / seconds, 1),
        "taken": len(times),
        "taken twice": sum(1 for number in times.values() if number > 1),
        "of each worker": [len(each) for each in taken],
    }


def _claim(folder: str, url: str, barrier: Any, answers: Any) -> None:
    """Take what can be taken of the jobs that wait, in an order of one's own."""
    settings = Settings(_env_file=None, workspace=Path(folder), database_url=url)
    workspace = open_workspace(settings)
    chosen, mine = random.Random(os.getpid()), []
    queue.list_active_jobs(workspace)  # connected before the clock runs
    barrier.wait()
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end:
        jobs = queue.list_active_jobs(workspace)
        waiting = [job for job in jobs if job.status == JobStatus.QUEUED]
        if not waiting:
            break
        for job in chosen.sample(waiting, min(len(waiting), JOBS_A_LOOK)):
            if queue.claim(workspace, job, executor=LOCAL, log_path=""):
                mine.append(job.job_id)
    answers.put(mine)


def measure_overhead(workspace: Workspace, times: int) -> dict[str, float]:
    """The same empty command through the executor and without it, by turns; medians."""
    executor = LocalExecutor(workspace)
    arguments = [sys.executable, "-S", "-c", "pass"]

    def through(number: int) -> None:
        command = JobCommand(
            job_id=1_000_000 + number, arguments=arguments, environment=dict(os.environ)
        )
        handle = executor.submit(command)
        while executor.state(handle).state == CommandState.RUNNING:
            time.sleep(SETTLE_SECONDS)

    def alone(number: int) -> None:
        child = subprocess.Popen(arguments, start_new_session=True)
        while child.poll() is None:
            time.sleep(SETTLE_SECONDS)

    pairs = [(_seconds(partial(through, n)), _seconds(partial(alone, n))) for n in range(times)]
    executor.close()
    with_it, without = (statistics.median(each) for each in zip(*pairs, strict=True))
    return {
        "with": round(with_it, 4),
        "without": round(without, 4),
        "overhead": round(with_it - without, 4),
    }


def measure_start(workspace: Workspace, times: int) -> dict[str, Any]:
    """From a queued job to its process and to the first line of that; a supervisor is there."""
    supervision.ensure_supervisor(workspace)
    there, printed = [], []
    end = time.monotonic() + PART_SECONDS
    try:
        _wait_for(lambda: supervision.find_supervisor(workspace) is not None)
        while len(printed) < times and time.monotonic() < end:
            began = time.perf_counter()
            job = queue.submit(workspace, KIND, "start", {}, actor=ACTOR)
            log = workspace.logs_folder / log_name(job.job_id)
            _wait_for(log.exists)  # made when the process is started
            there.append(time.perf_counter() - began)
            _wait_for(lambda log=log: log.stat().st_size > 0)  # type: ignore[misc]
            printed.append(time.perf_counter() - began)
            queue.wait_until_finished(workspace, job.job_id, timeout_seconds=MOST_SECONDS)
    except (TimeoutError, ForgeError) as error:
        return {**_spread(there), "ended early": str(error)}
    finally:
        supervision.stop_supervisor(workspace)
    return {"to its process": _spread(there), "to its first line": _spread(printed)}


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + MOST_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {MOST_SECONDS:g} s")
        time.sleep(SETTLE_SECONDS)


def _spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    return {
        "times": len(seconds),
        "lowest": round(min(seconds), 3),
        "median": round(statistics.median(seconds), 3),
        "highest": round(max(seconds), 3),
    }


def measure_table(workspace: Workspace, runs: int) -> dict[str, Any]:
    """What a refresh reads and builds, sorted, filtered and searched."""
    from pages.components.runs.table import run_table

    add_runs(workspace, runs)
    tag = ("tag 3",)
    asked = {
        "all, newest first": RunFilter(),
        "all, best first": RunFilter(order=RunOrder.BEST),
        "one state and network": RunFilter(states=("succeeded",), architectures=NETWORKS[:1]),
        "one tag": RunFilter(tags=tag),
        "two words": run_list.find_by("lower rates ben"),
    }
    found: dict[str, Any] = {"runs": runs}
    for words, where in asked.items():
        page = run_list.read_page(workspace, where)
        read = _times(partial(run_list.read_page, workspace, where))
        built = _times(partial(run_table.make_frame, page.rows, datetime.now(UTC)))
        found[words] = {
            "found": page.total,
            "query, ms": read["median"],
            "rows, ms": built["median"],
            "both, ms": round(read["median"] + built["median"], 1),
            "both, ms of processor": round(read["processor"] + built["processor"], 1),
        }
    return found


def add_runs(workspace: Workspace, number: int) -> None:
    """Runs that differ in all that the table shows, each of 5 to 60 epochs."""
    rng = random.Random(0)
    summary = {"accuracy_interval": [0.8, 0.9], "num_images": 500, "sampled": None}
    run_ids, epochs = [], []
    with workspace.database.write() as uow:
        for place in range(number):
            network = NETWORKS[place % len(NETWORKS)]
            best = rng.uniform(0.5, 0.99)
            config = TrainConfig(
                architecture=network, pretrained=network != "forge_cnn", seed=place
            )
            run_id = uow.runs.add(
                name=rng.choice(["", "baseline", "lower rates", "strong augmentation"]),
                status=list(RunStatus)[place % 6] if place % 3 else RunStatus.SUCCEEDED,
                author=rng.choice(["ana", "ben", "chris"]),
                config=config.to_dict(),
                revision_id=0,
                class_names=[f"class {n}" for n in range(10)],
                label_ids=list(range(1, 11)),
                best_val_accuracy=best,
                note=rng.choice(["", "It ended higher than with the lower rate."]),
                is_starred=place % 20 == 0,
            )
            uow.runs.update_fields(
                run_id, report={split: {"accuracy": best, **summary} for split in ("val", "test")}
            )
            epochs += [
                asdict(_make_epoch(run_id, epoch, best))
                for epoch in range(1, rng.randint(5, 60) + 1)
            ]
            run_ids.append(run_id)
    with workspace.database.engine.begin() as connection:
        connection.execute(insert(RunMetric), epochs)
    for place in range(10):
        marks.change_tags(workspace, run_ids[place::10], add=[f"tag {place}", "all"])


def _make_epoch(run_id: int, epoch: int, best: float) -> EpochRow:
    accuracy = best * (1 - 0.7**epoch)
    return EpochRow(
        run_id=run_id,
        epoch=epoch,
        stage="finetune",
        train_loss=1.0 / epoch,
        train_accuracy=accuracy,
        val_loss=1.0 / epoch,
        val_accuracy=accuracy,
        learning_rates={"head": 1e-3},
        duration_seconds=1.0,
        images_per_second=100.0,
    )


def _times(work: Callable[[], object], rounds: int = 9) -> dict[str, float]:
    """Milliseconds: the median by the clock, the lowest of the processor."""
    clock, processor = [], []
    for _ in range(rounds):
        began, cpu = time.perf_counter(), time.process_time()
        work()
        clock.append(1e3 * (time.perf_counter() - began))
        processor.append(1e3 * (time.process_time() - cpu))
    return {"median": round(statistics.median(clock), 1), "processor": round(min(processor), 1)}


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--starts", type=int, default=5, help="0 leaves the processes out")
    given = parser.parse_args()
    kinds = ["sqlite", "postgres"] if given.database == "both" else [given.database]
    found: dict[str, Any] = {"load": os.getloadavg()[0]}
    for kind in kinds:
        found[kind] = measure(
            kind, workers=given.workers, jobs=given.jobs, runs=given.runs, starts=given.starts
        )
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
