"""Grid, film, compare and focus: four ways to look at one list with one selection."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from db.records import AssetFilter
from forge_core.catalog.editing import classes
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.servers import ForgeServer, running_server, visit

pytestmark = pytest.mark.browser

PARTS = {"film": 40, "comp": 9, "tiles": 6, "lost": 3, "stay": 230}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("density")
    workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws", user="anna"))
    for name, number in PARTS.items():
        drawn = arrange.draw_folder(folder / "drawn" / name, (name,), per_class=number)
        arrange.import_folder(workspace, drawn)
    for key, name in (("1", "cat"), ("2", "dog")):
        classes.create_class(workspace, name, actor=Actor("anna"), hotkey=key)
    return workspace


@pytest.fixture(scope="module")
def server(catalog: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    with running_server(catalog, tmp_path_factory.mktemp("log")) as server:
        yield server


def open_part(page: Page, server: ForgeServer, part: str) -> None:
    visit(page, f"{server.url}/gallery?text=/{part}_")
    expect(tile(page, 0)).to_be_visible(timeout=60_000)
    expect(page.locator(".count")).to_contain_text(" of ")


def tile(page: Page, position: int) -> Locator:
    return page.locator(f'.tile[data-position="{position}"]')


def labels_of(catalog: Workspace, part: str) -> list[str | None]:
    ids = reversed(asset_list.list_ids(catalog, AssetFilter(text=f"/{part}_")))
    return [asset_list.get_asset(catalog, asset_id).label_name for asset_id in ids]


def expect_saved(page: Page) -> None:
    expect(page.locator(".saved")).to_have_text("saved")


def test_film__large_beside_its_neighbours_and_remembered(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "film")
    page.keyboard.press("Shift+Space")
    expect(page.locator(".preview")).to_contain_text("1 of 40")
    strip, large = page.locator(".viewport").bounding_box(), page.locator(".preview").bounding_box()
    assert strip is not None
    assert large is not None
    assert large["x"] + large["width"] <= strip["x"]
    page.keyboard.press("1")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".preview")).to_contain_text("3 of 40")
    tile(page, 3).click()
    expect(page.locator(".selected-count")).to_have_text("1 selected")
    expect(page.locator(".preview")).to_contain_text("4 of 40")
    page.keyboard.press("2")
    expect_saved(page)
    assert labels_of(catalog, "film")[:5] == ["cat", None, None, "dog", None]

    page.keyboard.press("Space")  # one image alone, and back to the film
    expect(page.get_by_role("button", name="Focus")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Film")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(1_000)  # the choice is on its way to the catalog
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.locator(".preview")).to_contain_text(" of 40", timeout=60_000)
    page.keyboard.press("Shift+Space")
    expect(page.locator(".preview")).to_be_hidden()
    page.wait_for_timeout(1_000)


def test_compare__side_by_side_one_or_all_are_labelled(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "comp")
    page.keyboard.press("c")
    expect(page.locator(".toast")).to_have_text("Select two to six images to compare them.")
    for position in (1, 3, 4):
        tile(page, position).click(modifiers=["Control"])
    page.keyboard.press("c")
    panes = page.locator(".pane")
    expect(panes).to_have_count(3)
    expect(page.locator(".compare-words")).to_have_text("3 images · keys label all 3")
    page.keyboard.press("2")
    expect(panes.locator(".name")).to_have_text(["dog", "dog", "dog"])

    page.keyboard.press("ArrowRight")
    expect(page.locator(".compare-words")).to_have_text("3 images · keys label number 1")
    page.keyboard.press("1")  # and on to the second
    expect(panes.locator(".name")).to_have_text(["cat", "dog", "dog"])
    expect(panes.nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("+")
    transforms = panes.locator("img").evaluate_all("all => all.map(i => i.style.transform)")
    assert transforms == ["translate(0px, 0px) scale(1.5)"] * 3
    page.keyboard.press("Control+ArrowRight")
    moved = panes.locator("img").evaluate_all("all => all.map(i => i.style.transform)")
    assert len(set(moved)) == 1
    assert re.match(r"translate\(-\d+(\.\d+)?px, 0px\) scale\(1\.5\)", moved[0])

    page.keyboard.press("z")  # the labels are undone and the images stay side by side
    expect(panes.locator(".name")).to_have_text(["dog", "dog", "dog"])
    page.keyboard.press("Escape")
    expect(page.locator(".compare-words")).to_have_text("3 images · keys label all 3")
    page.keyboard.press("Escape")
    expect(page.locator(".compare")).to_be_hidden()
    expect(page.locator(".selected-count")).to_have_text("3 selected")
    expect_saved(page)
    labels = labels_of(catalog, "comp")
    assert [labels[n] for n in (1, 3, 4)] == ["dog", "dog", "dog"]
    assert sum(label is not None for label in labels) == 3


def test_tiles__show_what_the_person_wants(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "tiles")
    page.keyboard.press("t")
    split = tile(page, 0).locator(".split")
    expect(split).to_have_text("train")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("checkbox", name="Split").uncheck()
    expect(split).to_be_hidden()
    high = tile(page, 0).bounding_box()
    page.get_by_role("checkbox", name="Label", exact=True).uncheck()
    low = tile(page, 0).bounding_box()
    assert high is not None
    assert low is not None
    assert low["height"] < high["height"]
    page.wait_for_timeout(1_000)  # the choice is on its way to the catalog
    page.reload()
    expect(tile(page, 0)).to_be_visible(timeout=60_000)
    expect(split).to_be_hidden()
    page.get_by_role("button", name="Show").click()
    page.get_by_role("checkbox", name="Split").check()
    page.get_by_role("checkbox", name="Label", exact=True).check()
    page.keyboard.press("Escape")
    expect(split).to_be_visible()
    page.wait_for_timeout(1_000)


def test_lost_file__is_told_in_words(
    catalog: Workspace, server: ForgeServer, browser_page: Page, console
):
    console.allowed += [r"status of 404"]
    newest = asset_list.list_assets(catalog, AssetFilter(text="/lost_")).assets[0]
    (catalog.settings.workspace_folder / "assets" / newest.file_path).unlink()
    page = browser_page
    page.route(f"**/thumbnails/{newest.asset_id}/**", lambda route: route.fulfill(status=404))
    open_part(page, server, "lost")
    words = f"The file of this image is missing: {newest.file_path}. forge verify finds it."
    expect(tile(page, 0)).to_contain_text("file missing")
    expect(tile(page, 0)).to_have_attribute("aria-label", re.compile("file missing"))
    expect(page.locator(".panel .big")).to_have_text(words)
    page.keyboard.press("Space")
    expect(page.locator(".preview .preview-image")).to_have_text(words)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".preview .preview-image img")).to_be_visible()


def test_undo_that_asks_again__stays_where_it_is(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "stay")
    viewport = page.locator(".viewport")
    viewport.evaluate("view => view.scrollTop = 4000")
    page.wait_for_timeout(300)
    shown = page.locator(".tile:not([hidden])").nth(20)
    shown.click()  # a tile that is drawn in reserve, out of sight, is scrolled to
    position = shown.get_attribute("data-position")
    before = viewport.evaluate("view => view.scrollTop")
    page.locator(".remove").click()
    expect_saved(page)
    page.evaluate("sessionStorage.clear()")
    page.keyboard.press("z")
    expect_saved(page)
    expect(page.locator(".tile.focused")).to_have_attribute("data-position", str(position))
    assert abs(viewport.evaluate("view => view.scrollTop") - before) < 400


def test_grid__does_not_jump_whatever_is_done(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "stay")
    viewport = page.locator(".viewport")
    viewport.evaluate("view => view.scrollTop = 3000")
    page.wait_for_timeout(300)
    shown = page.locator(".tile:not([hidden])").nth(14)
    shown.click()
    place = page.locator(".tile.focused").get_attribute("data-position")
    seen = page.locator(f'.tile[data-position="{place}"]')
    page.wait_for_timeout(300)
    before, top = seen.bounding_box(), viewport.evaluate("view => view.scrollTop")
    assert before is not None
    for key in ("t", "Shift+Enter", "n", "n", "m", "Enter", "z"):
        page.keyboard.press(key)  # the note of m takes its Enter
    expect_saved(page)
    assert viewport.evaluate("view => view.scrollTop") == top
    for key in ("+", "-", "Shift+Space", "Shift+Space"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("checkbox", name="Label", exact=True).click()
    page.get_by_role("checkbox", name="Label", exact=True).click()
    expect(seen).to_be_in_viewport()
    expect(page.locator(".tile.focused")).to_have_attribute("data-position", str(place))
    page.wait_for_timeout(1_000)
