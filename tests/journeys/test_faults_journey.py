"""Faults while a person labels: none may lose a label, double it, or put it on another image.

Each test compares what was pressed on the images with the catalog's own changes. The suite has
short versions; `make chaos` sets FORGE_TEST_KILLS, FORGE_TEST_CUT_SECONDS and
FORGE_TEST_LOCK_SECONDS for the long ones.
"""

import itertools
import os
import random
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, Playwright, Route, expect

from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.conftest import Console
from tests.journeys.labelling import (
    CLASS_BY_KEY,
    LOST_SERVER,
    NUM_IMAGES,
    check_ledger,
    expect_saved,
    label_for,
    open_part,
    press_some,
)
from tests.journeys.ledger import Ledger, stored_labels
from tests.journeys.odd_browsers import SHIFTED_CLOCK, own_browser
from tests.journeys.servers import ForgeServer, running_server

pytestmark = pytest.mark.browser

SERVER_KILLS = int(os.environ.get("FORGE_TEST_KILLS", "2"))
CUT_SECONDS = float(os.environ.get("FORGE_TEST_CUT_SECONDS", "4"))
LOCK_SECONDS = float(os.environ.get("FORGE_TEST_LOCK_SECONDS", "3"))
NUM_BULK = 200
PARTS = ("kills", "cut", "answers", "tabs", "outbox", "locked", "clock", "pace", "reload", "late")
"""One class of images a test, so that the tests can share a server."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("journey")
    workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws", user="anna"))
    arrange.import_folder(
        workspace, arrange.draw_folder(folder / "drawn", PARTS, per_class=NUM_IMAGES)
    )
    arrange.import_folder(
        workspace, arrange.draw_folder(folder / "many", ("bulk",), per_class=NUM_BULK)
    )
    for key, name in CLASS_BY_KEY.items():
        classes.create_class(workspace, name, actor=Actor("anna"), hotkey=key)
    return workspace


@pytest.fixture(scope="module")
def server(catalog: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    with running_server(catalog, tmp_path_factory.mktemp("log")) as server:
        yield server


@pytest.fixture
def ledger(catalog: Workspace) -> Ledger:
    return Ledger(catalog, CLASS_BY_KEY)


def test_server_killed_again_and_again__while_labelling(
    catalog: Workspace, server: ForgeServer, browser_page: Page, console: Console, ledger: Ledger
):
    console.allowed += LOST_SERVER
    page = browser_page
    ledger.open(page)
    open_part(page, server, "kills")
    chosen = random.Random(41)

    def kill_and_start() -> None:
        for _ in range(SERVER_KILLS):
            time.sleep(chosen.uniform(0.1, 1.5))
            server.stop(kill=True)
            time.sleep(chosen.uniform(0, 0.5))
            server.start()

    killer = threading.Thread(target=kill_and_start)
    killer.start()
    keys = random.Random(42)
    while killer.is_alive():
        press_some(page, keys)
        page.wait_for_timeout(40)
    killer.join()
    label_for(page, 1, seed=43)
    check_ledger(ledger, page, "kills")
    assert ledger.ignored <= SERVER_KILLS  # labelling goes on without a server


def test_network_cut__for_a_while(
    catalog: Workspace,
    server: ForgeServer,
    browser_page: Page,
    browser_context: BrowserContext,
    console: Console,
    ledger: Ledger,
):
    console.allowed += LOST_SERVER
    page = browser_page
    ledger.open(page)
    open_part(page, server, "cut")
    label_for(page, 0.5, seed=51)
    browser_context.set_offline(True)
    label_for(page, CUT_SECONDS, seed=52)
    expect(page.locator(".saved")).to_have_text(re.compile(r"offline, \d+ kept"))
    browser_context.set_offline(False)
    label_for(page, 0.5, seed=53)
    check_ledger(ledger, page, "cut")


def test_lost_answers__what_was_applied_already_is_not_applied_again(
    catalog: Workspace, server: ForgeServer, browser_page: Page, console: Console, ledger: Ledger
):
    """The request arrives, the answer does not: the page cannot know and must send again."""
    console.allowed += LOST_SERVER
    page = browser_page
    ledger.open(page)
    open_part(page, server, "answers")
    chosen = random.Random(61)
    lost = 0

    def lose_half(route: Route) -> None:
        nonlocal lost
        if chosen.random() < 0.5:
            route.continue_()
            return
        answer = page.request.fetch(route.request)
        assert answer.ok
        lost += 1
        route.abort()

    page.route("**/forge-api/**/operations", lose_half)
    label_for(page, 3, seed=62)
    page.unroute_all(behavior="wait")
    check_ledger(ledger, page, "answers")
    assert lost > 0


def test_late_rows__do_not_paint_an_old_label_over_a_new_one(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    """What the page asks about others' changes was read before its own, and arrives after it."""
    page = browser_page
    ids = open_part(page, server, "late")
    held: list[tuple[Route, APIResponse]] = []
    page.route(
        "**/forge-api/**/assets/now**",
        lambda route: held.append((route, page.request.fetch(route.request))),
    )
    other = asset_list.get_asset(catalog, ids[5]).asset_id
    label_edits.relabel(catalog, [other], arrange.class_id(catalog, "wolf"), actor=Actor("Berta"))
    while not held:
        page.wait_for_timeout(50)
    page.keyboard.press("1")
    expect_saved(page)
    (route, answer) = held[0]
    route.fulfill(response=answer)
    expect(page.locator('.tile[data-position="5"] .name')).to_have_text("wolf")
    assert page.locator('.tile[data-position="0"] .name').inner_text() == "cat"
    page.unroute_all(behavior="ignoreErrors")


