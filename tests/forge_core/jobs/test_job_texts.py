"""What a job is asked and what it says can be kept on both databases, whatever it is."""

import json
import math

import pytest

from db.boxes import JobError, JobProgress
from db.enums import JobStatus
from forge_core.errors import InvalidInput
from forge_core.jobs import queue
from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor

UNSTORABLE = "caf\udce9\0.png"
SHOWN = "caf\\udce9\\x00.png"


def begun(workspace):
    """A job that runs, without a process."""
    with workspace.database.write() as uow:
        job = queue.add_in(uow, "wait", "a job", {}, actor=Actor("tester"))
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    return queue.get_job(workspace, job.job_id)


@pytest.mark.parametrize(
    "asked",
    [
        {"title": UNSTORABLE},
        {"author": UNSTORABLE},
        {"payload": {"path": UNSTORABLE}},
        {"payload": {UNSTORABLE: 1}},
        {"payload": {"share": math.nan}},
        {"payload": {"seed": 2**64}},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_add__what_cannot_be_kept_is_refused(workspace, asked):
    values = {"title": "a job", "author": "tester", "payload": {}, **asked}
    with (
        pytest.raises(InvalidInput, match=" holds "),
        workspace.database.write() as uow,
    ):
        queue.add_in(uow, "wait", values["title"], values["payload"], actor=Actor(values["author"]))
    assert queue.list_latest_jobs(workspace) == []


def test_finish__the_error_of_a_file_whose_name_is_no_text_is_kept_readable(workspace):
    job = begun(workspace)
    error = JobError(message=f"{UNSTORABLE} cannot be read.", detail=UNSTORABLE)
    assert queue.finish(workspace, job, JobStatus.FAILED, error=error)
    ended = queue.get_job(workspace, job.job_id)
    assert ended.status == JobStatus.FAILED
    assert ended.error == JobError(message=f"{SHOWN} cannot be read.", detail=SHOWN)


def test_finish__a_number_that_is_none_is_kept_as_null(workspace):
    job = begun(workspace)
    result = {"accuracy": math.nan, "losses": [0.5, math.inf], "left_out": (UNSTORABLE,)}
    assert queue.finish(workspace, job, JobStatus.SUCCEEDED, result=result)
    ended = queue.get_job(workspace, job.job_id)
    assert ended.result == {"accuracy": None, "losses": [0.5, None], "left_out": [SHOWN]}
    json.dumps(ended.result, allow_nan=False)


def test_progress__of_a_file_whose_name_is_no_text_does_not_end_the_heartbeat(workspace):
    context = JobContext(workspace, begun(workspace))
    context.begin()
    context.set_progress(message=UNSTORABLE, fraction=math.nan)
    context.end()
    assert not context.is_lost
    progress = queue.get_job(workspace, context.job.job_id).progress
    assert progress == JobProgress(message=SHOWN)
