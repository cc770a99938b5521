"""Which images of the catalog make two runs different, and how that is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.boxes import LeftOutImage, RunEnvironment
from db.records import Asset, Run
from forge_core.catalog.editing import classes, label_edits, review_flags
from forge_core.jobs import supervision
from forge_core.people.actor import Actor
from forge_core.runs import comparison, records
from forge_core.runs.comparison import RunComparison
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from tests import arrange, trained

ACTOR = Actor("tester")


@pytest.fixture
def assets(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Asset]:
    """Drawn images, on both databases; runs stay queued, which suffices to compare their data."""
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    return arrange.make_catalog(workspace, tmp_path / "drawn", train=5, val=3, test=3)


def start(workspace: Workspace, **changes: Any) -> Run:
    return launch.start_run(workspace, replace(trained.TINY, **changes), actor=ACTOR)


def compare(workspace: Workspace, first: Run, second: Run) -> RunComparison:
    return comparison.compare_runs(workspace, first.run_id, second.run_id)


def leave_out(workspace: Workspace, run: Run, *paths: str) -> None:
    """Let the run have found these files missing."""
    left_out = tuple(LeftOutImage(source=path, reason="missing") for path in paths)
    with workspace.database.write() as uow:
        uow.runs.update_fields(run.run_id, environment=RunEnvironment(left_out=left_out))


def of(assets: list[Asset], split: str) -> list[Asset]:
    return [asset for asset in assets if asset.split_type == split]


def test_images_that_no_run_uses__change_nothing(workspace: Workspace, assets: list[Asset]) -> None:
    unused, flagged, copy, held_out, *_ = of(assets, "train")
    label_edits.relabel(workspace, [unused.asset_id], None, actor=ACTOR)
    label_edits.set_split(workspace, [held_out.asset_id], "held_out", actor=ACTOR)
    with workspace.database.write() as uow:
        arrange.set_columns(uow, [copy.asset_id], is_augmented=True)
    first = start(workspace)
    label_edits.set_split(workspace, [unused.asset_id], "val", actor=ACTOR)
    review_flags.flag(workspace, [flagged.asset_id], actor=ACTOR)
    label_edits.remove_assets(workspace, [copy.asset_id, held_out.asset_id], actor=ACTOR)
    second = start(workspace)
    assert second.revision_id > first.revision_id
    found = compare(workspace, first, second)
    assert found.data.counts.total == 0
    assert found.is_repetition
    assert comparison.summarise(found)[0] == "Run 2 repeats run 1: same config, same data."


def test_images_that_a_run_uses__are_counted_by_what_differs(
    workspace: Workspace, assets: list[Asset]
) -> None:
    removed, unlabelled, relabelled, moved, *_ = of(assets, "train")
    copy = of(assets, "train")[-1]
    with workspace.database.write() as uow:
        arrange.set_columns(uow, [copy.asset_id], is_augmented=True, parent_asset_id=moved.asset_id)
    arrange.relabel_one(workspace, copy, moved.label_name or "")
    first, with_copies = start(workspace), start(workspace, use_augmented=True)
    assert compare(workspace, first, with_copies).data.counts.added == 1
    label_edits.remove_assets(workspace, [removed.asset_id], actor=ACTOR)
    label_edits.relabel(workspace, [unlabelled.asset_id], None, actor=ACTOR)
    arrange.relabel_one(workspace, relabelled, "stripe")
    label_edits.set_split(workspace, [moved.asset_id], "test", actor=ACTOR)
    second = start(workspace)
    counts = compare(workspace, first, second).data.counts
    assert (counts.added, counts.removed) == (0, 2)
    assert (counts.relabelled, counts.moved_split, counts.total) == (1, 1, 4)
    # The copy goes with its original, which trains no more.
    copies = compare(workspace, with_copies, start(workspace, use_augmented=True)).data.counts
    assert (copies.removed, copies.moved_split, copies.total) == (3, 1, 5)
    back = compare(workspace, second, first).data.counts
    assert (back.added, back.removed, back.total) == (2, 0, 4)


def test_images_that_one_run_could_not_read__are_other_data(
    workspace: Workspace, assets: list[Asset]
) -> None:
    first, second = start(workspace), start(workspace)
    gone = [asset.file_path for asset in of(assets, "train")[:3]]
    leave_out(workspace, first, gone[0])
    leave_out(workspace, second, *gone)
    found = compare(workspace, first, second)
    assert not found.is_repetition
    assert comparison.summarise(found)[0] == ("Data: 2 images differ (2 unreadable in run 2 only).")
    leave_out(workspace, first, *gone)
    assert compare(workspace, records.get_run(workspace, 1), second).is_repetition


def test_classes__renamed_and_missing_ones_are_named(
    workspace: Workspace, assets: list[Asset]
) -> None:
    first = start(workspace)
    classes.rename_class(workspace, arrange.class_id(workspace, "circle"), "disc", actor=ACTOR)
    stripes = [asset.asset_id for asset in assets if asset.label_name == "stripe"]
    label_edits.set_split(workspace, stripes, "held_out", actor=ACTOR)
    found = compare(workspace, first, start(workspace))
    assert (found.classes, found.is_repetition) == ((["stripe"], []), False)
    assert comparison.summarise(found)[:3] == [
        "Data: 11 images differ (11 removed).",
        "Classes renamed: circle → disc.",
        "Classes only in run 1: stripe.",
    ]
