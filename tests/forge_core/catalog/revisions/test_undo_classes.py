"""Undo of what happened to classes, and of images whose way back is blocked."""

import pytest

from db.patches import AssetPatch
from forge_core.catalog.editing import class_merges, classes, label_edits
from forge_core.catalog.revisions import history
from forge_core.errors import Conflict, InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog


def label_names(workspace: Workspace) -> dict:
    return {asset.asset_id: asset.label_name for asset in list_all(workspace)}


def test_undo__of_a_merge_gives_the_class_and_its_images_back(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    before = label_names(workspace)
    circle, stripe = class_id(workspace, "circle"), class_id(workspace, "stripe")
    merged = class_merges.merge_classes(workspace, circle, stripe, actor=ACTOR)
    assert merged.revision_id is not None
    undone = history.undo(workspace, merged.revision_id, actor=ACTOR)
    assert (undone.status, undone.num_changed) == ("applied", 10)
    assert label_names(workspace) == before
    assert not next(c for c in classes.list_classes(workspace) if c.label_id == circle).is_retired
    assert undone.revision_id is not None
    history.undo(workspace, undone.revision_id, actor=ACTOR)
    assert set(label_names(workspace).values()) == {"square", "stripe"}


def test_undo__of_a_rename_that_was_renamed_again_is_refused(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    circle = class_id(workspace, "circle")
    first = classes.rename_class(workspace, circle, "disc", actor=ACTOR)
    classes.rename_class(workspace, circle, "ring", actor=ACTOR)
    assert first.revision_id is not None
    with pytest.raises(Conflict, match="changed again"):
        history.undo(workspace, first.revision_id, actor=ACTOR)
    assert history.latest_revision_id(workspace) == first.revision_id + 1


def test_undo__of_a_rename_whose_old_name_is_taken_is_refused(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    renamed = classes.rename_class(workspace, class_id(workspace, "circle"), "disc", actor=ACTOR)
    classes.create_class(workspace, "circle", actor=ACTOR)
    assert renamed.revision_id is not None
    with pytest.raises(Conflict, match="another class"):
        history.undo(workspace, renamed.revision_id, actor=ACTOR)


def test_undo__of_colour_key_and_description(workspace: Workspace) -> None:
    cat = classes.create_class(workspace, "cat", actor=ACTOR, hotkey="1", description="purrs")
    changed = classes.edit_class(
        workspace, cat.label_id, actor=ACTOR, color="#aabbcc", hotkey="2", description=""
    )
    classes.rename_class(workspace, cat.label_id, "tom", actor=Actor("ben"))
    assert changed.revision_id is not None
    assert history.undo(workspace, changed.revision_id, actor=ACTOR).status == "applied"
    now = next(c for c in classes.list_classes(workspace) if c.label_id == cat.label_id)
    assert (now.color, now.hotkey, now.description) == (cat.color, "1", "purrs")
    assert now.name == "tom"  # what was changed beside it stays


def test_undo__of_a_key_that_another_class_has_by_now_is_refused(workspace: Workspace) -> None:
    cat = classes.create_class(workspace, "cat", actor=ACTOR, hotkey="1")
    changed = classes.edit_class(workspace, cat.label_id, actor=ACTOR, hotkey="")
    classes.create_class(workspace, "dog", actor=ACTOR, hotkey="1")
    assert changed.revision_id is not None
    with pytest.raises(Conflict, match="'dog' has it now"):
        history.undo(workspace, changed.revision_id, actor=ACTOR)


def test_undo__does_not_put_images_back_into_a_retired_class(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    circle, stripe = class_id(workspace, "circle"), class_id(workspace, "stripe")
    ids = [asset.asset_id for asset in list_all(workspace) if asset.label_name == "circle"]
    moved = label_edits.relabel(workspace, ids, stripe, actor=ACTOR)
    class_merges.retire_class(workspace, circle, actor=ACTOR)
    assert moved.revision_id is not None
    result = history.undo(workspace, moved.revision_id, actor=ACTOR)
    assert (result.status, result.num_conflicts, result.revision_id) == ("conflict", 10, None)
    assert "retired" in result.conflicts[0].message


def test_undo__a_removed_image_whose_path_is_taken_stays_away(
    workspace: Workspace, tmp_path
) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    first = label_edits.remove_assets(workspace, [a.asset_id for a in assets[:2]], actor=ACTOR)
    second = label_edits.remove_assets(workspace, [assets[2].asset_id], actor=ACTOR)
    with workspace.database.write() as uow:  # as a relink would
        revision = uow.revisions.take_next_id()
        uow.revisions.add(
            revision_id=revision,
            operation_id="a relink",
            kind="relink",
            author=ACTOR.name,
            message="",
        )
        uow.changes.update_assets(
            revision, [assets[3].asset_id], AssetPatch(file_path=assets[0].file_path)
        )
    assert first.revision_id is not None
    result = history.undo(workspace, first.revision_id, actor=ACTOR)
    assert (result.num_changed, result.num_conflicts) == (1, 1)
    assert "belongs to another image" in result.conflicts[0].message
    restored = label_edits.restore_assets(workspace, [a.asset_id for a in assets[:3]], actor=ACTOR)
    assert (restored.num_changed, len(restored.conflicts)) == (1, 1)
    assert second.status == "applied"


def test_undo__of_a_created_class_has_nothing_to_put_back(workspace: Workspace) -> None:
    classes.create_class(workspace, "wave", actor=ACTOR)
    with pytest.raises(InvalidInput, match="nothing to undo"):
        history.undo(workspace, history.latest_revision_id(workspace), actor=ACTOR)
