"""Runs that are killed, paused, cancelled and gone on with, of one process and of two."""

import os
import signal
import threading

import pytest
import torch

from db.boxes import JobError
from db.enums import JobStatus, RunStatus
from forge_core.errors import Conflict
from forge_core.handlers import worker
from forge_core.jobs import lost, processes, queue
from forge_core.models.checkpoints import checkpoint
from forge_core.runs import logs, pauses, records, removal
from forge_core.runs.files import checkpoints
from forge_core.runs.starting import launch
from tests.arrange import ACTOR, make_catalog
from tests.forge_core.handlers.running import finished_run, run_here, start, train_job
from tests.forge_core.jobs.supervising import leader_of, wait_for


def losses_and_weights(workspace, run_id):
    rows = records.run_progress(workspace, run_id).epochs
    path = checkpoints.checkpoint_path(workspace, run_id, "last")
    losses = [(row.epoch, row.train_loss, row.val_loss) for row in rows]
    return losses, checkpoint.load_checkpoint(path).model.state_dict()


def test_kill_pause_and_sigterm__resume_gives_the_numbers_of_a_run_without_them(
    sqlite_supervising, tmp_path
):
    workspace = sqlite_supervising.workspace
    make_catalog(workspace, tmp_path / "drawn", train=20, val=3, test=0)
    sqlite_supervising.start()
    choices = {"scratch_epochs": 12, "batch_size": 2}  # 30 steps an epoch
    whole = finished_run(workspace, start(workspace, **choices).run_id)
    run_id = start(workspace, **choices).run_id

    def wait_for_epoch(epoch):
        wait_for(
            lambda: records.run_progress(workspace, run_id, epoch - 1).epochs,
            what=f"epoch {epoch}",
        )

    wait_for_epoch(1)
    os.kill(train_job(workspace, run_id).pid, signal.SIGKILL)
    run = finished_run(workspace, run_id, seconds=3)
    assert run.status == RunStatus.INTERRUPTED
    assert run.message.startswith(f"Run {run_id} stopped at epoch ")
    assert "killed, or out of memory" in run.message
    assert "Last checkpoint: epoch " in run.message
    assert launch.can_resume(workspace, run_id)
    assert not pauses.is_paused(workspace, run)

    done = len(records.run_progress(workspace, run_id).epochs)
    launch.resume_run(workspace, run_id, actor=ACTOR)
    wait_for_epoch(done + 1)
    pauses.pause_run(workspace, run_id)
    run = finished_run(workspace, run_id, seconds=5)
    assert run.status == RunStatus.INTERRUPTED
    assert pauses.is_paused(workspace, run)
    assert run.message.startswith("Paused in epoch ")
    assert pauses.pause_run(workspace, run_id).status == RunStatus.INTERRUPTED, "idempotent"

    done = len(records.run_progress(workspace, run_id).epochs)
    launch.resume_run(workspace, run_id, actor=ACTOR)
    assert not pauses.is_paused(workspace, records.get_run(workspace, run_id))
    wait_for_epoch(done + 1)
    os.kill(train_job(workspace, run_id).pid, signal.SIGTERM)
    run = finished_run(workspace, run_id, seconds=5)
    assert run.status == RunStatus.INTERRUPTED
    assert not pauses.is_paused(workspace, run)
    assert "the system asked its process to end" in run.message

    launch.resume_run(workspace, run_id, actor=ACTOR)
    assert finished_run(workspace, run_id).status == RunStatus.SUCCEEDED
    assert logs.log_tail(workspace, run_id).count("Going on") == 3
    losses, weights = losses_and_weights(workspace, run_id)
    expected_losses, expected_weights = losses_and_weights(workspace, whole.run_id)
    assert len(losses) == 12
    assert losses == expected_losses
    assert all(torch.equal(weights[name], value) for name, value in expected_weights.items())
    with pytest.raises(Conflict, match="nothing to pause"):
        pauses.pause_run(workspace, run_id)


def test_pause_run__queued_one_waits_until_it_is_resumed(workspace, tmp_path, no_supervisor):
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace)
    assert records.run_progress(workspace, run.run_id).message == "Starting."
    second = start(workspace)
    told = records.run_progress(workspace, second.run_id)
    assert told.message == "Waits for a free place on this machine."
    paused = pauses.pause_run(workspace, run.run_id)
    assert (paused.status, paused.message) == (RunStatus.INTERRUPTED, "Paused before it began.")
    assert pauses.is_paused(workspace, paused)
    launch.resume_run(workspace, run.run_id, actor=ACTOR)
    assert records.get_run(workspace, run.run_id).status == RunStatus.QUEUED


