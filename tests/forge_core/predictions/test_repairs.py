"""The ledger of two runs comes from their own revisions and what their networks said."""

import pytest

from db.enums import RunStatus
from db.records import Asset
from db.repositories.predictions import PredictionRow
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.predictions import repairs
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog


def add_run(workspace: Workspace, answers: dict[Asset, int], **config: object) -> int:
    """A finished run on the catalog as it is now, whose network says this of these images."""
    labels = [class_id(workspace, name) for name in ("circle", "square")]
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED,
            author="ana",
            config=dict(config),
            revision_id=uow.revisions.latest_id(),
            class_names=["circle", "square"],
            label_ids=labels,
        )
        rows = [
            PredictionRow(
                asset_id=asset.asset_id,
                label_id=label_id,
                confidence=0.9,
                margin=0.5,
                entropy=0.1,
                label_quality=None,
                given_label_id=asset.label_id,
                revision_id=1,
            )
            for asset, label_id in answers.items()
        ]
        uow.predictions.add(run_id, rows)
    return int(run_id)


@pytest.fixture
def runs(workspace: Workspace, tmp_path) -> tuple[int, int]:
    """Before and after a repair of one test label and two training labels, circle to square."""
    make_catalog(workspace, tmp_path / "drawn", ("circle", "square"), train=4, val=2, test=3)
    circle, square = (class_id(workspace, name) for name in ("circle", "square"))
    measured = [a for a in list_all(workspace) if a.split_type == "test"]
    first = add_run(workspace, dict.fromkeys(measured, circle))
    for split, number in (("test", 1), ("train", 2)):
        wrong = [a for a in list_all(workspace) if (a.split_type, a.label_id) == (split, circle)]
        ids = [asset.asset_id for asset in wrong[:number]]
        label_edits.relabel(workspace, ids, square, actor=ACTOR)
    now = [a for a in list_all(workspace) if a.split_type == "test"]
    second = add_run(workspace, {a: a.label_id or 0 for a in now})
    return first, second


def test_labels_are_those_of_each_run(workspace, runs):
    found = repairs.draw_up(workspace, *runs)
    assert (found.split, found.ledger.num_images, found.num_repaired_in_training) == ("test", 6, 2)
    # Circle of all: 3 of 6 on the labels then, 2 of 6 on those now; the new run is always right.
    assert found.ledger.accuracies[0] == pytest.approx((3 / 6, 2 / 6))
    assert found.ledger.accuracies[1] == pytest.approx((5 / 6, 1.0))
    assert found.has_repairs
    assert "2 training labels were corrected between them." in found.lines()[-1]


def test_images_that_moved_or_were_not_scored_are_left_out_and_counted(workspace, runs):
    first, _ = runs
    moved = next(a for a in list_all(workspace) if a.split_type == "test")
    label_edits.set_split(workspace, [moved.asset_id], "train", actor=ACTOR)
    now = [a for a in list_all(workspace) if a.split_type == "test"]
    third = add_run(workspace, {a: a.label_id or 0 for a in now[:-1]}, seed=1)
    found = repairs.draw_up(workspace, first, third)
    assert (found.ledger.num_images, found.num_left_out) == (4, 2)
    assert "configs differ" in found.lines()[-1]
    assert "2 images are left out" in found.lines()[-1]


def test_what_cannot_be_compared_is_refused(workspace, runs):
    first, second = runs
    with pytest.raises(InvalidInput, match="itself"):
        repairs.draw_up(workspace, first, first)
    with pytest.raises(InvalidInput, match="train"):
        repairs.draw_up(workspace, first, second, "train")
    with pytest.raises(InvalidInput, match="no images of val"):
        repairs.draw_up(workspace, first, second, "val")
    assert history.latest_revision_id(workspace) > 1
