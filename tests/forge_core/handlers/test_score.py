"""Scoring as a job: after training, by priority, killed and gone on with, cancelled."""

import os
import signal
from dataclasses import replace

import psutil
import pytest

from db.enums import JobStatus, RunStatus
from forge_core.catalog.editing import label_edits
from forge_core.errors import NotFound
from forge_core.handlers import score
from forge_core.jobs import queue
from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor
from forge_core.predictions import image_batches
from forge_core.progress import Cancelled
from forge_core.runs import records, removal, scoring_requests
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.handlers.running import run_here, start
from tests.forge_core.jobs.supervising import Supervising, wait_for
from tests.forge_core.predictions.test_scoring import ALL, predictions_of

DONE_SECONDS = 120


def scorings(workspace, run_id=1):
    with workspace.database.read() as uow:
        return [job for job in uow.jobs.list_of_run(run_id) if job.kind == "score"]


@pytest.mark.slow
def test_scoring_job__keeps_predictions_and_says_what_it_did(finished, no_supervisor):
    job = scoring_requests.submit_scoring(finished, 1, actor=ACTOR)
    assert run_here(finished, job.job_id) == 0
    done = queue.get_job(finished, job.job_id)
    assert done.status == JobStatus.SUCCEEDED
    assert (done.result["num_scored"], done.result["num_rejected"]) == (ALL, 0)
    assert (done.progress.done, done.progress.total, done.progress.fraction) == (
        ALL,
        ALL,
        1,
    )
    assert done.progress.message == f"Scoring {ALL} images"
    assert records.get_run(finished, 1).status == RunStatus.SUCCEEDED  # as it was
    state = scoring_requests.scoring_state(finished, 1)
    assert (state.counts.num_images, state.num_to_score, state.is_scoring) == (ALL, 0, False)


def test_submit_scoring__what_waits_already_is_not_queued_twice(finished, no_supervisor):
    first = scoring_requests.submit_scoring(finished, 1, actor=ACTOR)
    assert scoring_requests.submit_scoring(finished, 1, actor=Actor("ben")).job_id == first.job_id
    other = scoring_requests.submit_scoring(finished, 1, actor=ACTOR, split="val")
    everything = scoring_requests.submit_scoring(finished, 1, actor=ACTOR, only_new=False)
    assert len({first.job_id, other.job_id, everything.job_id}) == 3
    with pytest.raises(NotFound, match="no run 9 with a checkpoint"):
        scoring_requests.submit_scoring(finished, 9, actor=ACTOR)


def test_state__tells_what_is_new_and_what_cannot_be_read(finished, no_supervisor):
    assets = arrange.list_all(finished)
    (finished.store.local_root() / assets[0].file_path).unlink()
    before = scoring_requests.scoring_state(finished, 1)
    assert (before.counts.num_images, before.num_to_score, before.revision_id) == (0, ALL, None)
    run_here(finished, scoring_requests.submit_scoring(finished, 1, actor=ACTOR).job_id)
    state = scoring_requests.scoring_state(finished, 1)
    assert (state.num_to_score, state.num_unreadable, state.revision_id) == (1, 1, 1)
    label_edits.relabel(finished, [assets[1].asset_id], None, actor=ACTOR)
    later = scoring_requests.scoring_state(finished, 1)
    assert (later.num_to_score, later.num_unreadable) == (2, 0)  # worth another try by now
    assert later.counts.num_unlabelled == 1


def test_counts__are_those_of_the_rows(finished, no_supervisor):
    run_here(finished, scoring_requests.submit_scoring(finished, 1, actor=ACTOR).job_id)
    assets = arrange.list_all(finished)
    label_edits.relabel(finished, [assets[5].asset_id], None, actor=ACTOR)
    label_edits.remove_assets(finished, [assets[6].asset_id], actor=ACTOR)
    other = next(name for name in arrange.CLASSES if name != assets[7].label_name)
    arrange.relabel_one(finished, assets[7], other)
    living = {asset.asset_id: asset for asset in arrange.list_all(finished)}
    rows = [row for row in predictions_of(finished).values() if row.asset_id in living]
    counts = scoring_requests.scoring_state(finished, 1).counts
    labels = [(row, living[row.asset_id].label_id) for row in rows]
    assert counts.num_images == len(rows) == ALL - 1
    assert counts.num_unlabelled == 1
    assert counts.num_disagreeing == sum(
        label is not None and row.label_id != label for row, label in labels
    )
    assert counts.num_rated == sum(
        row.label_quality is not None and row.given_label_id == label for row, label in labels
    )


