"""What a run's page says of the scored images, in each state that a person can meet."""

from dataclasses import replace

import pytest

from db.boxes import JobProgress
from db.enums import EndRequest, JobStatus
from db.records import Job
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import suggestions
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.predictions import scoring
from forge_core.runs import scoring_requests
from pages.components.runs import predictions
from pages.components.words import data_time
from tests import arrange
from tests.pages.visiting import labels_of_buttons, links, press, visit, words

PAGE = "training/runs.py"
ALL = 72


def test_run_page__offers_to_score_what_is_not_scored(finished_workspace):
    app = visit(PAGE, run=1)
    assert "not scored by this run yet" in words(app)
    press(app, f"Score {ALL} images")
    job = scoring_requests.find_scoring(finished_workspace, 1)
    assert (job.kind, job.payload["only_new"]) == ("score", True)


def test_run_page__each_number_is_a_door_and_new_images_can_be_scored(finished_workspace):
    scoring.score_run(finished_workspace, 1, device="cpu")
    assets = arrange.list_all(finished_workspace)
    unlabelled, wrong = [a for a in assets if a.split_type == "val"][:2]
    label_edits.relabel(finished_workspace, [unlabelled.asset_id], None, actor=Actor("anna"))
    (predicted,) = prediction_of(finished_workspace, wrong)
    other = next(c for c in arrange.CLASSES if c not in (predicted, wrong.label_name))
    arrange.relabel_one(finished_workspace, wrong, other)
    state = scoring_requests.scoring_state(finished_workspace, 1)
    app = visit(PAGE, run=1)
    assert f"Predictions of {ALL} images" in words(app)
    assert data_time.describe(finished_workspace, 1) in words(app)
    doors = {
        name: dict(part.split("=") for part in query.split("&"))
        for name, query in links(app).items()
        if "run=1" in query
    }
    disagreeing = f"Disagree with the label: {state.counts.num_disagreeing}"
    assert state.counts.num_disagreeing >= 1
    assert doors[disagreeing] == {"run": "1", "disagrees": "yes", "sort": "most_confident"}
    assert doors["Unlabelled with a suggestion: 1"] == {
        "label": "none",
        "run": "1",
        "sort": "most_confident",
    }
    assert (
        doors[f"Labels that look wrong first, of {state.counts.num_rated}"]["sort"]
        == "lowest_quality"
    )
    assert doors[f"Least sure, of {ALL}"]["sort"] == "least_confident"
    assert "Score new images" in labels_of_buttons(app)


def prediction_of(workspace, asset):
    return [suggestions.suggest(workspace, 1, [asset])[asset.asset_id].label_name]


def test_run_page__a_scoring_that_failed_says_why(finished_workspace):
    with finished_workspace.database.write() as uow:
        job = scoring_requests.add_in(uow, 1, actor=Actor("anna"))
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    error = {"message": "The checkpoint is damaged.", "next_step": "Train it again.", "detail": ""}
    queue.finish(finished_workspace, job, JobStatus.FAILED, error=error)
    said = words(visit(PAGE, run=1))
    assert "The last scoring ended early: The checkpoint is damaged. Train it again." in said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "Scoring begins: the network is checked, whether it answers as when it was saved."),
        ({"total": 12_480}, "Scoring 12,480 images"),
        (
            {"total": 12_480, "done": 480, "images_per_second": 66.7, "eta_seconds": 180.0},
            "Scoring 12,480 images, 67 images/s, 3 min left",
        ),
        (
            {"total": 12, "done": 3, "images_per_second": 4.25, "eta_seconds": 2.2},
            "Scoring 12 images, 4.2 images/s, 2 s left",
        ),
        ({"total": 12, "done": 12, "eta_seconds": 0.0}, "Scoring 12 images"),
    ],
)
def test_describe_progress__count_rate_and_time_left(finished_workspace, told, said):
    with finished_workspace.database.write() as uow:
        job: Job = scoring_requests.add_in(uow, 1, actor=Actor("anna"))
    assert predictions.describe_progress(job, JobProgress()) == "The images wait to be scored."
    running = replace(job, status=JobStatus.RUNNING)
    progress = JobProgress(**told)
    assert predictions.describe_progress(running, progress) == said
    stopping = replace(running, end_requested=EndRequest.CANCEL)
    assert predictions.describe_progress(stopping, progress) == "The scoring stops."
