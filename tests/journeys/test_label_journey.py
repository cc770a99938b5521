"""Label with the keyboard in a real browser: nothing is lost, everything can be undone."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from db.records import Asset
from forge_core.api.middleware import HEADERS
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.conftest import Console
from tests.journeys.servers import ForgeServer, running_server, visit

pytestmark = pytest.mark.browser

PARTS = (
    "labelling",
    "conflict",
    "offline",
    "killed",
    "expired",
    "fast",
    "filters",
    "looking",
    "broken",
)
"""One class of images a test, so that the tests can share a server."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("journey")
    workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws", user="anna"))
    arrange.import_folder(workspace, arrange.draw_folder(folder / "drawn", PARTS, per_class=30))
    for key, name in (("1", "cat"), ("2", "dog"), ("3", "wolf")):
        classes.create_class(workspace, name, actor=Actor("anna"), hotkey=key)
    return workspace


@pytest.fixture(scope="module")
def server(catalog: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    with running_server(catalog, tmp_path_factory.mktemp("log")) as server:
        yield server


def open_gallery(page: Page, server: ForgeServer, part: str) -> list[str]:
    """Open the images of one part; returns the ids of the tiles in order."""
    visit(page, f"{server.url}/gallery?text=/{part}/")
    expect(page.locator(".tile").first).to_be_visible(timeout=60_000)
    expect(page.locator(".count")).to_contain_text("30 of 270")
    return tile_ids(page)


def tile_ids(page: Page) -> list[str]:
    return page.eval_on_selector_all(
        ".tile:not([hidden])",
        "tiles => tiles.sort((a, b) => a.dataset.position - b.dataset.position)"
        ".map(tile => tile.dataset.id)",
    )


def name_at(page: Page, position: int) -> Locator:
    return page.locator(f'.tile[data-position="{position}"] .name')


def expect_saved(page: Page) -> None:
    expect(page.locator(".saved")).to_have_text("saved", timeout=30_000)


def label_of(catalog: Workspace, asset_id: str) -> str | None:
    return asset_list.get_asset(catalog, asset_id).label_name


def key_of(page: Page, name: str) -> str:
    return page.locator(f'.panel .class[title="{name}"] kbd').inner_text()


def part_assets(catalog: Workspace, part: str) -> list[Asset]:
    return [asset for asset in arrange.list_all(catalog) if f"/{part}/" in asset.file_path]


def test_label__ten_images_by_keys_then_reload_then_undo(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    ids = open_gallery(page, server, "labelling")
    cat, dog = key_of(page, "cat"), key_of(page, "dog")
    for position in range(10):
        page.keyboard.press(cat if position % 2 else dog)
    expect_saved(page)
    wanted = ["cat" if position % 2 else "dog" for position in range(10)]
    assert [label_of(catalog, asset_id) for asset_id in ids[:10]] == wanted
    assert label_of(catalog, ids[10]) == "labelling"

    page.reload()
    expect(name_at(page, 0)).to_have_text("dog", timeout=30_000)
    shown = page.locator(".tile:not([hidden]) .name").all_inner_texts()
    assert shown.count("dog") == 5
    assert shown.count("cat") == 5

    for _ in range(10):  # the undo of a tab survives its reload
        page.keyboard.press("z")
    expect_saved(page)
    assert {label_of(catalog, asset_id) for asset_id in ids} == {"labelling"}
    page.keyboard.press("Shift+Z")
    expect_saved(page)
    assert label_of(catalog, ids[0]) == "dog"

    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".selected-count")).to_have_text("3 selected")
    page.keyboard.press("v")
    page.keyboard.press("0")
    expect_saved(page)
    for asset_id in ids[:3]:
        asset = asset_list.get_asset(catalog, asset_id)
        assert (asset.label_name, asset.split_type) == (None, "val")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("u")
    expect(page.locator(".tile.focused")).to_have_attribute("data-position", "0")


