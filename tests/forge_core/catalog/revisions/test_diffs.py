"""What differs between two revisions, and counts as of one."""

from db.records import AssetFilter
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.revisions import as_of, diffs, history
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog


def test_diff__is_the_net_difference_by_name(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    start = history.latest_revision_id(workspace)
    circles = [asset for asset in assets if asset.label_name == "circle"]
    stripe, square = class_id(workspace, "stripe"), class_id(workspace, "square")
    ids = [asset.asset_id for asset in circles]
    label_edits.relabel(workspace, ids[:3], stripe, actor=ACTOR)
    label_edits.relabel(workspace, ids[:1], square, actor=ACTOR)
    label_edits.relabel(workspace, ids[1:2], class_id(workspace, "circle"), actor=ACTOR)
    label_edits.set_split(workspace, ids[2:3], "held_out", actor=ACTOR)
    label_edits.remove_assets(workspace, ids[4:5], actor=ACTOR)
    end = history.latest_revision_id(workspace)
    found = diffs.diff(workspace, start, end)
    counts = found.counts
    assert (counts.relabelled, counts.moved_split, counts.removed, counts.added) == (2, 1, 1, 0)
    assert counts.total == 3
    entries = {entry.asset_id: entry for entry in found.entries}
    assert set(entries) == {ids[0], ids[2], ids[4]}
    assert entries[ids[0]].before == {"label_name": "circle"}
    assert entries[ids[0]].after == {"label_name": "square"}
    assert (entries[ids[4]].kind, entries[ids[4]].after) == ("removed", {})
    assert {(m.before, m.after, m.num_images) for m in found.label_moves} == {
        ("circle", "square", 1),
        ("circle", "stripe", 1),
    }


def test_diff__backwards_changes_the_sides(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    start = history.latest_revision_id(workspace)
    label_edits.relabel(workspace, [assets[0].asset_id], class_id(workspace, "stripe"), actor=ACTOR)
    label_edits.remove_assets(workspace, [assets[1].asset_id], actor=ACTOR)
    end = history.latest_revision_id(workspace)
    found = diffs.diff(workspace, end, start)
    assert (found.counts.added, found.counts.removed) == (1, 0)
    assert [(m.before, m.after) for m in found.label_moves] == [("stripe", "circle")]
    assert {entry.kind for entry in found.entries} == {"added", "changed"}


def test_diff__pages_through_everything(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    end = history.latest_revision_id(workspace)
    seen, cursor = [], None
    while True:
        page = diffs.diff(workspace, 0, end, limit=7, after=cursor)
        seen += [entry.asset_id for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [asset.asset_id for asset in assets]


def test_diff__tells_names_and_states_of_classes(workspace: Workspace, tmp_path) -> None:
    make_catalog(workspace, tmp_path / "images")
    start = history.latest_revision_id(workspace)
    classes.rename_class(workspace, class_id(workspace, "circle"), "disc", actor=ACTOR)
    classes.create_class(workspace, "wave", actor=ACTOR)
    found = diffs.diff(workspace, start, history.latest_revision_id(workspace))
    assert [(c.before, c.after) for c in found.classes] == [("circle", "disc"), (None, "wave")]
    assert found.counts.total == 0


def test_read_columns__has_the_ids_and_labels_of_an_epoch(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    then = history.latest_revision_id(workspace)
    label_edits.relabel_matching(workspace, AssetFilter(), None, actor=ACTOR)
    columns = as_of.read_columns(workspace, then, split="train")
    wanted = [asset for asset in assets if asset.split_type == "train"]
    assert [columns.id_at(i) for i in range(len(columns))] == [a.asset_id for a in wanted]
    assert columns.label_ids.tolist() == [asset.label_id for asset in wanted]
    assert columns.paths is None


def test_as_of__is_a_sequence(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    rows = history.as_of(workspace, history.latest_revision_id(workspace))
    assert len(rows) == len(assets) == len(list_all(workspace))
    assert rows[-1].asset_id == assets[-1].asset_id
    assert [row.file_path for row in rows[:2]] == [asset.file_path for asset in assets[:2]]
    assert rows == list(rows)
    assert rows != []
