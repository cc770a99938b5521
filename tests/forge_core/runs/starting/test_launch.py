"""What is looked at before a run may start."""

import pytest

from forge_core.catalog.editing import label_edits
from forge_core.errors import InvalidInput
from forge_core.runs import records
from forge_core.runs.starting import launch
from tests.arrange import ACTOR, CLASSES, list_all, make_catalog
from tests.forge_core.handlers.running import start


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
    label_edits.set_split(workspace, first[:2], "val", actor=ACTOR)
    label_edits.set_split(workspace, others, None, actor=ACTOR)
    with pytest.raises(InvalidInput, match="needs at least 2"):
        start(workspace)
    label_edits.set_split(workspace, first, None, actor=ACTOR)
    with pytest.raises(InvalidInput, match="0 images are in training"):
        start(workspace)
    assert records.list_runs(workspace) == []


def test_check_data__summary_classes_and_warnings(workspace, tmp_path):
    assets = make_catalog(workspace, tmp_path / "drawn", train=6, val=2, test=2)
    train = [asset for asset in assets if asset.split_type == "train"]
    label_edits.relabel(workspace, [train[0].asset_id], None, actor=ACTOR)
    stripes = [a.asset_id for a in train if a.label_name == "stripe"]
    label_edits.set_split(workspace, stripes, "held_out", actor=ACTOR)
    check = launch.check_data(workspace)
    assert check.problems == []
    assert check.class_names == ["circle", "square"]
    assert check.summary.num_images == 11
    assert check.summary.median_short_side == 24
    assert "1 images in train have no label: they are left out." in check.warnings
    assert any(
        "'stripe' has 4 images in val and test but none in train" in text for text in check.warnings
    )
