"""Changes by a filter, the lock of held_out, and bringing removed images back."""

import pytest

from db.records import AssetFilter
from db.repositories import changes
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog


def test_relabel_matching__is_one_revision_with_before_and_after(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    circle, stripe = class_id(workspace, "circle"), class_id(workspace, "stripe")
    where = AssetFilter(label=circle, split="train")
    then = history.latest_revision_id(workspace)
    result = label_edits.relabel_matching(workspace, where, stripe, actor=ACTOR)
    assert (result.status, result.num_changed, result.assets) == ("applied", 6, [])
    assert asset_list.count_assets(workspace, where) == 0
    assert asset_list.count_assets(workspace, AssetFilter(label=stripe, split="train")) == 12
    (revision,) = history.list_revisions(workspace, limit=1)
    assert (revision.revision_id, revision.num_changes) == (then + 1, 6)
    before = {row.asset_id: row.label_id for row in history.as_of(workspace, then)}
    assert list(before.values()).count(circle) == 10
    moved = [asset for asset in list_all(workspace) if before[asset.asset_id] != asset.label_id]
    assert {asset.label_name for asset in moved} == {"stripe"}
    assert {asset.row_version for asset in moved} == {2}


def test_relabel_matching__in_several_statements_is_still_one_revision(
    workspace: Workspace, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "CHANGES_AT_ONCE", 3)
    assets = make_catalog(workspace, tmp_path / "images")
    stripe = class_id(workspace, "stripe")
    result = label_edits.relabel_matching(workspace, AssetFilter(), stripe, actor=ACTOR)
    others = [asset for asset in assets if asset.label_name != "stripe"]
    assert result.num_changed == len(others)
    assert {asset.label_name for asset in list_all(workspace)} == {"stripe"}
    changed = {asset.asset_id for asset in list_all(workspace) if asset.row_version == 2}
    assert changed == {asset.asset_id for asset in others}


def test_relabel_matching__the_same_operation_twice_is_applied_once(
    workspace: Workspace, tmp_path
) -> None:
    make_catalog(workspace, tmp_path / "images")
    stripe = class_id(workspace, "stripe")
    where = AssetFilter(text="CIRCLE")
    first = label_edits.relabel_matching(workspace, where, stripe, actor=ACTOR, operation_id="one")
    again = label_edits.relabel_matching(workspace, where, stripe, actor=ACTOR, operation_id="one")
    other = label_edits.relabel_matching(workspace, where, stripe, actor=ACTOR)
    assert (first.status, first.num_changed) == ("applied", 10)
    assert (again.status, again.num_changed) == ("already_applied", 10)
    assert (other.status, other.revision_id) == ("nothing", None)


def test_relabel_matching__undo_puts_every_label_back(workspace: Workspace, tmp_path) -> None:
    before = make_catalog(workspace, tmp_path / "images")
    result = label_edits.relabel_matching(
        workspace, AssetFilter(), class_id(workspace, "stripe"), actor=ACTOR
    )
    assert result.revision_id is not None
    assert history.undo(workspace, result.revision_id, actor=ACTOR).num_changed == 20
    labels = {asset.asset_id: asset.label_name for asset in before}
    assert {asset.asset_id: asset.label_name for asset in list_all(workspace)} == labels


def test_relabel_matching__refuses_what_it_does_not_know(workspace: Workspace, tmp_path) -> None:
    make_catalog(workspace, tmp_path / "images")
    with pytest.raises(NotFound):
        label_edits.relabel_matching(workspace, AssetFilter(), 99, actor=ACTOR)
    with pytest.raises(InvalidInput):
        label_edits.relabel_matching(workspace, AssetFilter(split="valid"), None, actor=ACTOR)
    with pytest.raises(InvalidInput):
        label_edits.set_split_matching(workspace, AssetFilter(), "valid", actor=ACTOR)


def test_set_split__leaves_held_out_alone_unless_it_is_unlocked(
    workspace: Workspace, tmp_path
) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    ids = [asset.asset_id for asset in assets]
    label_edits.set_split(workspace, ids[:2], "held_out", actor=ACTOR)
    result = label_edits.set_split(workspace, ids[:3], "train", actor=ACTOR)
    assert (result.status, result.num_changed) == ("applied", 1)
    assert {c.asset_id for c in result.conflicts} == set(ids[:2])
    assert {(c.now, c.wanted) for c in result.conflicts} == {("held_out", "train")}
    assert all("moving it needs unlock" in c.message for c in result.conflicts)
    alone = label_edits.set_split(workspace, ids[:1], None, actor=ACTOR)
    assert (alone.status, alone.revision_id) == ("conflict", None)
    unlocked = label_edits.set_split(workspace, ids[:2], "test", actor=ACTOR, unlock_held_out=True)
    assert (unlocked.status, unlocked.conflicts) == ("applied", [])


def test_set_split_matching__leaves_held_out_alone_unless_it_is_unlocked(
    workspace: Workspace, tmp_path
) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    label_edits.set_split(workspace, [a.asset_id for a in assets[:4]], "held_out", actor=ACTOR)
    everything = AssetFilter()
    result = label_edits.set_split_matching(workspace, everything, "train", actor=ACTOR)
    assert (result.status, result.num_conflicts) == ("applied", 4)
    assert asset_list.count_assets(workspace, AssetFilter(split="train")) == len(assets) - 4
    again = label_edits.set_split_matching(workspace, everything, "train", actor=ACTOR)
    assert (again.status, again.num_conflicts) == ("conflict", 4)
    label_edits.set_split_matching(workspace, everything, None, actor=ACTOR, unlock_held_out=True)
    assert asset_list.count_assets(workspace, AssetFilter(split="none")) == len(assets)


def test_set_split__a_conflict_tells_both_splits(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    label_edits.set_split(workspace, [asset.asset_id], "val", actor=Actor("bea"))
    result = label_edits.set_split(
        workspace,
        [asset.asset_id],
        "test",
        actor=ACTOR,
        expected_versions={asset.asset_id: asset.row_version},
    )
    (conflict,) = result.conflicts
    assert (conflict.now, conflict.wanted, conflict.author) == ("val", "test", "bea")
    assert conflict.changed_at is not None
    assert conflict.message == "bea changed this meanwhile (now: val); you chose test."


def test_restore_assets__brings_them_back_as_they_were(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    ids = [asset.asset_id for asset in assets[:3]]
    removed = label_edits.remove_matching(workspace, AssetFilter(), actor=ACTOR)
    assert removed.num_changed == len(assets)
    result = label_edits.restore_assets(workspace, ids, actor=ACTOR)
    assert (result.status, result.num_changed) == ("applied", 3)
    back = {asset.asset_id: asset for asset in list_all(workspace)}
    assert set(back) == set(ids)
    assert [back[a.asset_id].label_name for a in assets[:3]] == [a.label_name for a in assets[:3]]
    assert label_edits.restore_assets(workspace, ids, actor=ACTOR).status == "nothing"
    assert result.revision_id is not None
    history.undo(workspace, result.revision_id, actor=ACTOR)
    assert list_all(workspace) == []


def test_relabel__a_retired_class_is_refused(workspace: Workspace, tmp_path) -> None:
    asset = make_catalog(workspace, tmp_path / "images")[0]
    stripe = class_id(workspace, "stripe")
    with workspace.database.write() as uow:
        uow.labels.update_fields(stripe, is_retired=True)
    with pytest.raises(InvalidInput, match="retired"):
        label_edits.relabel(workspace, [asset.asset_id], stripe, actor=ACTOR)
