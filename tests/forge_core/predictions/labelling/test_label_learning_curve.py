"""The learning curve of a catalog, by a real pretrained network."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from db.enums import JobStatus, Split
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.errors import InvalidInput
from forge_core.handlers import draw_learning_curve
from forge_core.jobs import queue, supervision
from forge_core.jobs.context import JobContext
from forge_core.people.actor import Actor
from forge_core.predictions.labelling import label_learning_curve
from forge_core.progress import Progress
from forge_core.workspace import Workspace
from tests import arrange, ending


@pytest.mark.slow
@pytest.mark.usefixtures("real_weights")
def test_draw_curve__of_a_catalog_with_one_file_gone(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    assets = arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=10, val=4, test=1)
    gone = next(asset for asset in assets if asset.split_type == "train")
    sqlite_workspace.store.remove(gone.file_path)
    told: list[float] = []
    curve = label_learning_curve.draw_curve(
        sqlite_workspace, device="cpu", progress=Progress(lambda now: told.append(now.fraction))
    )
    assert (curve.overall.num_train, curve.overall.num_val) == (29, 12)
    assert sorted(entry.name for entry in curve.classes) == sorted(arrange.CLASSES)
    assert curve.points[-1].num_images == 24  # 8 of each 10, and 8 of the 9 that are left
    assert curve.overall.accuracy > 0.6  # circles, squares and stripes of three colours
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.usefixtures("real_weights")
def test_draw_curve__of_a_sample_counts_all_training_images(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_learning_curve, "MAX_IMAGES", {Split.TRAIN: 15, Split.VAL: 9})
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=10, val=4, test=0)
    curve = label_learning_curve.draw_curve(sqlite_workspace, device="cpu")
    assert (curve.num_used, curve.overall.num_train, curve.overall.num_val) == (15, 30, 9)
    assert [entry.num_train for entry in curve.classes] == [10, 10, 10]


@pytest.mark.slow
@pytest.mark.usefixtures("real_weights")
def test_run__draws_the_revision_at_which_it_was_asked_for(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    assets = arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=6, val=2, test=0)
    job = label_learning_curve.submit(sqlite_workspace, actor=Actor("tester"))
    later = [asset.asset_id for asset in assets if asset.split_type == "train"][:3]
    label_edits.set_split(sqlite_workspace, later, "held_out", actor=Actor("tester"))
    with sqlite_workspace.database.write() as uow:
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    context = JobContext(sqlite_workspace, queue.get_job(sqlite_workspace, job.job_id))
    found = label_learning_curve.read_result(replace(job, result=draw_learning_curve.run(context)))
    assert found.overall.num_train == 18
    assert label_learning_curve.draw_curve(sqlite_workspace, device="cpu").overall.num_train == 15


def test_draw_curve__refuses_a_catalog_without_validation(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=2, val=0, test=0)
    assert asset_list.totals(sqlite_workspace).images == 6
    with pytest.raises(InvalidInput, match="6 labelled images are in train and 0 in validation"):
        label_learning_curve.draw_curve(sqlite_workspace, device="cpu")


def test_choose_architecture__says_when_no_weights_are_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InvalidInput, match="none are here"):
        label_learning_curve.choose_architecture()


@pytest.mark.process
@pytest.mark.usefixtures("real_weights")
def test_read_result__reads_back_what_the_job_kept(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=5, val=2, test=1)
    curve = label_learning_curve.draw_curve(sqlite_workspace, device="cpu")

    queued = queue.submit(sqlite_workspace, "no such kind", "A job", {}, actor=Actor("tester"))
    job = replace(queued, result={"curve": asdict(curve)})
    assert label_learning_curve.read_result(job) == curve
    ending.end_jobs(sqlite_workspace)
