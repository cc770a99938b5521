"""Relabel, set split, remove: one revision each, idempotent, with conflicts reported."""

import threading
import uuid

import pytest

from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, draw_folder, import_folder, list_all, make_catalog


def test_relabel__changes_the_name_beside_the_id(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    square = class_id(workspace, "square")
    result = label_edits.relabel(workspace, [asset.asset_id], square, actor=Actor("ada"))
    assert result.status == "applied"
    assert result.revision_id == history.latest_revision_id(workspace)
    changed = asset_list.get_asset(workspace, asset.asset_id)
    assert (changed.label_id, changed.label_name) == (square, "square")
    assert changed.row_version == asset.row_version + 1


def test_relabel__the_same_operation_twice_is_acknowledged_and_not_repeated(
    workspace: Workspace, tmp_path
) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    square, stripe = class_id(workspace, "square"), class_id(workspace, "stripe")
    first = label_edits.relabel(
        workspace, [asset.asset_id], square, actor=ACTOR, operation_id="op-1"
    )
    label_edits.relabel(workspace, [asset.asset_id], stripe, actor=ACTOR, operation_id="op-2")
    again = label_edits.relabel(
        workspace, [asset.asset_id], square, actor=ACTOR, operation_id="op-1"
    )
    assert again.status == "already_applied"
    assert again.revision_id == first.revision_id
    assert asset_list.get_asset(workspace, asset.asset_id).label_name == "stripe"


def test_relabel__to_the_label_it_has_is_no_revision(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    before = history.latest_revision_id(workspace)
    result = label_edits.relabel(workspace, [asset.asset_id], asset.label_id, actor=ACTOR)
    assert (result.status, result.revision_id) == ("nothing", None)
    assert history.latest_revision_id(workspace) == before


def test_relabel__reports_a_conflict_with_both_values_and_changes_the_others(
    workspace: Workspace, tmp_path
) -> None:
    mine, other = make_catalog(workspace, tmp_path / "images")[:2]
    square, stripe = class_id(workspace, "square"), class_id(workspace, "stripe")
    label_edits.relabel(workspace, [mine.asset_id], square, actor=Actor("bea"))
    result = label_edits.relabel(
        workspace,
        [mine.asset_id, other.asset_id],
        stripe,
        actor=Actor("ada"),
        expected_versions={mine.asset_id: mine.row_version, other.asset_id: other.row_version},
    )
    assert result.status == "applied"
    (conflict,) = result.conflicts
    assert (conflict.asset_id, conflict.label_name, conflict.author) == (
        mine.asset_id,
        "square",
        "bea",
    )
    assert "you chose stripe" in conflict.message
    assert asset_list.get_asset(workspace, mine.asset_id).label_name == "square"
    assert asset_list.get_asset(workspace, other.asset_id).label_name == "stripe"


def test_relabel__an_image_that_is_gone_is_a_conflict(workspace: Workspace, tmp_path) -> None:
    kept, gone = make_catalog(workspace, tmp_path / "images")[:2]
    label_edits.remove_assets(workspace, [gone.asset_id], actor=ACTOR)
    result = label_edits.relabel(
        workspace,
        [kept.asset_id, gone.asset_id],
        class_id(workspace, "stripe"),
        actor=ACTOR,
    )
    assert [c.asset_id for c in result.conflicts] == [gone.asset_id]
    assert asset_list.get_asset(workspace, kept.asset_id).label_name == "stripe"


def test_relabel__refuses_an_unknown_class_and_an_empty_list(
    workspace: Workspace, tmp_path
) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    with pytest.raises(NotFound):
        label_edits.relabel(workspace, [asset.asset_id], 999, actor=ACTOR)
    with pytest.raises(InvalidInput):
        label_edits.relabel(workspace, [], None, actor=ACTOR)
    with pytest.raises(InvalidInput):
        label_edits.relabel(workspace, [asset.asset_id], None, actor=Actor("  "))


def test_an_unlabelled_folder_can_be_labelled_from_zero(workspace: Workspace, tmp_path) -> None:
    draw_folder(tmp_path / "flat", classes=["x"], per_class=3)
    import_folder(workspace, tmp_path / "flat" / "x")
    assets = list_all(workspace)
    assert [asset.label_name for asset in assets] == [None] * 3
    label = classes.create_class(workspace, "crack", actor=ACTOR)
    label_edits.relabel(workspace, [assets[0].asset_id], label.label_id, actor=ACTOR)
    assert asset_list.totals(workspace).unlabelled == 2


def test_relabel__with_none_takes_the_label_away(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    label_edits.relabel(workspace, [asset.asset_id], None, actor=ACTOR)
    changed = asset_list.get_asset(workspace, asset.asset_id)
    assert (changed.label_id, changed.label_name) == (None, None)


def test_set_split__moves_and_refuses_unknown_splits(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    label_edits.set_split(workspace, [asset.asset_id], "held_out", actor=ACTOR)
    assert asset_list.get_asset(workspace, asset.asset_id).split_type == "held_out"
    with pytest.raises(InvalidInput, match="train, val, test, held_out"):
        label_edits.set_split(workspace, [asset.asset_id], "valid", actor=ACTOR)


def test_remove__hides_the_image_and_keeps_its_file(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    label_edits.remove_assets(workspace, [asset.asset_id], actor=ACTOR)
    with pytest.raises(NotFound):
        asset_list.get_asset(workspace, asset.asset_id)
    assert workspace.store.exists(asset.file_path)


def test_concurrent_writers__lose_nothing_and_number_revisions_without_gaps(
    workspace: Workspace, tmp_path
) -> None:
    assets = make_catalog(workspace, tmp_path / "images", train=10, val=0, test=0)
    square, stripe = class_id(workspace, "square"), class_id(workspace, "stripe")
    before = history.latest_revision_id(workspace)
    errors: list[BaseException] = []

    def write(label_id: int, mine: list) -> None:
        try:
            for asset in mine:
                label_edits.relabel(workspace, [asset.asset_id], None, actor=ACTOR)
                label_edits.relabel(workspace, [asset.asset_id], label_id, actor=ACTOR)
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=write, args=(square, assets[:15])),
        threading.Thread(target=write, args=(stripe, assets[15:])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    numbers = [r.revision_id for r in history.list_revisions(workspace, limit=60)]
    assert sorted(numbers) == list(range(1, before + 61))[-60:]
    names = {asset.asset_id: asset.label_name for asset in list_all(workspace)}
    assert {names[asset.asset_id] for asset in assets[:15]} == {"square"}
    assert {names[asset.asset_id] for asset in assets[15:]} == {"stripe"}


def test_the_same_operation_from_two_threads_at_once_is_applied_once(
    workspace: Workspace, tmp_path
) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    stripe = class_id(workspace, "stripe")
    operation_id = str(uuid.uuid4())
    statuses: list[str] = []

    def write() -> None:
        result = label_edits.relabel(
            workspace, [asset.asset_id], stripe, actor=ACTOR, operation_id=operation_id
        )
        statuses.append(result.status)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == ["already_applied"] * 3 + ["applied"]


def test_classes__create_rename_and_refuse_doubles(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    circle = class_id(workspace, "circle")
    classes.rename_class(workspace, circle, " disc ", actor=ACTOR)
    assert asset_list.get_asset(workspace, asset.asset_id).label_name == "disc"
    with pytest.raises(Conflict):
        classes.create_class(workspace, "disc", actor=ACTOR)
    with pytest.raises(Conflict):
        classes.rename_class(workspace, circle, "square", actor=ACTOR)
    with pytest.raises(InvalidInput):
        classes.create_class(workspace, " \n ", actor=ACTOR)
    with pytest.raises(NotFound):
        classes.rename_class(workspace, 999, "other", actor=ACTOR)


def test_classes__have_colours_of_their_own_until_the_palette_repeats(
    sqlite_workspace: Workspace,
) -> None:
    created = [
        classes.create_class(sqlite_workspace, f"c{i}", actor=ACTOR)
        for i in range(len(classes.PALETTE) + 1)
    ]
    assert len({label.color for label in created}) == len(classes.PALETTE)
    assert created[0].color == created[-1].color


def test_classes__count_their_images(workspace: Workspace, tmp_path) -> None:
    make_catalog(workspace, tmp_path / "images", train=3, val=1, test=0)
    assert {c.name: c.num_images for c in classes.list_classes(workspace)} == {
        "circle": 4,
        "square": 4,
        "stripe": 4,
    }