def test_pause_run__cancel_after_it_wins(workspace, tmp_path, no_supervisor):
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace)
    job_id = train_job(workspace, run.run_id).job_id
    with workspace.database.write() as uow:
        uow.jobs.update_if(job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    pauses.pause_run(workspace, run.run_id)
    assert pauses.is_ending(workspace, run.run_id)
    launch.cancel_run(workspace, run.run_id)
    pauses.pause_run(workspace, run.run_id)
    job = queue.get_job(workspace, job_id)
    assert lost.mark_lost(workspace, job)
    assert queue.get_job(workspace, job_id).status == JobStatus.CANCELLED


def test_cancel_run__running_one_keeps_its_epochs(sqlite_supervising, tmp_path):
    workspace = sqlite_supervising.workspace
    make_catalog(workspace, tmp_path / "drawn", train=10, val=3, test=0)
    sqlite_supervising.start()
    run = start(workspace, scratch_epochs=2000)
    wait_for(lambda: records.run_progress(workspace, run.run_id).epochs, what="first epoch")
    live = records.run_progress(workspace, run.run_id)
    assert live.status == RunStatus.RUNNING
    assert live.total_epochs == 2000
    with pytest.raises(Conflict, match="in use"):
        removal.delete_run(workspace, run.run_id)
    with pytest.raises(Conflict, match="is running"):
        launch.resume_run(workspace, run.run_id, actor=ACTOR)
    wait_for(lambda: records.run_progress(workspace, run.run_id).eta_seconds, what="time left")
    launch.cancel_run(workspace, run.run_id)
    ended = finished_run(workspace, run.run_id, seconds=10)
    assert ended.status == RunStatus.CANCELLED
    assert checkpoints.checkpoint_path(workspace, run.run_id, "last").exists()
    assert launch.can_resume(workspace, run.run_id)


def test_cancel_run__queued_one_is_cancelled_at_once(workspace, tmp_path, no_supervisor):
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace)
    assert launch.cancel_run(workspace, run.run_id).status == RunStatus.CANCELLED


def test_job_ended_by_somebody_else__writes_nothing_more(
    sqlite_workspace, tmp_path, no_supervisor, monkeypatch
):
    """A worker that was given up must not write into a run that goes on elsewhere."""
    workspace = sqlite_workspace
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace, scratch_epochs=500)
    job = train_job(workspace, run.run_id)
    ended = {}
    thread = threading.Thread(target=lambda: ended.update(status=run_here(workspace, job.job_id)))
    thread.start()
    wait_for(lambda: records.run_progress(workspace, run.run_id).epochs, what="first epoch")
    queue.finish(workspace, job, JobStatus.INTERRUPTED, error=JobError(message="given up"))
    count = len(records.run_progress(workspace, run.run_id).epochs)
    thread.join(timeout=30)
    assert ended == {"status": worker.LOST_STATUS}
    after = records.get_run(workspace, run.run_id)
    assert (after.status, after.message) == (RunStatus.INTERRUPTED, "given up")
    assert len(records.run_progress(workspace, run.run_id).epochs) == count


def test_two_processes__train_stop_and_go_on_as_one_job(sqlite_supervising, tmp_path):
    """Slow batches, so that the run can be paused in the middle; resumed, it ends as a run does."""
    workspace = sqlite_supervising.workspace
    make_catalog(workspace, tmp_path / "drawn", train=20, val=3, test=2)
    sqlite_supervising.start()
    run = start(workspace, num_processes=2, scratch_epochs=15, batch_size=6)
    job = train_job(workspace, run.run_id)
    assert job.payload["processes"] == 2
    wait_for(
        lambda: records.run_progress(workspace, run.run_id).epochs, seconds=90, what="an epoch"
    )
    leader = leader_of(queue.get_job(workspace, job.job_id))
    assert len(processes.list_group(leader)) == 2
    pauses.pause_run(workspace, run.run_id)
    assert finished_run(workspace, run.run_id).status == RunStatus.INTERRUPTED
    wait_for(lambda: not processes.is_group_alive(leader), what="both are gone")

    launch.resume_run(workspace, run.run_id, actor=ACTOR)
    done = finished_run(workspace, run.run_id, seconds=120)
    log = logs.log_tail(workspace, run.run_id, lines=2000)
    assert done.status == RunStatus.SUCCEEDED, log
    assert log.count("2 processes train together") == 2
    assert "Going on " in log
    epochs = records.run_progress(workspace, run.run_id).epochs
    assert [row.epoch for row in epochs] == list(range(1, 16))


def test_two_processes__a_lost_one_ends_the_run_and_the_first_one_too(sqlite_supervising, tmp_path):
    workspace = sqlite_supervising.workspace
    make_catalog(workspace, tmp_path / "drawn", train=20, val=3, test=2)
    sqlite_supervising.start()
    run = start(workspace, num_processes=2, scratch_epochs=400, batch_size=6)
    wait_for(
        lambda: records.run_progress(workspace, run.run_id).epochs, seconds=90, what="an epoch"
    )
    leader = leader_of(train_job(workspace, run.run_id))
    (follower,) = set(processes.list_group(leader)) - {leader.pid}
    os.kill(follower, signal.SIGKILL)
    ended = finished_run(workspace, run.run_id)
    assert ended.status == RunStatus.FAILED
    assert "another process of the run ended" in ended.message
    wait_for(lambda: not processes.is_group_alive(leader), what="both are gone")
    assert launch.can_resume(workspace, run.run_id)
