"""Label as a person does, with class keys, and compare what was pressed with the catalog."""

import random
import time

from playwright.sync_api import Page, expect

from db.records import AssetFilter
from forge_core.catalog.listing import asset_list
from tests.journeys.ledger import Ledger, labels_now
from tests.journeys.servers import ForgeServer, visit

CLASS_BY_KEY = {"1": "cat", "2": "dog", "3": "wolf"}
LOST_SERVER = ["ERR_", "WebSocket", "Failed to fetch", "/static/js/"]
"""What the browser and Streamlit's own script say of a server that is away."""
NUM_IMAGES = 24


def open_part(page: Page, server: ForgeServer, part: str, number: int = NUM_IMAGES) -> list[str]:
    """Open the images of one part; returns their ids in the order of the page."""
    visit(page, f"{server.url}/gallery?text=/{part}_")
    expect(page.locator(".tile").first).to_be_visible(timeout=60_000)
    expect(page.locator(".count")).to_contain_text(f"{number} of ")
    ids = asset_list.list_ids(server.workspace, AssetFilter(text=f"/{part}_"))
    return [str(asset_id) for asset_id in reversed(ids)]


def expect_saved(page: Page) -> None:
    expect(page.locator(".saved")).to_have_text("saved", timeout=60_000)


def label_for(page: Page, seconds: float, seed: int, *, every_ms: int = 60) -> None:
    """Press class keys and some moves for so long, about sixteen a second."""
    chosen = random.Random(seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        press_some(page, chosen)
        page.wait_for_timeout(every_ms)


def press_some(page: Page, chosen: random.Random) -> None:
    page.keyboard.press(chosen.choice(["1", "2", "3", "1", "2", "3", "ArrowLeft"]))
    if chosen.random() < 0.06:
        page.keyboard.press("Home")


def check_ledger(ledger: Ledger, page: Page, part: str) -> None:
    expect_saved(page)
    ledger.collect(page)
    wanted = ledger.wanted(before=part)
    assert len(ledger.presses) > 10, "the test pressed next to nothing"
    stored = ledger.stored()
    different = {i for i in wanted.keys() | stored.keys() if wanted.get(i) != stored.get(i)}
    assert not different, "\n".join(f"{i}\n{wanted.get(i)}\n{stored.get(i)}" for i in different)
    ids = sorted(wanted)
    assert labels_now(ledger.workspace, ids) == [wanted[asset_id][-1] for asset_id in ids]
    for asset_id in page.eval_on_selector_all(
        ".tile:not([hidden])", "tiles => tiles.map(tile => tile.dataset.id)"
    ):
        name = page.locator(f'.tile[data-id="{asset_id}"] .name')
        expect(name).to_have_text(wanted.get(asset_id, [part])[-1])
