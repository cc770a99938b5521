"""Keys: the next and the previous image that is wanted, and keys that a person chooses."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from db.records import AssetFilter
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.servers import ForgeServer, running_server, visit

pytestmark = pytest.mark.browser

NUM_FAR = 900
"""Several pages of rows; the gallery loads 200 at once."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("keys")
    workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws", user="anna"))
    for name, number in (("far", NUM_FAR), ("own", 6)):
        drawn = arrange.draw_folder(folder / "drawn" / name, (name,), per_class=number, size=8)
        arrange.import_folder(workspace, drawn)
    cat = classes.create_class(workspace, "cat", actor=Actor("anna"), hotkey="1")
    far = list(reversed(asset_list.list_ids(workspace, AssetFilter(text="/far_"))))
    labelled = [asset_id for place, asset_id in enumerate(far) if place not in (3, 700)]
    label_edits.relabel(workspace, labelled, cat.label_id, actor=Actor("anna"))
    label_edits.relabel(workspace, [far[3], far[700]], None, actor=Actor("anna"))
    return workspace


@pytest.fixture(scope="module")
def server(catalog: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    with running_server(catalog, tmp_path_factory.mktemp("log")) as server:
        yield server


def open_part(page: Page, server: ForgeServer, part: str) -> None:
    visit(page, f"{server.url}/gallery?text=/{part}_")
    expect(page.locator('.tile[data-position="0"]')).to_be_visible(timeout=60_000)
    expect(page.locator(".count")).to_contain_text(" of ")


def focused(page: Page) -> Locator:
    return page.locator(".tile.focused")


def test_unlabelled__next_and_previous_across_rows_that_are_not_loaded(
    server: ForgeServer, browser_page: Page
):
    page = browser_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_part(page, server, "far")
    for key, place in (("u", 3), ("u", 700), ("u", 3), ("Shift+u", 700), ("Shift+u", 3)):
        page.keyboard.press(key)
        expect(focused(page)).to_have_attribute("data-position", str(place))
    pages = [url for url in asked if "/assets?" in url]
    assert len(pages) < NUM_FAR / 200, pages  # positions were asked for, not every row between
    page.keyboard.press("1")
    expect(page.locator(".saved")).to_have_text("saved")
    page.keyboard.press("u")
    expect(focused(page)).to_have_attribute("data-position", "700")
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_have_text("No other image here is without a label.")


def test_link__opens_at_the_image_and_the_view(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "far")
    page.keyboard.press("End")
    page.keyboard.press("Shift+Space")
    expect(page.locator(".preview")).to_contain_text(f"{NUM_FAR} of {NUM_FAR}")
    oldest = asset_list.list_ids(catalog, AssetFilter(text="/far_"))[0]
    page.wait_for_url(lambda url: "view=film" in url and f"image={oldest}" in url)
    other = page.context.new_page()
    visit(other, page.url.replace("view=film", "view=focus"))
    expect(other.locator(".preview .place")).to_have_text(f"{NUM_FAR} of {NUM_FAR}", timeout=60_000)
    page.keyboard.press("Shift+Space")
    page.wait_for_timeout(1_000)


def test_own_keys__work_are_shown_and_follow_the_person(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "own")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys of this page")
    train = dialog.locator('[data-command="split.train"]')
    train.click()
    page.keyboard.press("1")
    expect(dialog).to_contain_text("1 gives a class.")
    page.keyboard.press("e")
    expect(dialog).to_contain_text("e already is “test”, which would have no key then.")
    page.get_by_role("button", name="Use it here").click()
    expect(train).to_have_text("e")
    expect(dialog.locator('[data-command="split.test"]')).to_have_text("set")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    split = page.locator('.tile[data-position="0"] .split')
    expect(split).to_have_text("train")
    page.wait_for_timeout(1_000)  # the keys are on their way to the catalog

    page.evaluate("localStorage.clear()")
    page.reload()
    expect(split).to_have_text("train", timeout=60_000)
    expect(
        page.get_by_role("group", name="Split").get_by_role("button", name="train")
    ).to_have_attribute("title", "train (e)")
    page.keyboard.press("?")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(train).to_have_text("t")
    page.wait_for_timeout(1_000)
