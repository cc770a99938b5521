"""What a running job writes of its steps, and what it keeps back."""

import threading
import time

import pytest
from sqlalchemy.exc import OperationalError

from db.boxes import JobError
from db.enums import JobStatus
from forge_core.errors import TrainingFailed
from forge_core.jobs import queue
from forge_core.jobs.context import JobContext, JobLost
from forge_core.runs import records
from forge_core.runs.live import series_writer, step_series
from forge_core.runs.live.reporter import TrainReporter
from forge_core.training.config import TrainConfig
from forge_core.training.reporting import StepLosses
from forge_core.workspace import Workspace
from tests.arrange import ACTOR
from tests.db.arrange import add_run


@pytest.fixture
def job_context(workspace: Workspace, no_supervisor: None) -> JobContext:
    """A running job of a run of 10 steps an epoch."""
    with workspace.database.write() as uow:
        run_id = add_run(uow)
    job = queue.submit(workspace, "train", "", {"run_id": run_id}, actor=ACTOR, run_id=run_id)
    with workspace.database.write() as uow:
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    return JobContext(workspace, queue.get_job(workspace, job.job_id))


@pytest.fixture
def reporter(job_context: JobContext) -> TrainReporter:
    run = records.get_run(job_context.workspace, run_of(job_context))
    return TrainReporter(job_context, run, TrainConfig(), f"run-{run.run_id}")


def run_of(job_context: JobContext) -> int:
    assert job_context.job.run_id is not None
    return job_context.job.run_id


def tell(reporter: TrainReporter, step: int) -> None:
    reporter.on_progress("warmup", 1, step, 10, 123.45)
    reporter.on_losses(StepLosses(epoch=1, first=step - 1, last=step, steps=10, values=(1 / step,)))


def written(job_context: JobContext) -> list[tuple[int, float | None, float | None]]:
    points, _ = step_series.list_points(
        job_context.workspace, run_of(job_context), after_step=0, limit=99
    )
    return [(point.step, point.train_loss, point.images_per_second) for point in points]


def test_on_losses__a_step_is_there_within_a_second_and_the_last_at_the_end(
    job_context: JobContext, reporter: TrainReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_writer, "WRITE_SECONDS", 0.02)

    def train() -> None:
        with reporter.kept_to_the_end():
            tell(reporter, 1)
            deadline = time.monotonic() + 10.0
            while not written(job_context) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert written(job_context) == [(1, 1.0, 123.5)]
            tell(reporter, 2)
            raise TrainingFailed("The loss is no longer a finite number.")

    with pytest.raises(TrainingFailed):
        train()
    assert written(job_context) == [(1, 1.0, 123.5), (2, 0.5, 123.5)]


def test_on_losses__a_job_that_was_ended_writes_nothing(
    job_context: JobContext, reporter: TrainReporter
) -> None:
    queue.finish(
        job_context.workspace,
        job_context.job,
        JobStatus.INTERRUPTED,
        error=JobError(message="given up"),
    )
    with pytest.raises(JobLost), reporter.kept_to_the_end():
        tell(reporter, 1)
    assert written(job_context) == []


def test_on_losses__the_training_does_not_wait_while_the_database_is_held(
    job_context: JobContext, reporter: TrainReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_writer, "WRITE_SECONDS", 0.02)
    asked = threading.Event()
    released = threading.Event()

    def hold(*_: object, **__: object) -> None:
        asked.set()
        released.wait(10.0)
        raise OperationalError("", {}, Exception("database is locked"))

    with reporter.kept_to_the_end():
        with monkeypatch.context() as away:
            away.setattr(job_context, "write", hold)
            tell(reporter, 1)
            assert asked.wait(10.0)
            tell(reporter, 2)  # would wait for ever if it waited for the writing
            released.set()
        assert written(job_context) == []
    assert [step for step, *_ in written(job_context)] == [1, 2]
