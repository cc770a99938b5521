"""Start runs in a test, wait for them, or run their jobs in this process."""

from db.enums import JobStatus
from forge_core.handlers import worker
from forge_core.jobs import context, queue
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from tests.arrange import ACTOR
from tests.forge_core.jobs.supervising import wait_for


def make_config(**changes):
    values = {
        "architecture": "forge_cnn",
        "input_size": 16,
        "preset": "text",
        "scratch_epochs": 3,
        "batch_size": 8,
        "device": "cpu",
        **changes,
    }
    return TrainConfig(**values)


def start(workspace, **changes):
    return launch.start_run(workspace, make_config(**changes), actor=ACTOR)


def finished_run(workspace, run_id, seconds=90):
    wait_for(
        lambda: records.get_run(workspace, run_id).status.is_finished(),
        seconds=seconds,
        what=f"run {run_id} finished",
    )
    return records.get_run(workspace, run_id)


def run_here(workspace, job_id):
    """Run a queued job by the worker's own code, in this process."""
    with workspace.database.write() as uow:
        uow.jobs.update_if(
            job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING, log_path=f"job-{job_id}.log"
        )
        queue.mark_begun_in(uow, uow.jobs.find(job_id))
    job = queue.get_job(workspace, job_id)
    ours = context.JobContext(workspace, job)
    ours.begin()
    try:
        return worker._run(ours, worker.HANDLERS)
    finally:
        ours._done.set()


def train_job(workspace, run_id):
    with workspace.database.read() as uow:
        return uow.jobs.find_latest_of_run(run_id, kind="train")
