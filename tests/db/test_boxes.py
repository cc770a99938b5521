"""Boxes: what columns of JSON hold, read tolerantly and written in one place."""

import pytest

from db import boxes
from db.boxes import Environment, JobError, JobProgress, LeftOutImage, RunEnvironment
from db.enums import EndRequest, JobStatus
from db.models import JobRow, TrainingRun
from forge_core.workspace import Workspace
from tests.db.arrange import add_run


@pytest.mark.parametrize(
    "box",
    [
        JobError(),
        JobError(message="4 images have no label.", next_step="Label them.", detail="ids 1 to 4"),
        JobProgress(),
        JobProgress(fraction=0.0, epoch=2, step=3, steps=9, stage="warmup", after="0a"),
    ],
)
def test_a_box_is_read_as_it_was_written(box):
    assert boxes.read_box(type(box), boxes.write_box(box)) == box


def test_write_box__leaves_defaults_out():
    assert boxes.write_box(JobProgress(fraction=0.5)) == {"fraction": 0.5}


def test_read_box__of_another_version():
    """What is not known is let go, what is missing has its default."""
    assert boxes.read_box(JobError, None) is None
    assert boxes.read_box(JobError, {}) == JobError()
    told = {"message": "no space", "exit_status": 1}
    assert boxes.read_box(JobError, told) == JobError(message="no space")


def test_jobs_carry_boxes__and_nobody_else_sees_json(workspace: Workspace) -> None:
    progress = JobProgress(fraction=0.5, message="half", eta_seconds=2.5)
    error = JobError(message="no space", next_step="Free some.")
    with workspace.database.write() as uow:
        job_id = uow.jobs.add(
            kind="score", title="", payload={}, status=JobStatus.RUNNING, author="ana"
        )
        fresh = uow.jobs.find(job_id)
        assert fresh is not None
        assert (fresh.progress, fresh.error, fresh.end_requested) == (None, None, EndRequest.NONE)
        assert (fresh.executor, fresh.handle) == ("local", None)
        uow.jobs.update_if(
            job_id,
            [JobStatus.RUNNING],
            progress=progress,
            error=error,
            end_requested=EndRequest.PAUSE,
            executor="ray",
            handle="raysubmit_1",
        )
        job = uow.jobs.find(job_id)
        row = uow.session.get_one(JobRow, job_id)
        assert row.error == {"message": "no space", "next_step": "Free some."}
    assert job is not None
    assert (job.progress, job.error, job.end_requested) == (progress, error, EndRequest.PAUSE)
    assert (job.executor, job.handle) == ("ray", "raysubmit_1")
    assert job.is_ending()


def test_the_environment_of_a_run__is_kept_whole_and_read_from_any_version(
    workspace: Workspace,
) -> None:
    began = RunEnvironment(
        torch="2.15.0",
        processors=2,
        speed={"number_format": "bfloat16", "num_threads": 2},
        left_out=(
            LeftOutImage(source="a.png", reason="missing", message="a.png is not there."),
            LeftOutImage(source="b.png", reason="changed"),
        ),
        resumed_in=(Environment(torch="2.15.1", driver="570"),),
    )
    with workspace.database.write() as uow:
        run, older = add_run(uow, environment=began), add_run(uow)
        uow.session.get_one(TrainingRun, older).environment = {
            "torch": "2.9",
            "hostname": "known once",
            "left_out": [{"source": "c.png", "reason": "missing", "shown": True}],
        }
    with workspace.database.read() as uow:
        kept, read = uow.runs.find(run), uow.runs.find(older)
    assert kept is not None
    assert kept.environment == began
    assert read is not None
    assert read.environment == RunEnvironment(
        torch="2.9", left_out=(LeftOutImage(source="c.png", reason="missing"),)
    )
