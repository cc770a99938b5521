"""What a running job writes of its steps, and what it keeps back."""

import pytest
from sqlalchemy.exc import OperationalError

from db.boxes import JobError
from db.enums import JobStatus
from forge_core.errors import TrainingFailed
from forge_core.jobs import queue
from forge_core.jobs.context import JobContext, JobLost
from forge_core.runs import records, step_series
from forge_core.runs.reporter import TrainReporter
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
    reporter.on_losses(StepLosses(epoch=1, first=step - 1, last=step, steps=10, mean=1 / step))


def written(job_context: JobContext) -> list[tuple[int, float | None, float | None]]:
    points, _ = step_series.list_points(
        job_context.workspace, run_of(job_context), after_step=0, limit=99
    )
    return [(point.step, point.train_loss, point.images_per_second) for point in points]


def test_on_losses__the_first_step_is_there_at_once_and_the_last_at_the_end(
    job_context: JobContext, reporter: TrainReporter
) -> None:
    tell(reporter, 1)
    assert written(job_context) == [(1, 1.0, 123.5)]
    tell(reporter, 2)
    assert len(written(job_context)) == 1, "not yet due"
    with pytest.raises(TrainingFailed), reporter.kept_to_the_end():
        raise TrainingFailed("The loss is no longer a finite number.")
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
    with pytest.raises(JobLost):
        tell(reporter, 1)
    assert written(job_context) == []


def test_on_losses__the_training_goes_on_while_the_database_does_not_answer(
    job_context: JobContext, reporter: TrainReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("", {}, Exception("database is locked"))

    with reporter.kept_to_the_end():
        with monkeypatch.context() as away:
            away.setattr(type(job_context.workspace.database), "write", lambda _: refuse())
            tell(reporter, 1)
        assert written(job_context) == []
        tell(reporter, 2)
    assert [step for step, *_ in written(job_context)] == [1, 2]
