"""The tabs Export and History of Import & export."""

import zipfile
from pathlib import Path

import pytest

from db.records import AssetFilter
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.pages.visiting import links, press, visit, words

PAGE = "data/import_export.py"


def test_export__without_images_leads_to_the_import(sqlite_workspace: Workspace):
    app = visit(PAGE, tab="Export")
    assert "Nothing to export yet: the catalog has no images." in words(app)


def test_export__the_zip_holds_what_the_filter_says(sqlite_workspace: Workspace, drawn: Path):
    arrange.import_folder(sqlite_workspace, drawn)
    app = visit(PAGE, tab="Export", export_class="circle", export_split="val")
    assert "1 image will be exported" in words(app)
    press(app, "Prepare the zip")
    [kept] = (sqlite_workspace.cache_folder / "exports").iterdir()
    with zipfile.ZipFile(kept) as archive:
        names = archive.namelist()
    assert [name for name in names if name.endswith(".png")] == ["val/circle/circle_0010.png"]
    assert "labels.csv" in names
    assert any(button.label.startswith("images.zip") for button in app.get("download_button"))


@pytest.mark.parametrize(
    ("title", "member"),
    [
        ("Hugging Face imagefolder", "validation/metadata.jsonl"),
        ("FiftyOne labels", "val/labels.json"),
        ("COCO annotations", "annotations/labels_val.json"),
        ("Label Studio tasks", "tasks.json"),
    ],
)
def test_export__the_chosen_format(
    sqlite_workspace: Workspace, drawn: Path, title: str, member: str
):
    arrange.import_folder(sqlite_workspace, drawn)
    app = visit(PAGE, tab="Export", export_format=title)
    press(app, "Prepare the zip")
    [kept] = (sqlite_workspace.cache_folder / "exports").iterdir()
    with zipfile.ZipFile(kept) as archive:
        assert member in archive.namelist()
    offered = [button.label for button in app.get("download_button")]
    assert {"labels.csv", "labels.parquet"} <= set(offered)


def test_export__nothing_matches(sqlite_workspace: Workspace, drawn: Path):
    arrange.import_folder(sqlite_workspace, drawn)
    app = visit(PAGE, tab="Export", export_split="test")
    assert "No image matches." in app.info[0].value


def test_history__empty(sqlite_workspace: Workspace):
    app = visit(PAGE, tab="History")
    assert "Nothing has changed yet." in words(app)


def test_history__tells_who_and_what_and_undoes(sqlite_workspace: Workspace, drawn: Path):
    arrange.import_folder(sqlite_workspace, drawn)
    asset = arrange.list_all(sqlite_workspace)[0]
    arrange.relabel_one(sqlite_workspace, asset, "stripe")
    app = visit(PAGE, tab="History")
    assert "Import of 12 images from drawn" in words(app)
    assert "Revision 2 · 1 image · tester" in words(app)
    app.button(key="undo-revision-2").click()
    app.run()
    assert asset_list.get_asset(sqlite_workspace, asset.asset_id).label_name == asset.label_name
    assert "undone by 3" in words(app)
    assert "undo-revision-2" not in [button.key for button in app.button]


def test_history__an_undo_in_conflict_names_the_images(sqlite_workspace: Workspace, drawn: Path):
    arrange.import_folder(sqlite_workspace, drawn)
    asset = arrange.list_all(sqlite_workspace)[0]
    arrange.relabel_one(sqlite_workspace, asset, "stripe")
    label_edits.relabel(sqlite_workspace, [asset.asset_id], None, actor=Actor("grace"))
    app = visit(PAGE, tab="History")
    app.button(key="undo-revision-2").click()
    app.run()
    assert "Nothing was undone: 1 image was changed since and left as they are." in words(app)
    [door] = [query for name, query in links(app).items() if "grace changed this" in name]
    assert door.startswith("text=drawn%2Ftrain%2Fcircle")
    press(app, "Understood")
    assert "Nothing was undone" not in words(app)


def test_history__a_renamed_class_can_be_named_back(sqlite_workspace: Workspace, drawn: Path):
    arrange.import_folder(sqlite_workspace, drawn)
    label_id = arrange.class_id(sqlite_workspace, "circle")
    classes.rename_class(sqlite_workspace, label_id, "disc", actor=Actor("tester"))
    app = visit(PAGE, tab="History")
    assert "Circle renamed to disc" in words(app)
    app.button(key=f"undo-revision-{history.latest_revision_id(sqlite_workspace)}").click()
    app.run()
    assert asset_list.count_assets(sqlite_workspace, AssetFilter(label=label_id)) == 4
    assert arrange.class_id(sqlite_workspace, "circle") == label_id
