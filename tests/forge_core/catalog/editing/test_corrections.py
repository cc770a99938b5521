"""A corrected prediction becomes an image of the catalog."""

import io

import pytest

from forge_core.catalog.editing import corrections
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import ImageRejected, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    arrange.draw_image("circle", seed).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def square(sqlite_workspace: Workspace, tmp_path) -> int:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=2, val=1, test=0)
    return arrange.class_id(sqlite_workspace, "square")


def test_correct__adds_a_new_image_to_train(sqlite_workspace: Workspace, square: int):
    correction = corrections.correct(
        sqlite_workspace, png(99), square, name="../hörnchen *1*.PNG", actor=Actor("anna")
    )
    asset = correction.asset
    assert not correction.was_known
    assert (asset.label_name, asset.split_type, asset.source_dataset) == (
        "square",
        "train",
        "predict",
    )
    assert asset.file_path.startswith("predict/h_rnchen__1-")
    assert sqlite_workspace.store.read(asset.file_path) == png(99)
    assert {r.author for r in history.list_revisions(sqlite_workspace)[:2]} == {"anna"}


def test_correct__twice_changes_nothing_more(sqlite_workspace: Workspace, square: int):
    corrections.correct(sqlite_workspace, png(99), square, name="a.png", actor=Actor("anna"))
    revision_id = history.latest_revision_id(sqlite_workspace)
    again = corrections.correct(
        sqlite_workspace, png(99), square, name="b.png", actor=Actor("anna")
    )
    assert again.was_known
    assert again.previous_label == "square"
    assert history.latest_revision_id(sqlite_workspace) == revision_id


def test_correct__a_known_image_keeps_its_place_and_split(sqlite_workspace: Workspace, square: int):
    known = next(a for a in arrange.list_all(sqlite_workspace) if a.split_type == "val")
    data = sqlite_workspace.store.read(known.file_path)
    correction = corrections.correct(
        sqlite_workspace, data, square, name="x.png", actor=Actor("anna")
    )
    assert correction.was_known
    assert correction.previous_label == known.label_name
    changed = asset_list.get_asset(sqlite_workspace, known.asset_id)
    assert (changed.label_id, changed.split_type, changed.file_path) == (
        square,
        "val",
        known.file_path,
    )


def test_correct__what_is_no_image_is_refused(sqlite_workspace: Workspace, square: int):
    before = history.latest_revision_id(sqlite_workspace)
    with pytest.raises(ImageRejected):
        corrections.correct(sqlite_workspace, b"text", square, name="a.png", actor=Actor("anna"))
    assert history.latest_revision_id(sqlite_workspace) == before


def test_correct__an_unknown_class_is_refused_before_anything_is_added(
    sqlite_workspace: Workspace, square: int
):
    with pytest.raises(NotFound):
        corrections.correct(sqlite_workspace, png(99), 4711, name="a.png", actor=Actor("anna"))
    assert len(arrange.list_all(sqlite_workspace)) == 9
