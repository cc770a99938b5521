"""Undo, as of, history: any earlier state can be rebuilt exactly."""

import random

import pytest

from db.records import AssetAsOf
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog


def living(workspace: Workspace) -> list[AssetAsOf]:
    """The catalog as it is now, in the form that `as_of` gives."""
    return [
        AssetAsOf(
            asset_id=asset.asset_id,
            file_path=asset.file_path,
            content_hash=asset.content_hash,
            label_id=asset.label_id,
            label_name=asset.label_name,
            split_type=asset.split_type,
            is_augmented=asset.is_augmented,
        )
        for asset in list_all(workspace)
    ]


def test_as_of__gives_the_labels_and_splits_of_that_time(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    then = history.latest_revision_id(workspace)
    label_edits.relabel(workspace, [asset.asset_id], class_id(workspace, "stripe"), actor=ACTOR)
    label_edits.set_split(workspace, [asset.asset_id], "held_out", actor=ACTOR)
    label_edits.remove_assets(workspace, [asset.asset_id], actor=ACTOR)
    rows = {row.asset_id: row for row in history.as_of(workspace, then)}
    assert rows[asset.asset_id].label_name == "circle"
    assert rows[asset.asset_id].split_type == asset.split_type
    assert asset.asset_id not in {row.asset_id for row in living(workspace)}


def test_as_of__zero_is_the_empty_catalog_and_the_future_is_refused(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    assert history.as_of(workspace, 0) == []
    with pytest.raises(InvalidInput):
        history.as_of(workspace, history.latest_revision_id(workspace) + 1)


def test_as_of__keeps_the_name_that_a_class_had(workspace: Workspace, tmp_path) -> None:
    make_catalog(workspace, tmp_path / "images")
    then = history.latest_revision_id(workspace)
    classes.rename_class(workspace, class_id(workspace, "circle"), "disc", actor=ACTOR)
    assert {row.label_name for row in history.as_of(workspace, then)} == {
        "circle",
        "square",
        "stripe",
    }


def test_undo__puts_back_a_bulk_change_and_reports_what_was_changed_since(
    workspace: Workspace, tmp_path
) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    circles = [asset for asset in assets if asset.label_name == "circle"]
    ids = [asset.asset_id for asset in circles]
    stripe = class_id(workspace, "stripe")
    bulk = label_edits.relabel(workspace, ids, stripe, actor=ACTOR)
    label_edits.relabel(workspace, ids[:1], class_id(workspace, "square"), actor=Actor("bea"))
    assert bulk.revision_id is not None
    result = history.undo(workspace, bulk.revision_id, actor=ACTOR)
    assert result.status == "applied"
    assert [(c.asset_id, c.author) for c in result.conflicts] == [(ids[0], "bea")]
    labels = {asset.asset_id: asset.label_name for asset in list_all(workspace)}
    assert labels[ids[0]] == "square"
    assert {labels[asset_id] for asset_id in ids[1:]} == {"circle"}


def test_undo__of_an_undo_brings_the_change_back(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    change = label_edits.relabel(
        workspace, [asset.asset_id], class_id(workspace, "stripe"), actor=ACTOR
    )
    assert change.revision_id is not None
    undone = history.undo(workspace, change.revision_id, actor=ACTOR)
    assert asset_list.get_asset(workspace, asset.asset_id).label_name == "circle"
    assert undone.revision_id is not None
    history.undo(workspace, undone.revision_id, actor=ACTOR)
    assert asset_list.get_asset(workspace, asset.asset_id).label_name == "stripe"


def test_undo__of_two_changes_of_one_image_newest_first(workspace: Workspace, tmp_path) -> None:
    make_catalog(workspace, tmp_path / "shapes", train=2, val=0, test=0)
    asset = list_all(workspace)[0]
    square, stripe = class_id(workspace, "square"), class_id(workspace, "stripe")
    first = label_edits.relabel(workspace, [asset.asset_id], square, actor=ACTOR)
    second = label_edits.relabel(workspace, [asset.asset_id], stripe, actor=ACTOR)
    for result in (second, first):
        assert result.revision_id is not None
        undone = history.undo(workspace, result.revision_id, actor=ACTOR)
        assert (undone.status, undone.conflicts) == ("applied", [])
    assert list_all(workspace)[0].label_id == asset.label_id


def test_undo__leaves_what_else_was_changed_since(workspace: Workspace, tmp_path) -> None:
    make_catalog(workspace, tmp_path / "shapes", train=2, val=0, test=0)
    asset = list_all(workspace)[0]
    relabelled = label_edits.relabel(
        workspace, [asset.asset_id], class_id(workspace, "square"), actor=ACTOR
    )
    label_edits.set_split(workspace, [asset.asset_id], "val", actor=Actor("ben"))
    assert relabelled.revision_id is not None
    assert history.undo(workspace, relabelled.revision_id, actor=ACTOR).status == "applied"
    now = list_all(workspace)[0]
    assert (now.label_id, now.split_type) == (asset.label_id, "val")
    entry = history.asset_history(workspace, asset.asset_id)[-1]
    assert (entry.before, entry.after) == ({"label_name": "square"}, {"label_name": "circle"})


def test_undo__of_an_import_removes_its_images__and_undo_again_returns_them(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    before = living(workspace)
    imported = history.latest_revision_id(workspace)
    undone = history.undo(workspace, imported, actor=ACTOR)
    assert living(workspace) == []
    assert asset_list.totals(workspace).images == 0
    assert undone.revision_id is not None
    history.undo(workspace, undone.revision_id, actor=ACTOR)
    assert living(workspace) == before


def test_undo__of_a_rename_gives_the_old_name_back(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    circle = class_id(workspace, "circle")
    renamed = classes.rename_class(workspace, circle, "disc", actor=ACTOR)
    assert renamed.revision_id is not None
    history.undo(workspace, renamed.revision_id, actor=ACTOR)
    assert asset_list.get_asset(workspace, asset.asset_id).label_name == "circle"


def test_undo__twice_by_the_same_operation_is_done_once(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    change = label_edits.relabel(workspace, [asset.asset_id], None, actor=ACTOR)
    assert change.revision_id is not None
    history.undo(workspace, change.revision_id, actor=ACTOR, operation_id="undo-1")
    again = history.undo(workspace, change.revision_id, actor=ACTOR, operation_id="undo-1")
    assert again.status == "already_applied"
    assert asset_list.get_asset(workspace, asset.asset_id).label_name == "circle"


def test_undo__of_nothing_says_so(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        history.undo(workspace, 7, actor=ACTOR)
    classes.create_class(workspace, "crack", actor=ACTOR)
    with pytest.raises(InvalidInput, match="nothing to undo"):
        history.undo(workspace, history.latest_revision_id(workspace), actor=ACTOR)


def test_asset_history__tells_who_changed_what(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    label_edits.relabel(
        workspace,
        [asset.asset_id],
        class_id(workspace, "stripe"),
        actor=Actor("bea"),
        message="second look",
    )
    imported, relabelled = history.asset_history(workspace, asset.asset_id)
    assert (imported.kind, imported.before["exists"], imported.after["label_name"]) == (
        "import",
        False,
        "circle",
    )
    assert (relabelled.author, relabelled.message) == ("bea", "second look")
    assert relabelled.before == {"label_name": "circle"}
    assert relabelled.after == {"label_name": "stripe"}


def test_every_earlier_state_is_rebuilt_after_any_sequence_of_changes(
    workspace: Workspace, tmp_path
) -> None:
    """A random walk over all operations; every state is kept and compared in the end."""
    assets = make_catalog(workspace, tmp_path / "images", train=4, val=1, test=1)
    ids = [asset.asset_id for asset in assets]
    labels = [*(c.label_id for c in classes.list_classes(workspace)), None]
    chance = random.Random(5)
    states = {history.latest_revision_id(workspace): living(workspace)}
    for _ in range(40):
        some = chance.sample(ids, chance.randint(1, 6))
        match chance.randrange(5):
            case 0 | 1:
                label_edits.relabel(workspace, some, chance.choice(labels), actor=ACTOR)
            case 2:
                split = chance.choice(["train", "val", "test", None])
                label_edits.set_split(workspace, some, split, actor=ACTOR)
            case 3:
                label_edits.remove_assets(workspace, some[:1], actor=ACTOR)
            case _:
                latest = history.latest_revision_id(workspace)
                history.undo(workspace, chance.randint(1, latest), actor=ACTOR)
        states[history.latest_revision_id(workspace)] = living(workspace)
    assert len(states) > 15
    for revision_id, state in states.items():
        assert history.as_of(workspace, revision_id) == state, revision_id
    with workspace.database.read() as uow:
        kept = {tuple(vars_of(row)) for row in uow.counts.list_all()}
        recounted = {tuple(vars_of(row)) for row in uow.counts.list_recounted()}
    assert kept == recounted


def vars_of(row) -> list:
    return [row.label_id, row.split_type, row.is_augmented, row.num_images]


def test_a_split_is_one_revision_that_undo_takes_back(workspace: Workspace, tmp_path) -> None:
    make_catalog(workspace, tmp_path / "images")
    before = living(workspace)
    plan = split_plan.plan_split(workspace, SplitRatios(train=50, val=25, test=25), seed=3)
    result = split_plan.apply_split(workspace, plan, actor=ACTOR)
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert living(workspace) == before