def test_reloads__while_changes_are_on_their_way(
    catalog: Workspace, server: ForgeServer, browser_page: Page, console: Console, ledger: Ledger
):
    console.allowed += LOST_SERVER
    page = browser_page
    ledger.open(page)
    for turn in range(3):
        open_part(page, server, "reload")
        label_for(page, 0.6, seed=70 + turn, every_ms=5)
        ledger.collect(page)
    open_part(page, server, "reload")
    check_ledger(ledger, page, "reload")


def test_two_tabs__on_the_same_image_show_both_values(
    catalog: Workspace,
    server: ForgeServer,
    browser_page: Page,
    browser_context: BrowserContext,
    console: Console,
):
    console.allowed += LOST_SERVER
    since = history.latest_revision_id(catalog)
    first, second = browser_page, browser_context.new_page()
    console.watch(second)
    ids = open_part(first, server, "tabs")
    assert open_part(second, server, "tabs") == ids
    second.route("**/forge-api/**", lambda route: route.abort())  # so it cannot know of the first
    for key in "11111":
        first.keyboard.press(key)
    expect_saved(first)
    for key in "221":
        second.keyboard.press(key)
    expect(second.locator(".saved")).to_have_text("offline, 3 kept")
    second.unroute("**/forge-api/**")

    bar = second.locator(".conflict")
    for keep in (True, False):
        expect(bar).to_contain_text(re.compile("labelled this ‘cat’ .*; you chose ‘dog’."))
        bar.get_by_role("button", name="Keep cat" if keep else "Use dog", exact=True).click()
    expect(bar).to_be_hidden()
    expect_saved(second)
    assert stored_labels(catalog, since) == {
        ids[0]: ["cat"],
        ids[1]: ["cat", "dog"],
        **{asset_id: ["cat"] for asset_id in ids[2:5]},  # the third was wanted by both
    }
    for page in (first, second):
        expect(page.locator('.tile[data-position="0"] .name')).to_have_text("cat")
        expect(page.locator('.tile[data-position="1"] .name')).to_have_text("dog")


def test_killed_browser__has_its_full_outbox_when_it_is_opened_again(
    catalog: Workspace,
    server: ForgeServer,
    playwright_driver: Playwright,
    console: Console,
    ledger: Ledger,
    tmp_path: Path,
):
    console.allowed += LOST_SERVER
    with own_browser(playwright_driver, tmp_path) as (process, page):
        console.watch(page)
        ledger.open(page)
        ids = open_part(page, server, "outbox")
        server.stop(kill=True)
        for key in itertools.islice(itertools.cycle("123"), 20):
            page.keyboard.press(key)
        expect(page.locator(".saved")).to_have_text("offline, 20 kept")
        ledger.collect(page)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    server.start()
    with own_browser(playwright_driver, tmp_path) as (_, page):
        console.watch(page)
        assert open_part(page, server, "outbox") == ids
        expect(page.locator('.tile[data-position="1"] .name')).to_have_text("dog")
        check_ledger(ledger_of(page, ledger), page, "outbox")


