"""Runs from start to end: real processes, a real network, drawn images."""

from dataclasses import replace

import pytest
import torch

from db.boxes import RunEnvironment
from db.enums import RunStatus
from forge_core.catalog.listing import asset_list
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.handlers import train, worker
from forge_core.imaging import hashing
from forge_core.jobs import queue
from forge_core.models.checkpoints import checkpoint
from forge_core.predictions import evaluation, evaluation_requests, kept_evaluations
from forge_core.runs import environments, logs, records, removal
from forge_core.runs.files import checkpoints
from forge_core.runs.live import step_series
from forge_core.runs.live.reporter import TrainReporter
from forge_core.runs.starting import launch
from tests import forking
from tests.arrange import ACTOR, CLASSES, draw_image, make_catalog
from tests.db.test_prediction_blocks import BLOCK
from tests.forge_core.handlers.running import finished_run, run_here, start, train_job


def test_start_run__trains_measures_and_keeps_everything(
    watched_processes, supervising, started_anew, tmp_path
):
    workspace = supervising.workspace
    make_catalog(workspace, tmp_path / "drawn", train=8, val=3, test=3)
    supervising.start()
    started = start(workspace)
    assert started.status == RunStatus.QUEUED
    run = finished_run(workspace, started.run_id)
    assert (run.status, run.message.split(":")[0]) == (RunStatus.SUCCEEDED, "Finished")
    assert run.class_names == sorted(CLASSES)
    assert run.environment.torch == torch.__version__
    assert len(run.environment.packages_sha256) == 64
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
    path = checkpoints.checkpoint_path(workspace, run.run_id)
    card = checkpoint.read_card(path)
    assert (card.epoch, card.run_id) == (best.epoch, run.run_id)
    with workspace.database.read() as uow:
        kept = uow.checkpoints.list_of_run(run.run_id)
    assert [file.kind for file in kept] == ["best", "last"]
    assert kept[0].content_hash == hashing.content_hash(path.read_bytes())
    assert kept[0].file_path == f"run-{run.run_id}/best.safetensors"

    # Training's validation and a fresh evaluation of the file are the same numbers.
    again = evaluation.measure_run(workspace, run.run_id, "val", device="cpu").report
    ours = evaluation.find_report(workspace, run.run_id, "val")
    assert again.confusion == ours.confusion
    assert again.loss == pytest.approx(ours.loss, abs=1e-5)
    test_report = evaluation.find_report(workspace, run.run_id, "test")
    assert test_report.num_images == 9

    job = train_job(workspace, run.run_id)
    assert job.result["test_accuracy"] == test_report.accuracy
    assert f"run {run.run_id} epoch 3" in logs.log_tail(workspace, run.run_id)
    assert len(logs.log_tail(workspace, run.run_id, lines=2).splitlines()) == 2
    # Supervisor and worker spoke to nobody outside; forks, on Postgres, are not watched.
    assert forking.is_used or any("worker_entry" in line for line in watched_processes())