def test_cancel__keeps_what_was_scored(finished, no_supervisor, monkeypatch):
    monkeypatch.setattr(image_batches, "BATCH_IMAGES", 8)
    job = scoring_requests.submit_scoring(finished, 1, actor=ACTOR)
    asked = iter([False, False, True])
    monkeypatch.setattr(JobContext, "should_stop", lambda self: next(asked, True))
    with finished.database.write() as uow:
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    with pytest.raises(Cancelled):
        score.run(JobContext(finished, queue.get_job(finished, job.job_id)))
    assert len(predictions_of(finished)) == 16


def test_all_again__goes_on_where_it_was_interrupted(finished, no_supervisor):
    ids = sorted(asset.asset_id for asset in arrange.list_all(finished))
    job = scoring_requests.submit_scoring(finished, 1, actor=ACTOR, only_new=False)
    with finished.database.write() as uow:
        uow.jobs.update_if(
            job.job_id,
            [JobStatus.QUEUED],
            status=JobStatus.INTERRUPTED,
            progress={"done": 20, "after": str(ids[19])},
        )
    assert "after" not in scoring_requests.submit_scoring(finished, 1, actor=ACTOR).payload
    queue.request_cancel(finished, scorings(finished)[-1].job_id)
    again = scoring_requests.submit_scoring(finished, 1, actor=ACTOR, only_new=False)
    assert "after" not in again.payload  # another one came between
    queue.request_cancel(finished, again.job_id)
    with finished.database.write() as uow:
        uow.jobs.update_if(
            again.job_id,
            [JobStatus.CANCELLED],
            status=JobStatus.INTERRUPTED,
            progress={"done": 20, "after": str(ids[19])},
        )
    going_on = scoring_requests.submit_scoring(finished, 1, actor=ACTOR, only_new=False)
    run_here(finished, going_on.job_id)
    assert set(predictions_of(finished)) == set(ids[20:])


def test_remove_run__cancels_its_scoring(finished, no_supervisor):
    job = scoring_requests.submit_scoring(finished, 1, actor=ACTOR)
    removal.delete_run(finished, 1)
    assert queue.get_job(finished, job.job_id).status == JobStatus.CANCELLED


def test_after_training__scores_by_a_job_of_its_own__killed_in_the_middle_goes_on(
    supervising: Supervising, tmp_path
):
    workspace = supervising.workspace
    arrange.make_catalog(workspace, tmp_path / "drawn", train=40, val=4, test=4)
    number = 48 * 3
    supervising.start()
    run = start(workspace, scratch_epochs=1)
    wait_for(lambda: scorings(workspace, run.run_id), seconds=DONE_SECONDS, what="scoring queued")
    assert records.get_run(workspace, run.run_id).status == RunStatus.SUCCEEDED  # first
    (job,) = scorings(workspace, run.run_id)
    wait_for(
        lambda: queue.get_job(workspace, job.job_id).pid is not None,
        seconds=DONE_SECONDS,
        what="scoring runs",
    )
    running = queue.get_job(workspace, job.job_id)
    try:
        process = psutil.Process(running.pid)
        wait_for(lambda: process.nice() >= 10, what="steps back behind other processes")
        os.kill(running.pid, signal.SIGKILL)
    except psutil.NoSuchProcess:
        pass  # it was as quick as that
    wait_for(
        lambda: queue.get_job(workspace, job.job_id).status.is_finished(), what="end is noticed"
    )
    ended = queue.get_job(workspace, job.job_id)
    if ended.status == JobStatus.INTERRUPTED:
        assert ended.error.next_step == "Start it again."
    scored = len(predictions_of(workspace, run.run_id))
    again = scoring_requests.submit_scoring(workspace, run.run_id, actor=ACTOR)
    wait_for(
        lambda: queue.get_job(workspace, again.job_id).status.is_finished(),
        seconds=DONE_SECONDS,
        what="second scoring",
    )
    result = queue.get_job(workspace, again.job_id).result
    assert result["num_scored"] == number - scored
    assert len(predictions_of(workspace, run.run_id)) == number


def test_after_training__nothing_is_queued_when_it_is_turned_off(finished, no_supervisor):
    run = records.get_run(finished, 1)
    with finished.database.write() as uow:
        job = queue.add_in(uow, "train", "t", {"run_id": 1}, actor=ACTOR, run_id=run.run_id)
    off = finished.settings.model_copy(update={"score_after_training": False})
    assert scoring_requests.after_training(replace(finished, settings=off), job) is None
    then = scoring_requests.after_training(finished, job)
    with finished.database.write() as uow:
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    assert queue.finish(finished, job, JobStatus.SUCCEEDED, result={}, then=then)
    assert [entry.status for entry in scorings(finished)] == [JobStatus.QUEUED]
    assert not queue.finish(finished, job, JobStatus.SUCCEEDED, result={}, then=then)
    assert len(scorings(finished)) == 1