def ledger_of(page: Page, ledger: Ledger) -> Ledger:
    """The same ledger on a page that notes nothing."""
    page.evaluate("() => { window.takePressedKeys = () => []; }")
    return ledger


def test_locked_database__by_another_writer(
    catalog: Workspace, server: ForgeServer, browser_page: Page, ledger: Ledger
):
    page = browser_page
    ledger.open(page)
    open_part(page, server, "locked")
    label_for(page, 0.3, seed=81)
    expect_saved(page)
    writer = sqlite3.connect(str(catalog.database.url.database), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        label_for(page, LOCK_SECONDS, seed=82)
        expect(page.locator(".saved")).to_have_text(re.compile(r"saving \d+|offline, \d+ kept"))
        assert page.request.get(f"{server.url}/_stcore/health").ok  # who reads is not held up
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    label_for(page, 0.3, seed=83)
    check_ledger(ledger, page, "locked")


HOUR = 3_600_000
DAY = 24 * HOUR


def test_clock_changes__of_the_person_by_hours_and_days(
    catalog: Workspace, server: ForgeServer, browser_page: Page, console: Console, ledger: Ledger
):
    console.allowed += LOST_SERVER
    page = browser_page
    page.add_init_script(SHIFTED_CLOCK)
    ledger.open(page)
    open_part(page, server, "clock")
    for turn, shift in enumerate([HOUR, -2 * HOUR, HOUR, DAY, -2 * DAY, DAY]):
        page.evaluate("(ms) => shiftClock(ms)", shift)
        label_for(page, 0.4, seed=90 + turn)
        expect_saved(page)  # neither the token nor a retry waits for the clock

    # A full outbox with changes from before and after the clock went back keeps its order.
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('no network')); }")
    page.keyboard.press("Home")
    now = page.locator('.tile[data-position="0"] .name').inner_text()
    for key in "213" if now == "cat" else "123":
        page.keyboard.press(key)
        page.keyboard.press("Home")
        page.evaluate("(ms) => shiftClock(ms)", -DAY)
    expect(page.locator(".saved")).to_have_text("offline, 3 kept")
    ledger.collect(page)
    open_part(page, server, "clock")  # nothing could be sent when the page was left
    expect(page.locator('.tile[data-position="0"] .name')).to_have_text("wolf")
    check_ledger(ledger, page, "clock")


def test_clock_changes__the_pace_does_not_follow_them(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    page.add_init_script(SHIFTED_CLOCK)
    open_part(page, server, "pace")
    page.keyboard.press("Space")
    for key in "123":
        page.keyboard.press(key)
    expect(page.locator(".pace")).to_contain_text("3 a minute")
    for shift in (HOUR, -2 * HOUR):
        page.evaluate("(ms) => shiftClock(ms)", shift)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".pace")).to_contain_text("3 a minute")
    expect_saved(page)


def test_bulk_of_200__with_one_removed_meanwhile_changes_199_and_says_so(
    catalog: Workspace, server: ForgeServer, browser_page: Page, console: Console
):
    console.allowed.append(r"ERR_FAILED.*forge-api/.*/revision")
    since = history.latest_revision_id(catalog)
    page = browser_page
    ids = open_part(page, server, "bulk", NUM_BULK)
    page.route("**/forge-api/**/revision", lambda route: route.abort())  # it has not looked since
    page.keyboard.press("Control+a")
    expect(page.locator(".selected-count")).to_have_text(f"{NUM_BULK} selected")
    removed = asset_list.get_asset(catalog, ids[7]).asset_id
    label_edits.remove_assets(catalog, [removed], actor=Actor("Berta"))
    page.keyboard.press("1")
    expect(page.locator(".toast")).to_contain_text("1 image is no longer in the catalog")
    expect_saved(page)
    stored = stored_labels(catalog, since, author="anna")
    assert stored == {asset_id: ["cat"] for asset_id in ids if asset_id != ids[7]}
    (bulk,) = [r for r in history.list_revisions(catalog, limit=10) if r.author == "anna"][:1]
    assert (bulk.kind, bulk.num_changes) == ("relabel", NUM_BULK - 1)
    expect(page.locator(".tile:not([hidden]) .name").first).to_have_text("cat")
    page.unroute("**/forge-api/**/revision")
    page.keyboard.press("z")  # and the undo of it takes back 199
    expect_saved(page)
    stored = stored_labels(catalog, since, author="anna")
    assert stored == {asset_id: ["cat", None] for asset_id in ids if asset_id != ids[7]}
