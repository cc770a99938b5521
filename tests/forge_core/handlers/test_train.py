"""Runs from start to end: real processes, a real network, drawn images."""

import os
import signal
import threading

import pytest
import torch

from db.enums import JobStatus, RunStatus
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.handlers import train, worker
from forge_core.imaging import hashing
from forge_core.jobs import context, local_executor, lost, processes, queue
from forge_core.models import checkpoint
from forge_core.predictions import evaluating
from forge_core.runs import environments, logs, pauses, records, removal, run_data
from forge_core.runs.reporter import TrainReporter
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from tests.arrange import AUTHOR, CLASSES, draw_image, list_all, make_catalog, relabel_one
from tests.forge_core.jobs.supervising import leader_of, wait_for


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
    return launch.start_run(workspace, make_config(**changes), author=AUTHOR)


def finished_run(workspace, run_id, seconds=90):
    wait_for(
        lambda: records.get_run(workspace, run_id).status.is_finished(),
        seconds=seconds,
        what=f"run {run_id} finished",
    )
    return records.get_run(workspace, run_id)


@pytest.fixture
def no_supervisor(monkeypatch):
    """Jobs stay queued until the test runs them itself, in this process."""
    monkeypatch.setattr(local_executor, "ensure_supervisor", lambda *_, **__: None)


def run_here(workspace, job_id, monkeypatch):
    """Run a queued job by the worker's own code, in this process."""
    with workspace.database.write() as uow:
        uow.jobs.update_if(
            job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING, log_path=f"job-{job_id}.log"
        )
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


def test_start_run__trains_measures_and_keeps_everything(supervising, tmp_path):
    workspace = supervising.workspace
    make_catalog(workspace, tmp_path / "drawn", train=8, val=3, test=3)
    supervising.start()
    started = start(workspace)
    assert started.status == RunStatus.QUEUED
    run = finished_run(workspace, started.run_id)
    assert (run.status, run.message.split(":")[0]) == (RunStatus.SUCCEEDED, "Finished")
    assert run.class_names == sorted(CLASSES)
    assert run.environment["torch"] == torch.__version__
    assert len(run.environment["packages_sha256"]) == 64
    assert run.device
    assert run.started_at < run.finished_at

    progress = records.run_progress(workspace, run.run_id)
    assert [row.epoch for row in progress.epochs] == [1, 2, 3]
    assert progress.fraction == 1.0
    assert progress.eta_seconds is None
    later = records.run_progress(workspace, run.run_id, after_epoch=2)
    assert [row.epoch for row in later.epochs] == [3]

    best = max(progress.epochs, key=lambda row: (row.val_accuracy, -row.val_loss))
    assert run.best_epoch == best.epoch
    assert run.best_val_accuracy == best.val_accuracy
    path = records.checkpoint_path(workspace, run.run_id)
    card = checkpoint.read_card(path)
    assert (card.epoch, card.run_id) == (best.epoch, run.run_id)
    with workspace.database.read() as uow:
        kept = uow.checkpoints.list_of_run(run.run_id)
    assert [file.kind for file in kept] == ["best", "last"]
    assert kept[0].content_hash == hashing.content_hash(path.read_bytes())
    assert kept[0].file_path == f"run-{run.run_id}/best.safetensors"

    # Training's validation and a fresh evaluation of the file are the same numbers.
    again = evaluating.evaluate_run(workspace, run.run_id, "val", device="cpu")
    ours = evaluating.find_report(workspace, run.run_id, "val")
    assert again.confusion == ours.confusion
    assert again.loss == pytest.approx(ours.loss, abs=1e-5)
    test_report = evaluating.find_report(workspace, run.run_id, "test")
    assert test_report.num_images == 9

    job = train_job(workspace, run.run_id)
    assert job.result["test_accuracy"] == test_report.accuracy
    assert f"run {run.run_id} epoch 3" in logs.log_tail(workspace, run.run_id)
    assert len(logs.log_tail(workspace, run.run_id, lines=2).splitlines()) == 2


