"""Filters, views and work in a real browser: what is chosen stands in the address."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from db.records import AssetFilter
from forge_core.catalog.editing import assignments, label_edits
from forge_core.catalog.listing import asset_list, saved_views
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.journeys.servers import visit


def test_a_slice__is_named_divided_and_opened(
    sqlite_workspace: Workspace, forge_server, browser_page: Page, tmp_path: Path
):
    arrange.import_folder(sqlite_workspace, arrange.draw_folder(tmp_path / "drawn"))
    first = arrange.list_all(sqlite_workspace)[0]
    label_edits.relabel(sqlite_workspace, [first.asset_id], None, actor=Actor("Ben"))
    server = forge_server(sqlite_workspace)
    page = browser_page
    visit(page, f"{server.url}/gallery?author=tester&side_max=64&since=2026-01-01")
    expect(page.locator(".count")).to_contain_text("12", timeout=60_000)
    page.get_by_role("button", name="Views").click()
    page.get_by_placeholder("Name of the view").fill("Small ones")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("button", name="Small ones", exact=True)).to_be_visible()
    assert saved_views.find_view(sqlite_workspace, "small ones").query["side_max"] == "64"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(re.compile(r"/gallery$"))
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Small ones", exact=True).click()
    expect(page).to_have_url(re.compile(r"side_max=64"))
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Assign…").click()
    dialog = page.get_by_role("dialog")
    people = dialog.get_by_label("To").first
    for name in ("Ben", "Zoë"):
        people.click()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Ben gets 6, Zoë gets 6.")
    dialog.get_by_text("Who has what").or_(dialog.get_by_text("match the filters")).first.click()
    dialog.get_by_role("button", name="Assign 12 images").click()
    dialog.get_by_role("button", name="Ben: 6, 1 unlabelled").click()
    expect(dialog).not_to_be_visible()
    expect(page).to_have_url(re.compile(r"/gallery\?workspace=\w+&assigned=Ben$"))
    expect(page.locator(".count")).to_contain_text("6 of 12")
    expect(page.get_by_role("button", name="assigned to Ben")).to_be_visible()
    assert len(assignments.list_counts(sqlite_workspace)) == 2
    assert asset_list.count_assets(sqlite_workspace, AssetFilter(assigned="Zoë")) == 6
