"""A run's ONNX file on its page: asked for, failed, and there."""

import pytest

from db.enums import JobStatus
from forge_core.exports import requests
from forge_core.jobs import supervision
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from tests.arrange import ACTOR
from tests.pages.visiting import labels_of_buttons, press, visit, words

PAGE = "training/runs.py"
OFFER = "Export to ONNX"


@pytest.fixture(autouse=True)
def no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs stay queued: here only what the page says of them is looked at."""
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)


def end_job(workspace: Workspace, status: JobStatus, **values: object) -> None:
    job = requests.find_export_job(workspace, 1)
    assert job is not None
    with workspace.database.write() as uow:
        uow.jobs.update_if(job.job_id, list(JobStatus), status=status, **values)


def test_run_page__an_export_is_asked_for_and_one_that_failed_says_why(
    finished_workspace: Workspace,
) -> None:
    app = visit(PAGE, run=1)
    press(app, OFFER)
    job = requests.find_export_job(finished_workspace, 1)
    assert job is not None
    assert (job.kind, job.payload) == ("export", {"run_id": 1, "kind": "best"})
    error = {"message": "The exported file answers otherwise than its checkpoint."}
    end_job(finished_workspace, JobStatus.FAILED, error=error)
    app = visit(PAGE, run=1)
    assert "answers otherwise than its checkpoint" in words(app)
    assert OFFER in labels_of_buttons(app)


def test_run_page__the_file_is_there_with_what_it_was_compared_on(
    finished_workspace: Workspace,
) -> None:
    requests.submit_export(finished_workspace, 1, actor=ACTOR)
    result = {"num_images": 204, "largest_difference": 0.00017}
    end_job(finished_workspace, JobStatus.SUCCEEDED, result=result)
    best = checkpoints.find_checkpoint(finished_workspace, 1)
    path = requests.kept_path(finished_workspace, best.content_hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 2048)
    app = visit(PAGE, run=1)
    labels = [button.proto.label for button in app.get("download_button")]
    assert [label for label in labels if label.startswith("Download as ONNX (2")]
    said = words(app)
    assert "204 images it gave the same classes" in said
    assert "at most 0.0002 of the largest" in said
    assert OFFER not in labels_of_buttons(app)


def test_run_page__in_8_bits_it_says_what_they_cost(finished_workspace: Workspace) -> None:
    best = checkpoints.find_checkpoint(finished_workspace, 1).content_hash
    path = requests.kept_path(finished_workspace, best)
    small = requests.kept_path(finished_workspace, best, in_int8=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 2048)
    app = visit(PAGE, run=1)
    press(app, "Also in 8 bits")
    job = requests.find_export_job(finished_workspace, 1, in_int8=True)
    assert job is not None
    assert job.payload == {"run_id": 1, "kind": "best", "in_int8": True}
    cost = "In 8 bits 91.0 % of 100 validation images are right, 92.0 % in floating point."
    with finished_workspace.database.write() as uow:
        status = JobStatus.SUCCEEDED
        uow.jobs.update_if(
            job.job_id, list(JobStatus), status=status, result={"int8": {"words": cost}}
        )
    small.write_bytes(b"x" * 1024)
    app = visit(PAGE, run=1)
    assert cost in words(app)
    labels = [button.proto.label for button in app.get("download_button")]
    assert "Download in 8 bits (1.0 kB)" in labels