def losses_and_weights(workspace, run_id):
    rows = records.run_progress(workspace, run_id).epochs
    path = records.checkpoint_path(workspace, run_id, "last")
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
    launch.resume_run(workspace, run_id, author=AUTHOR)
    wait_for_epoch(done + 1)
    pauses.pause_run(workspace, run_id)
    run = finished_run(workspace, run_id, seconds=5)
    assert run.status == RunStatus.INTERRUPTED
    assert pauses.is_paused(workspace, run)
    assert run.message.startswith("Paused in epoch ")
    assert pauses.pause_run(workspace, run_id).status == RunStatus.INTERRUPTED, "idempotent"

    done = len(records.run_progress(workspace, run_id).epochs)
    launch.resume_run(workspace, run_id, author=AUTHOR)
    assert not pauses.is_paused(workspace, records.get_run(workspace, run_id))
    wait_for_epoch(done + 1)
    os.kill(train_job(workspace, run_id).pid, signal.SIGTERM)
    run = finished_run(workspace, run_id, seconds=5)
    assert run.status == RunStatus.INTERRUPTED
    assert not pauses.is_paused(workspace, run)
    assert "the system asked its process to end" in run.message

    launch.resume_run(workspace, run_id, author=AUTHOR)
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
    launch.resume_run(workspace, run.run_id, author=AUTHOR)
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
        launch.resume_run(workspace, run.run_id, author=AUTHOR)
    wait_for(lambda: records.run_progress(workspace, run.run_id).eta_seconds, what="time left")
    launch.cancel_run(workspace, run.run_id)
    ended = finished_run(workspace, run.run_id, seconds=10)
    assert ended.status == RunStatus.CANCELLED
    assert records.checkpoint_path(workspace, run.run_id, "last").exists()
    assert launch.can_resume(workspace, run.run_id)


def test_cancel_run__queued_one_is_cancelled_at_once(workspace, tmp_path, no_supervisor):
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace)
    assert launch.cancel_run(workspace, run.run_id).status == RunStatus.CANCELLED


def test_start_run__refused_without_images_validation_or_a_second_class(
    workspace, tmp_path, no_supervisor
):
    with pytest.raises(InvalidInput, match="0 images are in the catalog"):
        start(workspace)
    make_catalog(workspace, tmp_path / "drawn", val=0, test=0)
    with pytest.raises(InvalidInput) as refused:
        start(workspace)
    assert refused.value.message == ("0 images are in validation, so nothing can be measured.")
    assert refused.value.next_step == "Split 80/10/10 by class now?"
    first = [a.asset_id for a in list_all(workspace) if a.label_name == CLASSES[0]]
    others = [a.asset_id for a in list_all(workspace) if a.label_name != CLASSES[0]]
    label_edits.set_split(workspace, first[:2], "val", author=AUTHOR)
    label_edits.set_split(workspace, others, None, author=AUTHOR)
    with pytest.raises(InvalidInput, match="needs at least 2"):
        start(workspace)
    label_edits.set_split(workspace, first, None, author=AUTHOR)
    with pytest.raises(InvalidInput, match="0 images are in training"):
        start(workspace)
    assert records.list_runs(workspace) == []


def test_check_data__summary_classes_and_warnings(workspace, tmp_path):
    assets = make_catalog(workspace, tmp_path / "drawn", train=6, val=2, test=2)
    train = [asset for asset in assets if asset.split_type == "train"]
    label_edits.relabel(workspace, [train[0].asset_id], None, author=AUTHOR)
    stripes = [a.asset_id for a in train if a.label_name == "stripe"]
    label_edits.set_split(workspace, stripes, "held_out", author=AUTHOR)
    check = launch.check_data(workspace)
    assert check.problems == []
    assert check.class_names == ["circle", "square"]
    assert check.summary.num_images == 11
    assert check.summary.median_short_side == 24
    assert "1 images in train have no label: they are left out." in check.warnings
    assert any(
        "'stripe' has 4 images in val and test but none in train" in text for text in check.warnings
    )


def test_run_data__is_as_of_the_revision_and_never_held_out(workspace, tmp_path, no_supervisor):
    make_catalog(workspace, tmp_path / "drawn", train=4, val=2, test=2)
    run = start(workspace)
    before = launch.run_assets(workspace, run.run_id, "train")
    moved = next(a for a in list_all(workspace) if a.split_type == "train")
    relabel_one(workspace, moved, "stripe" if moved.label_name != "stripe" else "circle")
    label_edits.set_split(workspace, [moved.asset_id], "held_out", author=AUTHOR)
    assert launch.run_assets(workspace, run.run_id, "train") == before
    newest = run_data.read_run_data(
        workspace, launch.check_data(workspace).revision_id, use_augmented=False
    )
    assert moved.asset_id not in {
        asset.asset_id for assets in newest.assets.values() for asset in assets
    }
    with pytest.raises(InvalidInput, match="'held_out'"):
        launch.run_assets(workspace, run.run_id, "held_out")


def test_augmented_copies__only_in_training_and_only_when_asked(workspace, tmp_path):
    assets = make_catalog(workspace, tmp_path / "drawn", train=4, val=2, test=2)
    copies = {split: next(a for a in assets if a.split_type == split) for split in ("train", "val")}
    with workspace.database.write() as uow:
        uow.assets.update_fields(
            [asset.asset_id for asset in copies.values()], {"is_augmented": True}
        )
    revision_id = launch.check_data(workspace).revision_id
    for asked, in_train in ((False, 11), (True, 12)):
        data = run_data.read_run_data(workspace, revision_id, use_augmented=asked)
        assert len(data.assets["train"]) == in_train
        assert len(data.assets["val"]) == 5
    assert data.left_out["val"]["augmented copies"] == 1


