"""A run repeated is the same to the bit; runs that differ say in what."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.boxes import RunEnvironment
from db.records import AssetFilter, Run
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.errors import InvalidInput
from forge_core.jobs import queue, supervision
from forge_core.people.actor import Actor
from forge_core.runs import comparison, environments, logs, records
from forge_core.runs.starting import launch
from forge_core.training.compute import compute_plan
from forge_core.workspace import Workspace
from tests import arrange, ending, trained

TINY = replace(trained.TINY, scratch_epochs=2)


@pytest.fixture
def catalog(sqlite_workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=6, val=4, test=4)
    yield sqlite_workspace
    ending.end_jobs(sqlite_workspace)


def finish(workspace: Workspace, run: Run) -> Run:
    job_id = records.run_progress(workspace, run.run_id).job_id
    assert job_id is not None
    queue.wait_until_finished(workspace, job_id, timeout_seconds=240)
    done = records.get_run(workspace, run.run_id)
    assert done.status == "succeeded", logs.log_tail(workspace, run.run_id)
    return done


@pytest.mark.process
def test_repeat_run__gives_the_same_numbers_though_the_catalog_went_on(catalog: Workspace) -> None:
    first = finish(catalog, launch.start_run(catalog, TINY, actor=Actor("tester")))
    images = asset_list.list_assets(catalog, AssetFilter(split="train")).assets
    others = [label for label in first.label_ids if label != images[0].label_id]
    label_edits.relabel(
        catalog, [image.asset_id for image in images[:5]], others[0], actor=Actor("tester")
    )

    again = finish(catalog, launch.repeat_run(catalog, first.run_id, actor=Actor("tester")))
    assert again.name == "like 1"
    before, after = (
        [
            (e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy)
            for e in records.run_progress(catalog, run.run_id).epochs
        ]
        for run in (first, again)
    )
    assert before == after
    assert first.report == again.report
    found = comparison.compare_runs(catalog, first.run_id, again.run_id)
    assert found.is_repetition
    assert comparison.summarise(found)[0] == "Run 2 repeats run 1: same config, same data."
    assert "the same" in comparison.summarise(found)[1]

    changed = replace(TINY, scratch_lr=1e-3, seed=5)
    third = finish(catalog, launch.start_run(catalog, changed, actor=Actor("tester")))
    found = comparison.compare_runs(catalog, first.run_id, third.run_id)
    assert [(entry.name, entry.first, entry.second) for entry in found.config] == [
        ("scratch_lr", 3e-3, 1e-3),
        ("seed", 0, 5),
    ]
    assert (found.data.counts.total, found.data.counts.relabelled) == (5, 5)
    assert [metric.split for metric in found.metrics] == ["test", "val"]
    lines = comparison.summarise(found)
    assert lines[0] == "Config: Learning rate 0.003 → 0.001, Seed 0 → 5."
    assert lines[1] == "Data: 5 images differ (5 relabelled)."
    assert lines[2].startswith("Accuracy on test: ")


def test_compare_runs__refuses_one_run_twice(catalog: Workspace) -> None:
    with pytest.raises(InvalidInput):
        comparison.compare_runs(catalog, 1, 1)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"seed": 5, "scratch_lr": 1e-3, "preset": "natural"}, True),
        ({"device": "auto"}, True),
        ({"architecture": "forge_cnn_wide"}, False),
        ({"input_size": 24}, False),
        ({"batch_size": 4}, False),
        ({"number_format": "bfloat16"}, False),
        ({"memory_layout": "channels_first"}, False),
        ({"num_threads": 1}, False),
        ({"num_processes": 2}, False),
        ({"scratch_epochs": 200}, False),  # so long that a probe may pay
        ({"device": "cuda:0"}, False),
    ],
)
def test_repeat_run__computes_as_before_only_where_the_same_is_fastest(
    catalog: Workspace, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], kept: bool
) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    first = launch.start_run(catalog, TINY, actor=Actor("tester"))
    speed = compute_plan.ComputePlan(
        number_format="float32", memory_layout="channels_last", num_threads=3, device_kind="cpu"
    ).choice()
    with catalog.database.write() as uow:
        uow.runs.update_fields(first.run_id, environment=RunEnvironment(python="3.11", speed=speed))
    config = replace(TINY, **changes)
    again = launch.repeat_run(catalog, first.run_id, actor=Actor("tester"), config=config)
    assert again.environment == (RunEnvironment(speed=speed) if kept else None)


def test_find_driver__reads_the_kernel_modules_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "version"
    monkeypatch.setattr(environments, "_DRIVER_FILE", file)
    assert environments.find_driver() == "none"
    file.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23\n")
    assert environments.find_driver() == "570.86.15"
