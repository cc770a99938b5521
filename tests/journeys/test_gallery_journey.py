"""Select, change many at once, and see what others do, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from db.records import AssetFilter
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.conftest import CHROMIUM_FLAGS, Console, find_headless
from tests.journeys.servers import ForgeServer, running_server, visit

pytestmark = pytest.mark.browser

NUM_MANY = 230
"""More than the gallery loads at once."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("journey")
    workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws", user="anna"))
    for name, number in (
        ("many", NUM_MANY),
        ("box", 30),
        ("held", 4),
        ("others", 6),
        ("lan", 3),
        ("focus", 5),
        ("mark", 3),
        ("pairs", 2),
    ):
        drawn = arrange.draw_folder(folder / "drawn" / name, (name,), per_class=number)
        arrange.import_folder(workspace, drawn)
    for key, name in (("1", "cat"), ("2", "dog")):
        classes.create_class(workspace, name, actor=Actor("anna"), hotkey=key)
    return workspace


@pytest.fixture(scope="module")
def server(catalog: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    folder = tmp_path_factory.mktemp("log")
    hosts = "127.0.0.1,localhost,forge.test"
    with running_server(catalog, folder, FORGE_ALLOWED_HOSTS=hosts) as server:
        yield server


def open_part(page: Page, url: str, part: str) -> None:
    visit(page, f"{url}/gallery?text=/{part}_")
    expect(page.locator(".tile").first).to_be_visible(timeout=60_000)
    expect(page.locator(".count")).to_contain_text(" of ")


def part_ids(catalog: Workspace, part: str) -> list[str]:
    where = AssetFilter(text=f"/{part}_")
    return [str(asset_id) for asset_id in reversed(asset_list.list_ids(catalog, where))]


def count_of(catalog: Workspace, part: str, label: str) -> int:
    where = AssetFilter(text=f"/{part}_", label=arrange.class_id(catalog, label))
    return asset_list.count_assets(catalog, where)


def expect_saved(page: Page) -> None:
    expect(page.locator(".saved")).to_have_text("saved")


def test_select_all_that_match__labels_also_what_was_not_loaded(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server.url, "many")
    expect(page.locator(".count")).to_contain_text(f"{NUM_MANY} of ")
    page.keyboard.press("Control+a")
    expect(page.locator(".selected-count")).to_have_text("200 selected")
    page.get_by_role("button", name=f"Select all {NUM_MANY} that match").click()
    expect(page.locator(".selected-count")).to_have_text(f"all {NUM_MANY} that match")
    page.keyboard.press("2")
    expect(page.get_by_text(f"{NUM_MANY} images changed.")).to_be_visible()
    assert count_of(catalog, "many", "dog") == NUM_MANY
    expect(page.locator(".tile .name").first).to_have_text("dog")
    expect(page.locator(".selected-count")).to_be_hidden()
    page.keyboard.press("z")
    expect_saved(page)
    expect(page.locator(".tile .name").first).to_have_text("no label")
    assert asset_list.count_assets(catalog, AssetFilter(text="/many_", label="none")) == NUM_MANY


def test_box__selects_what_it_touches_and_can_be_inverted(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server.url, "box")
    first, sixth = (page.locator(f'.tile[data-position="{n}"]').bounding_box() for n in (0, 2))
    assert first is not None
    assert sixth is not None
    page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] / 2)
    page.mouse.down()
    page.mouse.move(sixth["x"] + 20, sixth["y"] + 30, steps=4)
    page.mouse.up()
    expect(page.locator(".selected-count")).to_have_text("3 selected")
    page.keyboard.press("n")
    expect(page.locator(".selected-count")).to_have_text("27 selected")
    page.keyboard.press("k")
    page.keyboard.press("1")
    expect(page.locator(".selected-count")).to_have_text("27 selected")  # kept, as the person set
    expect_saved(page)
    assert count_of(catalog, "box", "cat") == 27
    page.keyboard.press("k")


