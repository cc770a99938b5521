"""Which images a run is given: as of its revision, never held out, and in the same order."""

import pytest

from forge_core.catalog.editing import label_edits
from forge_core.errors import InvalidInput
from forge_core.runs import run_data
from forge_core.runs.starting import launch
from tests.arrange import ACTOR, list_all, make_catalog, relabel_one, set_columns
from tests.forge_core.handlers.running import start


def test_run_data__is_as_of_the_revision_and_never_held_out(workspace, tmp_path, no_supervisor):
    make_catalog(workspace, tmp_path / "drawn", train=4, val=2, test=2)
    run = start(workspace)
    before = launch.run_assets(workspace, run.run_id, "train")
    moved = next(a for a in list_all(workspace) if a.split_type == "train")
    relabel_one(workspace, moved, "stripe" if moved.label_name != "stripe" else "circle")
    label_edits.set_split(workspace, [moved.asset_id], "held_out", actor=ACTOR)
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
        set_columns(uow, [asset.asset_id for asset in copies.values()], is_augmented=True)
    revision_id = launch.check_data(workspace).revision_id
    for asked, in_train in ((False, 11), (True, 12)):
        data = run_data.read_run_data(workspace, revision_id, use_augmented=asked)
        assert len(data.assets["train"]) == in_train
        assert len(data.assets["val"]) == 5
    assert data.left_out["val"]["augmented copies"] == 1


def test_order_of_images__does_not_depend_on_their_ids(sqlite_workspace, tmp_path):
    """Two imports of the same files train alike, though their ids differ."""
    make_catalog(sqlite_workspace, tmp_path / "drawn")
    data = run_data.read_run_data(
        sqlite_workspace, launch.check_data(sqlite_workspace).revision_id, use_augmented=False
    )
    hashes = [asset.content_hash for asset in data.assets["train"]]
    assert hashes == sorted(hashes)
