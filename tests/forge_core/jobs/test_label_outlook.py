"""The learning curve of a catalog, by a real pretrained network."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from forge_core.catalog import browsing
from forge_core.errors import InvalidInput
from forge_core.jobs import label_outlook, queue
from forge_core.workspace import Workspace
from tests import arrange, ending

SharedData = Callable[[str], Path]


def test_draw_curve__of_a_catalog_with_one_file_gone(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shared_data: SharedData,
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(shared_data("torch_home")))
    assets = arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=10, val=4, test=1)
    gone = next(asset for asset in assets if asset.split_type == "train")
    sqlite_workspace.store.remove(gone.file_path)
    told: list[float] = []
    curve = label_outlook.draw_curve(
        sqlite_workspace, device="cpu", progress=lambda share, words: told.append(share)
    )
    assert (curve.overall.num_train, curve.overall.num_val) == (29, 12)
    assert sorted(entry.name for entry in curve.classes) == sorted(arrange.CLASSES)
    assert curve.points[-1].num_images == 24  # 8 of each 10, and 8 of the 9 that are left
    assert curve.overall.accuracy > 0.6  # circles, squares and stripes of three colours
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_draw_curve__refuses_a_catalog_without_validation(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=2, val=0, test=0)
    assert browsing.totals(sqlite_workspace).images == 6
    with pytest.raises(InvalidInput, match="6 labelled images are in train and 0 in validation"):
        label_outlook.draw_curve(sqlite_workspace, device="cpu")


def test_choose_architecture__says_when_no_weights_are_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InvalidInput, match="none are here"):
        label_outlook.choose_architecture()


def test_read_result__reads_back_what_the_job_kept(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shared_data: SharedData,
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(shared_data("torch_home")))
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=5, val=2, test=1)
    curve = label_outlook.draw_curve(sqlite_workspace, device="cpu")

    queued = queue.submit(sqlite_workspace, "no such kind", "A job", {}, author="tester")
    job = replace(queued, result={"curve": asdict(curve)})
    assert label_outlook.read_result(job) == curve
    ending.end_jobs(sqlite_workspace)