def test_held_out__is_locked_until_it_is_unlocked(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    ids = [asset_list.get_asset(catalog, name).asset_id for name in part_ids(catalog, "held")]
    label_edits.set_split(catalog, ids[:2], "held_out", actor=Actor("anna"))
    page = browser_page
    open_part(page, server.url, "held")
    page.keyboard.press("t")
    conflict = page.get_by_role("alertdialog")
    expect(conflict).to_contain_text("locked against moves")
    page.get_by_role("button", name="Leave it kept aside").click()
    expect(conflict).to_be_hidden()
    assert asset_list.get_asset(catalog, ids[0]).split_type == "held_out"
    page.keyboard.press("Home")
    page.keyboard.press("t")
    page.get_by_role("button", name="Unlock, use train").click()
    expect_saved(page)
    expect(page.locator('.tile[data-position="0"] .split')).to_have_text("train")
    assert asset_list.get_asset(catalog, ids[0]).split_type == "train"
    assert asset_list.get_asset(catalog, ids[1]).split_type == "held_out"


def test_others__their_changes_appear_without_a_reload(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    ids = [asset_list.get_asset(catalog, name).asset_id for name in part_ids(catalog, "others")]
    page = browser_page
    open_part(page, server.url, "others")
    page.wait_for_timeout(1_500)  # the gallery has looked once
    label_edits.relabel(catalog, ids[:1], arrange.class_id(catalog, "dog"), actor=Actor("ben"))
    label_edits.remove_assets(catalog, ids[1:2], actor=Actor("ben"))
    expect(page.locator('.tile[data-position="0"] .name')).to_have_text("dog")
    expect(page.locator('.tile[data-position="1"]')).to_have_class(re.compile(r"\bgone\b"))
    page.keyboard.press("Home")
    page.keyboard.press("1")  # the newest row was seen, so this is no conflict
    expect_saved(page)
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert asset_list.get_asset(catalog, ids[0]).label_name == "cat"


def test_plain_http_on_a_name__saves_as_well(
    catalog: Workspace, server: ForgeServer, playwright_driver: Playwright, console: Console
):
    flags = [*CHROMIUM_FLAGS, "--host-resolver-rules=MAP forge.test 127.0.0.1"]
    browser = playwright_driver.chromium.launch(executable_path=find_headless(), args=flags)
    try:
        page = browser.new_page()
        console.watch(page)
        open_part(page, f"http://forge.test:{server.port}", "lan")
        assert page.evaluate("isSecureContext") is False
        page.keyboard.press("1")
        page.keyboard.press("2")
        expect_saved(page)
        labels = [
            asset_list.get_asset(catalog, name).label_name for name in part_ids(catalog, "lan")
        ]
        assert labels == ["cat", "dog", None]
    finally:
        browser.close()


def test_focus__labels_and_moves_on_and_counts(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server.url, "focus")
    page.keyboard.press("Space")
    expect(page.locator(".place")).to_have_text("1 of 5")
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect(page.locator(".place")).to_have_text("3 of 5")
    expect(page.locator(".pace")).to_have_text("2 today · 2 a minute")
    page.locator(".pace").click()
    page.get_by_label("Labels today").fill("20")
    page.keyboard.press("Enter")
    expect(page.locator(".pace")).to_contain_text("2 of 20 today")
    page.keyboard.press("+")
    expect(page.locator(".preview-image")).to_have_class(re.compile("zoomed"))
    page.keyboard.press("ArrowRight")
    expect(page.locator(".preview-image")).not_to_have_class(re.compile("zoomed"))
    page.keyboard.press("Escape")
    expect(page.locator(".preview")).to_be_hidden()
    expect_saved(page)
    labels = [asset_list.get_asset(catalog, i).label_name for i in part_ids(catalog, "focus")]
    assert labels == ["dog", "cat", None, None, None]


def test_mark__a_note_is_kept_found_and_undone(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server.url, "mark")
    page.keyboard.press("m")
    page.get_by_label("Note").fill("a fox or a wolf?")
    page.keyboard.press("Enter")
    expect(page.locator('.tile[data-position="0"] .flag')).to_be_visible()
    expect_saved(page)
    (first, *others) = [asset_list.get_asset(catalog, i) for i in part_ids(catalog, "mark")]
    assert (first.review_state, first.review_note) == ("flagged", "a fox or a wolf?")
    assert [other.review_state for other in others] == [None, None]
    page.keyboard.press("z")
    expect(page.locator('.tile[data-position="0"] .flag')).to_be_hidden()
    expect_saved(page)
    assert asset_list.get_asset(catalog, first.asset_id).review_state is None


def test_keys__beyond_nine_classes_a_letter_and_a_digit(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    for number in range(10):
        classes.create_class(catalog, f"kind {number}", actor=Actor("anna"))
    page = browser_page
    open_part(page, server.url, "pairs")
    key = page.locator(".panel .class", has_text="kind 9").locator("kbd").inner_text()
    assert len(key) == 2
    page.keyboard.press(key[0])
    page.keyboard.press(key[1])
    expect(page.locator('.tile[data-position="0"] .name')).to_have_text("kind 9")
    expect_saved(page)
    first, second = (
        asset_list.get_asset(catalog, i).label_name for i in part_ids(catalog, "pairs")
    )
    assert (first, second) == ("kind 9", None)


def test_scroll_bar__is_of_the_whole_list_and_jumps_anywhere(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server.url, "many")
    ids = part_ids(catalog, "many")
    viewport = page.get_by_role("listbox", name="Images")
    expect(page.locator('.tile[data-position="0"]')).to_have_attribute(
        "aria-setsize", str(NUM_MANY)
    )
    viewport.evaluate("view => view.scrollTop = view.scrollHeight")
    last = page.locator(f'.tile[data-position="{NUM_MANY - 1}"]')
    expect(last).to_have_attribute("data-id", ids[-1])
    page.keyboard.press("End")
    page.keyboard.press("1")
    expect_saved(page)
    assert asset_list.get_asset(catalog, ids[-1]).label_name == "cat"
    page.keyboard.press("z")
    page.keyboard.press("Home")
    expect(page.locator('.tile[data-position="0"]')).to_have_attribute("data-id", ids[0])
