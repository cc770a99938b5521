"""Saved views and assignments on the gallery page."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.records import Asset, AssetFilter
from forge_core.catalog.editing import assignments, label_edits
from forge_core.catalog.listing import saved_views
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.pages.test_gallery_page import mounted, open_page


@pytest.fixture
def assets(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 drawn images, the first of them without a label."""
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn")
    assets = arrange.list_all(sqlite_workspace)
    label_edits.relabel(sqlite_workspace, [assets[0].asset_id], None, actor=Actor("Ben"))
    return assets


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_a_view__is_saved_opened_renamed_and_removed(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    app = open_page(split="none", side_max="64", sort="path")
    app.text_input(key="views_name").set_value("Small ones")
    press(app, "Save view")
    (view,) = saved_views.list_views(sqlite_workspace)
    assert view.query == {"split": "none", "side_max": "64", "sort": "path"}
    assert view.author == "tester"
    app = open_page(label="none", review="none")
    press(app, "Small ones")
    assert {name: app.query_params[name] for name in view.query} == view.query
    assert not {"label", "review"} & set(app.query_params)
    app.button(key=f"views_rename_{view.view_id}").click().run()
    app.text_input(key="views_new_name").set_value("Tiny ones")
    press(app, "Rename")
    assert [v.name for v in saved_views.list_views(sqlite_workspace)] == ["Tiny ones"]
    app.button(key=f"views_remove_{view.view_id}").click().run()
    press(app, "Keep")
    assert saved_views.list_views(sqlite_workspace)
    app.button(key=f"views_remove_{view.view_id}").click().run()
    press(app, "Remove")
    assert not saved_views.list_views(sqlite_workspace)
    assert mounted(app)


def test_a_view__of_a_taken_name_or_of_everything_is_refused_in_words(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    saved_views.save_view(sqlite_workspace, "To do", {"label": "none"}, actor=Actor("Ana"))
    app = open_page(label="any")
    app.text_input(key="views_name").set_value("to do")
    press(app, "Save view")
    assert "already, saved by Ana" in app.error[0].value
    app = open_page()
    app.text_input(key="views_name").set_value("all")
    press(app, "Save view")
    assert "nothing to save" in app.error[0].value
    assert len(saved_views.list_views(sqlite_workspace)) == 1


def test_a_view__that_asks_for_what_is_gone_is_explained(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    query = {"run": "9", "disagrees": "yes"}
    saved_views.save_view(sqlite_workspace, "Doubts", query, actor=Actor("Ana"))
    app = press(open_page(), "Doubts")
    assert "no run 9" in app.error[0].value
    press(app, "Clear filters")
    assert mounted(app)


def test_assign__says_who_gets_how_many_and_does_it(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    assignments.assign(sqlite_workspace, AssetFilter(text="square_"), ["Ben"], actor=Actor("Ana"))
    app = open_page(split="none")
    app.button(key="filters_assign").click().run()
    said = "\n".join(element.value for element in app.markdown)
    assert "12 images match the filters. 4 of them are somebody's already" in said
    assert app.button(key="assign_now").disabled
    app.multiselect(key="assign_persons").set_value(["Ben", "tester"]).run()
    assert any(c.value.startswith("Ben gets 6, tester gets 6.") for c in app.caption)
    app.button(key="assign_now").click().run()
    assert app.success[0].value == "12 images assigned."
    counts = [(c.person, c.num_images) for c in assignments.list_counts(sqlite_workspace)]
    assert counts == [("Ben", 6), ("tester", 6)]
    press(app, "Ben: 6, 1 unlabelled")
    assert app.query_params["assigned"] == "Ben"
    assert "split" not in app.query_params
    assert not [b for b in app.button if b.key == "assign_now"]  # the dialog is gone


def test_assign__takes_back_what_matches(sqlite_workspace: Workspace, assets: list[Asset]):
    assignments.assign(sqlite_workspace, AssetFilter(), ["Ben"], actor=Actor("Ana"))
    app = open_page(assigned="Ben", text="circle_")
    app.button(key="filters_assign").click().run()
    app.button(key="assign_back").click().run()
    (count,) = assignments.list_counts(sqlite_workspace)
    assert count.num_images == 8


def test_mine__offers_the_own_slice_with_what_is_left(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    assert not [b for b in open_page().button if b.key == "chip_mine"]
    assignments.assign(
        sqlite_workspace, AssetFilter(text="circle_"), ["tester"], actor=Actor("Ana")
    )
    app = open_page(split="none")
    assert app.button(key="chip_mine").label == "Mine (1 left)"
    app.button(key="chip_mine").click().run()
    assert (app.query_params["assigned"], app.query_params["split"]) == ("tester", "none")
    assert not [b for b in app.button if b.key == "chip_mine"]
    assert mounted(app)