def test_label__a_new_class_from_the_picker(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    ids = open_gallery(page, server, "looking")
    page.keyboard.press("/")
    page.keyboard.type("lyn")
    expect(page.locator(".choice")).to_have_text("Create “lyn”")
    page.keyboard.press("Backspace")
    page.keyboard.type("nx cat")
    page.keyboard.press("Enter")
    expect(name_at(page, 0)).to_have_text("lynx cat")
    expect_saved(page)
    assert label_of(catalog, ids[0]) == "lynx cat"
    page.keyboard.press("l")
    page.keyboard.type("wo")
    expect(page.locator(".choice").first).to_contain_text("wolf")
    page.keyboard.press("Enter")
    expect_saved(page)
    assert label_of(catalog, ids[1]) == "wolf"

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of this page")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect(page.locator(".preview")).to_contain_text("lynx cat")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".preview")).to_contain_text("wolf")
    expect(page.locator(".past")).to_contain_text("looking → wolf")
    page.keyboard.press("Escape")
    expect(page.locator(".preview")).to_be_hidden()
    page.locator(".remove").click()
    expect(page.locator(".toast")).to_contain_text("removed from the catalog")
    expect_saved(page)
    assert len(part_assets(catalog, "looking")) == 29
    page.locator(".toast button").click()
    expect_saved(page)
    assert len(part_assets(catalog, "looking")) == 30


def test_conflict__both_values_are_shown_and_the_person_decides(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    ids = open_gallery(page, server, "conflict")
    dog = arrange.class_id(catalog, "dog")
    by_id = {str(asset.asset_id): asset.asset_id for asset in part_assets(catalog, "conflict")}
    label_edits.relabel(catalog, [by_id[i] for i in ids[:2]], dog, actor=Actor("Berta"))
    wolf = key_of(page, "wolf")
    page.keyboard.press(wolf)
    page.keyboard.press(wolf)
    bar = page.locator(".conflict")
    expect(bar).to_contain_text(re.compile("Berta labelled this ‘dog’ .*; you chose ‘wolf’."))
    assert label_of(catalog, ids[0]) == "dog"
    bar.get_by_role("button", name="Use wolf", exact=True).click()
    expect(bar).to_contain_text("Berta")
    bar.get_by_role("button", name="Keep dog", exact=True).click()
    expect(bar).to_be_hidden()
    expect_saved(page)
    assert [label_of(catalog, asset_id) for asset_id in ids[:2]] == ["wolf", "dog"]
    expect(name_at(page, 0)).to_have_text("wolf")
    expect(name_at(page, 1)).to_have_text("dog")


def test_offline__changes_are_kept_and_sent_when_the_network_is_back(
    catalog: Workspace,
    server: ForgeServer,
    browser_page: Page,
    browser_context: BrowserContext,
    console: Console,
):
    console.allowed += ["ERR_INTERNET_DISCONNECTED", "WebSocket", "ERR_NETWORK_CHANGED"]
    page = browser_page
    ids = open_gallery(page, server, "offline")
    cat = key_of(page, "cat")
    browser_context.set_offline(True)
    for _ in range(5):
        page.keyboard.press(cat)
    expect(page.locator(".saved")).to_have_text("offline, 5 kept")
    expect(name_at(page, 4)).to_have_text("cat")
    assert label_of(catalog, ids[0]) == "offline"
    browser_context.set_offline(False)
    expect_saved(page)
    assert {label_of(catalog, asset_id) for asset_id in ids[:5]} == {"cat"}
    assert label_of(catalog, ids[5]) == "offline"


def test_killed_server__changes_survive_in_the_browser_and_are_applied_once(
    catalog: Workspace,
    server: ForgeServer,
    browser_page: Page,
    browser_context: BrowserContext,
    console: Console,
):
    console.allowed += ["ERR_", "WebSocket"]  # killed before, while or after it answered
    page = browser_page
    ids = open_gallery(page, server, "killed")
    dog = key_of(page, "dog")
    page.keyboard.press(dog)
    expect_saved(page)
    server.stop(kill=True)
    page.keyboard.press(dog)
    page.keyboard.press(dog)
    expect(page.locator(".saved")).to_have_text("offline, 2 kept")
    page.close()  # and the tab is closed with a full outbox

    server.start()
    reopened = browser_context.new_page()
    console.watch(reopened)
    assert open_gallery(reopened, server, "killed") == ids
    expect_saved(reopened)
    deadline = time.monotonic() + 10
    while label_of(catalog, ids[2]) != "dog" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [label_of(catalog, asset_id) for asset_id in ids[:4]] == ["dog"] * 3 + ["killed"]
    for asset in part_assets(catalog, "killed"):
        changes = len(history.asset_history(catalog, asset.asset_id)) - 1
        assert changes == (1 if str(asset.asset_id) in ids[:3] else 0)
    expect(name_at(reopened, 2)).to_have_text("dog")


def test_expired_token__is_renewed_without_losing_a_change(
    catalog: Workspace, server: ForgeServer, browser_page: Page, console: Console
):
    console.allowed += ["401"]
    page = browser_page
    ids = open_gallery(page, server, "expired")
    cat = key_of(page, "cat")
    (catalog.folder / "secrets" / "api").unlink()  # no token and no cookie of before is good now
    page.keyboard.press(cat)
    page.keyboard.press(cat)
    expect_saved(page)
    assert [label_of(catalog, asset_id) for asset_id in ids[:3]] == ["cat", "cat", "expired"]


def test_fast_keys__none_is_lost_and_none_is_doubled(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    ids = open_gallery(page, server, "fast")
    keys = [key_of(page, name) for name in ("cat", "dog", "wolf")]
    for position in range(30):
        page.keyboard.press(keys[position % 3])
    expect_saved(page)
    wanted = ["cat", "dog", "wolf"] * 10
    assert [label_of(catalog, asset_id) for asset_id in ids] == wanted[: len(ids)]  # on screen
    for asset in part_assets(catalog, "fast"):
        assert len(history.asset_history(catalog, asset.asset_id)) == 2


def test_filters__live_in_the_address(catalog: Workspace, server: ForgeServer, browser_page: Page):
    page = browser_page
    label = arrange.class_id(catalog, "filters")
    visit(page, f"{server.url}/gallery?label={label}&split=none")
    expect(page.locator(".count")).to_contain_text("30 of 270", timeout=60_000)
    page.get_by_placeholder("Text in the path").fill("filters_01")
    expect(page).to_have_url(re.compile(r"text=filters_01"))
    expect(page.locator(".count")).to_contain_text("of 270")
    page.get_by_placeholder("Text in the path").fill("no such picture")
    expect(page.get_by_text("None of the 270 images matches these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear filters").last.click()
    expect(page.locator(".count")).to_contain_text("270 images")
    assert page.url.endswith("/gallery")
    page.get_by_role("button", name="More").first.click()
    page.get_by_role("tab", name="Picture").click()
    page.get_by_label("Shorter side to (px)").fill("9")
    page.get_by_label("Shorter side to (px)").press("Enter")
    expect(page).to_have_url(re.compile(r"side_max=9"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="shorter side up to 9 px").click()
    expect(page.locator(".count")).to_contain_text("270 images")
    assert page.url.endswith("/gallery")


def test_a_first_deep_visit__goes_through_the_shell(
    sqlite_workspace: Workspace, forge_server, browser_page: Page, tmp_path: Path
):
    server = forge_server(sqlite_workspace)
    answer = visit(browser_page, f"{server.url}/gallery")
    assert answer is not None
    for name, value in HEADERS.items():
        assert answer.headers[name.lower()] == value
    foreign = browser_page.request.get(f"{server.url}/gallery", headers={"Host": "evil.example"})
    assert foreign.status == 400
    expect(browser_page.get_by_text("No images yet.")).to_be_visible(timeout=60_000)
    expect(browser_page.locator(".st-key-header")).to_contain_text("0 images")
    expect(browser_page.get_by_role("navigation")).to_contain_text("Gallery")
    visit(browser_page, f"{server.url}/")
    expect(browser_page).to_have_url(re.compile("/gallery$"))
    browser_page.get_by_role("button", name="Use the demo").click()
    expect(browser_page.locator(".count")).to_contain_text("1,797 images", timeout=120_000)
    expect(browser_page.locator(".tile.tiny img").first).to_have_css("image-rendering", "pixelated")


def break_on_splits(route: Route) -> None:
    """Answer as a server does whose code has a fault in one kind of operation."""
    operations = json.loads(route.request.post_data or "")["operations"]
    if operations[0]["kind"] != "set_split":
        route.continue_()
        return
    results = [{"operation_id": one["operation_id"], "status": "failed"} for one in operations]
    results[0] |= {"message": "The server could not do this.", "error_id": "ab12cd34"}
    route.fulfill(json={"results": results})


def test_change_that_the_server_breaks_on__is_set_aside_in_sight_and_the_others_pass(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    ids = open_gallery(page, server, "broken")
    page.route("**/forge-api/**/operations", break_on_splits)
    page.keyboard.press("v")
    page.keyboard.press("1")
    expect(page.locator(".saved")).to_have_text("1 not saved")
    assert label_of(catalog, ids[1]) == "cat"
    notice = page.locator(".aside")
    expect(notice).to_contain_text("split ‘val’ of 1 image")
    expect(notice).to_contain_text("look for ab12cd34 in its log")
    expect(page.locator('.tile[data-position="0"] .split')).to_be_hidden()  # as it is, not as asked

    open_gallery(page, server, "broken")
    expect(notice).to_contain_text("ab12cd34")
    page.unroute_all(behavior="wait")
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_be_hidden()
    expect_saved(page)
    assert asset_list.get_asset(catalog, ids[0]).split_type == "val"