def test_changed_and_missing_files__are_named_and_left_out(
    sqlite_workspace, tmp_path, no_supervisor, monkeypatch, caplog
):
    workspace = sqlite_workspace
    assets = make_catalog(workspace, tmp_path / "drawn", train=5, val=3, test=2)
    in_train = [asset for asset in assets if asset.split_type == "train"]
    test = next(asset for asset in assets if asset.split_type == "test")
    changed, missing = in_train[0].file_path, in_train[7].file_path
    draw_image("circle", 999).save(workspace.store.local_path(changed))
    workspace.store.local_path(missing).unlink()
    workspace.store.local_path(test.file_path).unlink()
    monkeypatch.setattr(train, "MAX_REASONS_KEPT", 1)
    run = start(workspace, scratch_epochs=1)
    with caplog.at_level("INFO"):
        assert run_here(workspace, train_job(workspace, run.run_id).job_id) == 0
    run = records.get_run(workspace, run.run_id)
    assert {image.source: image.reason for image in run.environment.left_out} == {
        changed: "changed",
        missing: "missing",
        test.file_path: "missing",
    }
    assert [bool(image.message) for image in run.environment.left_out] == [
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
    report = evaluation.measure_run(workspace, run.run_id, on_rejected=rejected.append).report
    assert report.num_images == 5
    assert [problem.source for problem in rejected] == [test.file_path]


@pytest.mark.slow
def test_resumed_run__keeps_where_it_began_and_how_it_computes(
    sqlite_workspace, tmp_path, no_supervisor, monkeypatch
):
    workspace = sqlite_workspace
    make_catalog(workspace, tmp_path / "drawn", train=8, val=2, test=0)
    describe = environments.describe
    run_id = start(workspace, scratch_epochs=3).run_id

    def go_on_until(number, *, driver):
        """Train on a machine with this driver until so many epochs are done."""
        monkeypatch.setattr(environments, "describe", lambda d: replace(describe(d), driver=driver))
        monkeypatch.setattr(
            TrainReporter,
            "should_stop",
            lambda _: len(records.run_progress(workspace, run_id).epochs) >= number,
        )
        run_here(workspace, train_job(workspace, run_id).job_id)
        return records.get_run(workspace, run_id)

    first = go_on_until(1, driver="570")
    assert first.status in (RunStatus.CANCELLED, RunStatus.INTERRUPTED)
    assert first.environment.driver == "570"
    assert first.environment.speed["device_kind"] == "cpu"
    again = launch.repeat_run(workspace, run_id, actor=ACTOR)
    assert again.environment == RunEnvironment(speed=first.environment.speed)

    with workspace.database.write() as uow:  # what a process wrote that was killed before saving
        uow.series.add(run_id, {"train_loss": [(99, 7.0)], "epoch": [(99, 33.0)]})
    launch.resume_run(workspace, run_id, actor=ACTOR)
    assert go_on_until(2, driver="570").environment.resumed_in == ()
    launch.resume_run(workspace, run_id, actor=ACTOR)
    last = go_on_until(99, driver="580")
    assert last.status == RunStatus.SUCCEEDED
    assert (last.environment.driver, last.environment.speed) == (
        "570",
        first.environment.speed,
    )
    assert [later.driver for later in last.environment.resumed_in] == ["580"]
    points, last_step = step_series.list_points(workspace, run_id, after_step=0, limit=99)
    assert (points[-1].step, points[-1].epoch, last_step) == (9, 3.0, 9)
    assert all(point.train_loss > 0 and point.images_per_second > 0 for point in points)
    rows = environments.as_rows(last.environment)
    assert (rows["driver"], rows["driver (resumed 1)"]) == ("570", "580")
    assert not [name for name in rows if "resumed" in name and not name.startswith("driver")]
    assert environments.describe_changes(last.environment) == [
        "resumed in another environment: driver 570 → 580"
    ]


def test_failed_run__says_why(sqlite_workspace, tmp_path, no_supervisor):
    make_catalog(sqlite_workspace, tmp_path / "drawn")
    run = start(sqlite_workspace, device="cuda:7")
    job = train_job(sqlite_workspace, run.run_id)
    assert run_here(sqlite_workspace, job.job_id) == 1
    run = records.get_run(sqlite_workspace, run.run_id)
    assert run.status == RunStatus.FAILED
    assert "cuda:7" in run.message
    assert records.run_progress(sqlite_workspace, run.run_id).next_step.startswith("Choose")


def test_delete_run__frees_what_it_said_and_is_seen_no_more(workspace, tmp_path, no_supervisor):
    make_catalog(workspace, tmp_path / "drawn")
    run = start(workspace, scratch_epochs=1)
    with pytest.raises(Conflict, match="not finished"):
        removal.delete_run(workspace, run.run_id)
    run_here(workspace, train_job(workspace, run.run_id).job_id)
    folder = workspace.folder / "runs" / f"run-{run.run_id}"
    on_disk = sum(path.stat().st_size for path in folder.iterdir())
    with workspace.database.write() as uow:
        assert {"train_loss", "epoch"} < set(uow.series.list_names(run.run_id))
        uow.prediction_blocks.add(replace(BLOCK, run_id=run.run_id))
    announced = removal.removal_preview(workspace, run.run_id)
    assert announced >= on_disk > 400_000
    deleted = removal.delete_run(workspace, run.run_id)
    assert deleted.freed_bytes == announced
    assert "best.safetensors" in deleted.files
    assert not folder.exists()
    assert records.list_runs(workspace) == []
    with workspace.database.read() as uow:
        assert uow.series.list_names(run.run_id) == []
        assert uow.prediction_blocks.list_of_run(run.run_id) == []
    with pytest.raises(NotFound, match=f"no run {run.run_id}"):
        records.get_run(workspace, run.run_id)
    assert start(workspace).run_id != run.run_id


def test_evaluate_job__keeps_its_report_with_the_run(workspace, tmp_path, no_supervisor):
    assets = make_catalog(workspace, tmp_path / "drawn", test=0)
    run = start(workspace, scratch_epochs=1)
    with pytest.raises(NotFound, match="no best checkpoint"):
        evaluation_requests.submit_evaluation(workspace, run.run_id, split="train", actor=ACTOR)
    run_here(workspace, train_job(workspace, run.run_id).job_id)
    with pytest.raises(InvalidInput, match="0 images of run 1 are in test"):
        evaluation.measure_run(workspace, run.run_id)
    job = evaluation_requests.submit_evaluation(workspace, run.run_id, split="train", actor=ACTOR)
    assert run_here(workspace, job.job_id) == 0
    report = evaluation.find_report(workspace, run.run_id, "train")
    assert report.num_images == sum(asset.split_type == "train" for asset in assets)
    result = queue.get_job(workspace, job.job_id).result
    assert result["accuracy"] == report.accuracy
    kept = kept_evaluations.get(workspace, result["evaluation_id"])
    assert (kept.report, kept.summary.split) == (report, "train")
    assert records.get_run(workspace, run.run_id).status == RunStatus.SUCCEEDED
    assert set(records.get_run(workspace, run.run_id).report) == {"val", "train"}


def test_import_job__takes_images_into_the_catalog(workspace, tmp_path, no_supervisor):
    from forge_core.catalog.importing import import_plan, import_requests
    from tests.arrange import draw_folder

    plan = import_plan.prepare(workspace, draw_folder(tmp_path / "drawn", per_class=3))
    payload = {"request_id": import_requests.save(workspace, plan)}
    job = queue.submit(workspace, "import", "Import drawn", payload, actor=ACTOR)
    assert run_here(workspace, job.job_id) == 0
    done = queue.get_job(workspace, job.job_id)
    assert done.result["added"] == 9
    assert done.progress.fraction == 1.0
    assert asset_list.totals(workspace).images == 9


def test_handlers__are_what_the_worker_runs():
    assert set(worker.HANDLERS) == {
        "train",
        "evaluate",
        "score",
        "import",
        "augment",
        "check_augmentation",
        "label_next",
        "export",
        "label_outlook",
        "find_rate",
        "embed",
        "label_issues",
        "measure",
        "shortcuts",
        "map",
        "compare",
        "drift",
    }
    assert callable(train.run)