def test_changed_and_missing_files__are_named_and_left_out(
    sqlite_workspace, tmp_path, no_supervisor, monkeypatch, caplog
):
    workspace = sqlite_workspace
    assets = make_catalog(workspace, tmp_path / "drawn", train=5, val=3, test=2)
    train = [asset for asset in assets if asset.split_type == "train"]
    test = next(asset for asset in assets if asset.split_type == "test")
    changed, missing = train[0].file_path, train[7].file_path
    draw_image("circle", 999).save(workspace.store.local_path(changed))
    workspace.store.local_path(missing).unlink()
    workspace.store.local_path(test.file_path).unlink()
    monkeypatch.setattr(train, "MAX_REASONS_KEPT", 1)
    run = start(workspace, scratch_epochs=1)
    with caplog.at_level("INFO"):
        assert run_here(workspace, train_job(workspace, run.run_id).job_id, monkeypatch) == 0
    run = records.get_run(workspace, run.run_id)
    assert {entry["source"]: entry["reason"] for entry in run.environment["left_out"]} == {
        changed: "changed",
        missing: "missing",
        test.file_path: "missing",
    }
    assert [bool(entry.get("message")) for entry in run.environment["left_out"]] == [
        True,
        False,  # the sentence of the first alone is kept here
        True,
    ]
    assert "2 images could not be used" in run.message
    assert f"left out {changed}" in caplog.text
    used = {asset.file_path for asset in launch.run_assets(workspace, run.run_id, "train")}
    assert len(used) == 13
    assert not used & {changed, missing}
    measured = {asset.file_path for asset in launch.run_assets(workspace, run.run_id, "test")}
    assert len(measured) == 5
    assert test.file_path not in measured
    rejected = []
    report = evaluating.evaluate_run(workspace, run.run_id, on_rejected=rejected.append)
    assert report.num_images == 5
    assert [problem.source for problem in rejected] == [test.file_path]


def test_resumed_run__keeps_where_it_began_and_how_it_computes(
    sqlite_workspace, tmp_path, no_supervisor, monkeypatch
):
    workspace = sqlite_workspace
    make_catalog(workspace, tmp_path / "drawn", train=8, val=2, test=0)
    describe = environments.describe
    run_id = start(workspace, scratch_epochs=3).run_id

    def go_on_until(number, *, driver):
        """Train on a machine with this driver until so many epochs are done."""
        monkeypatch.setattr(environments, "describe", lambda d: {**describe(d), "driver": driver})
        monkeypatch.setattr(
            TrainReporter,
            "should_stop",
            lambda _: len(records.run_progress(workspace, run_id).epochs) >= number,
        )
        run_here(workspace, train_job(workspace, run_id).job_id, monkeypatch)
        return records.get_run(workspace, run_id)

    first = go_on_until(1, driver="570")
    assert first.status in (RunStatus.CANCELLED, RunStatus.INTERRUPTED)
    assert first.environment["driver"] == "570"
    assert first.environment["speed"]["device_kind"] == "cpu"
    again = launch.repeat_run(workspace, run_id, author=AUTHOR)
    assert again.environment == {"speed": first.environment["speed"]}

    launch.resume_run(workspace, run_id, author=AUTHOR)
    assert "resumed_in" not in go_on_until(2, driver="570").environment
    launch.resume_run(workspace, run_id, author=AUTHOR)
    last = go_on_until(99, driver="580")
    assert last.status == RunStatus.SUCCEEDED
    assert (last.environment["driver"], last.environment["speed"]) == (
        "570",
        first.environment["speed"],
    )
    assert [later["driver"] for later in last.environment["resumed_in"]] == ["580"]
    rows = environments.as_rows(last.environment)
    assert (rows["driver"], rows["driver (resumed 1)"]) == ("570", "580")
    assert not [name for name in rows if "resumed" in name and not name.startswith("driver")]
    assert environments.describe_changes(last.environment) == [
        "resumed in another environment: driver 570 → 580"
    ]


def test_order_of_images__does_not_depend_on_their_ids(sqlite_workspace, tmp_path):
    """Two imports of the same files train alike, though their ids differ."""
    make_catalog(sqlite_workspace, tmp_path / "drawn")
    data = run_data.read_run_data(
        sqlite_workspace, launch.check_data(sqlite_workspace).revision_id, use_augmented=False
    )
    hashes = [asset.content_hash for asset in data.assets["train"]]
    assert hashes == sorted(hashes)


def test_failed_run__says_why(sqlite_workspace, tmp_path, no_supervisor, monkeypatch):
    make_catalog(sqlite_workspace, tmp_path / "drawn")
    run = start(sqlite_workspace, device="cuda:7")
    job = train_job(sqlite_workspace, run.run_id)
    assert run_here(sqlite_workspace, job.job_id, monkeypatch) == 1
    run = records.get_run(sqlite_workspace, run.run_id)
    assert run.status == RunStatus.FAILED
    assert "cuda:7" in run.message
    assert records.run_progress(sqlite_workspace, run.run_id).next_step.startswith("Choose")


def test_job_ended_by_somebody_else__writes_nothing_more(
    sqlite_workspace, tmp_path, no_supervisor, monkeypatch
):
    """A worker that was given up must not write into a run that goes on elsewhere."""
    workspace = sqlite_workspace
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace, scratch_epochs=500)
    job = train_job(workspace, run.run_id)
    ended = {}
    thread = threading.Thread(
        target=lambda: ended.update(status=run_here(workspace, job.job_id, monkeypatch))
    )
    thread.start()
    wait_for(lambda: records.run_progress(workspace, run.run_id).epochs, what="first epoch")
    queue.finish(
        workspace, job, JobStatus.INTERRUPTED, error={"message": "given up", "next_step": ""}
    )
    count = len(records.run_progress(workspace, run.run_id).epochs)
    thread.join(timeout=30)
    assert ended == {"status": worker.LOST_STATUS}
    after = records.get_run(workspace, run.run_id)
    assert (after.status, after.message) == (RunStatus.INTERRUPTED, "given up")
    assert len(records.run_progress(workspace, run.run_id).epochs) == count


def test_delete_run__frees_what_it_said_and_is_seen_no_more(
    workspace, tmp_path, no_supervisor, monkeypatch
):
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace, scratch_epochs=1)
    with pytest.raises(Conflict, match="not finished"):
        removal.delete_run(workspace, run.run_id)
    run_here(workspace, train_job(workspace, run.run_id).job_id, monkeypatch)
    folder = records.run_folder(workspace, run.run_id)
    on_disk = sum(path.stat().st_size for path in folder.iterdir())
    announced = removal.removal_preview(workspace, run.run_id)
    assert announced >= on_disk > 400_000
    deleted = removal.delete_run(workspace, run.run_id)
    assert deleted.freed_bytes == announced
    assert "best.safetensors" in deleted.files
    assert not folder.exists()
    assert records.list_runs(workspace) == []
    with pytest.raises(NotFound, match=f"no run {run.run_id}"):
        records.get_run(workspace, run.run_id)
    assert start(workspace).run_id != run.run_id


def test_evaluate_job__keeps_its_report_with_the_run(
    workspace, tmp_path, no_supervisor, monkeypatch
):
    assets = make_catalog(workspace, tmp_path / "drawn", test=0)
    run = start(workspace, scratch_epochs=1)
    with pytest.raises(NotFound, match="no best checkpoint"):
        evaluating.submit_evaluation(workspace, run.run_id, split="train", author=AUTHOR)
    run_here(workspace, train_job(workspace, run.run_id).job_id, monkeypatch)
    with pytest.raises(InvalidInput, match="0 images of run 1 are in test"):
        evaluating.evaluate_run(workspace, run.run_id)
    job = evaluating.submit_evaluation(workspace, run.run_id, split="train", author=AUTHOR)
    assert run_here(workspace, job.job_id, monkeypatch) == 0
    report = evaluating.find_report(workspace, run.run_id, "train")
    assert report.num_images == sum(asset.split_type == "train" for asset in assets)
    assert queue.get_job(workspace, job.job_id).result["report"]["accuracy"] == report.accuracy
    assert records.get_run(workspace, run.run_id).status == RunStatus.SUCCEEDED
    assert set(records.get_run(workspace, run.run_id).report) == {"val", "train"}


def test_import_job__takes_images_into_the_catalog(workspace, tmp_path, no_supervisor, monkeypatch):
    from forge_core.catalog.importing import import_plan
    from tests.arrange import draw_folder

    plan = import_plan.prepare(workspace, draw_folder(tmp_path / "drawn", per_class=3))
    payload = {"request_id": import_plan.save_request(workspace, plan)}
    job = queue.submit(workspace, "import", "Import drawn", payload, author=AUTHOR)
    assert run_here(workspace, job.job_id, monkeypatch) == 0
    done = queue.get_job(workspace, job.job_id)
    assert done.result["added"] == 9
    assert done.progress["fraction"] == 1.0
    assert asset_list.totals(workspace).images == 9


def test_handlers__are_what_the_worker_runs():
    assert set(worker.HANDLERS) == {
        "train",
        "evaluate",
        "score",
        "import",
        "augment",
        "check_augmentation",
        "label_outlook",
        "find_rate",
    }
    assert callable(train.run)


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

    launch.resume_run(workspace, run.run_id, author=AUTHOR)
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
