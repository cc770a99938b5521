"""What a person waits for, measured in a real browser: on our gallery, and on one of widgets."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from benchmarks import gallery_tab
from benchmarks.catalog import summary
from db.records import AssetFilter
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.workspace import Workspace

PROBE = Path(__file__).with_name("gallery_probe.js")
VIEWPORT = {"width": 1920, "height": 1080}
NUM_PAINTED = 100
NUM_NEW = 90
"""A screen further, a line or two of the screen before may be seen again."""
NUM_NATIVE = 40
"""Of its hundred, widgets leave room for about so many on the screen."""
SMALL_TILES = "localStorage.setItem('vision-forge.tile', '72');"
LABEL_KEYS = "12345678"
OURS = {"selector": ".tile:not([hidden]) .picture img", "tile": ".tile:not([hidden])"}
NATIVE = {"selector": '[data-testid="stImage"] img, [data-testid="stImageContainer"] img'}
WAIT = 60_000


def open_page(browser: Browser) -> Page:
    """A page with the probe, in a profile of its own."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(WAIT)
    context.add_init_script(SMALL_TILES)
    context.add_init_script(path=PROBE)
    return context.new_page()


# -- our gallery ---------------------------------------------------------------------------


def our_navigation(page: Page, url: str, times: int) -> list[float]:
    """From a click on Gallery, on another page, to 100 painted thumbnails."""
    page.goto(f"{url}/import", wait_until="commit")
    return _navigate(page, times, link="Gallery", back="Import & export", what=OURS)


def our_next_pages(page: Page, url: str, times: int) -> list[float]:
    """From PageDown to a screen of other thumbnails, all painted; a person looks for a moment."""
    open_gallery(page, url)
    page.keyboard.press("PageDown")  # to the bottom of the first screen
    found = []
    for _ in range(times):
        page.wait_for_timeout(400)
        before = page.evaluate("s => probe.pictures(s).map(image => image.src)", OURS["selector"])
        page.evaluate("probe.keys.length = 0")
        page.keyboard.press("PageDown")
        shown = page.evaluate(
            "given => probe.painted(given)", {**OURS, "wanted": NUM_NEW, "before": before}
        )
        found.append(shown - page.evaluate("probe.keys[0].at"))
    return found


def our_keys(page: Page, url: str, times: int) -> dict[str, Any]:
    """Labels at ten a second: the handler, the next frame, and the answer of the server."""
    open_gallery(page, url, "?label=none")  # so that each key is a change
    page.evaluate("probe.afterKeys()")
    page.evaluate("probe.keys.length = probe.answers.length = 0")
    start = time.perf_counter()
    for number in range(times):
        page.keyboard.press(LABEL_KEYS[(number * 3 + number // 8) % len(LABEL_KEYS)])
        left = start + 0.1 * (number + 1) - time.perf_counter()
        page.wait_for_timeout(max(0.0, 1000 * left))
    page.locator(".saved", has_text="saved").wait_for()
    took = time.perf_counter() - start
    keys = page.evaluate("probe.keys")
    answers = [at for _, at in page.evaluate("probe.answers")]
    assert len(answers) == len(keys) == times, f"{len(answers)} answers to {len(keys)} keys"
    return {
        "labels_per_second": round(times / took, 1),
        "keys": len(keys),
        "handler": summary([key["ended"] - key["started"] for key in keys]),
        "next_frame": summary([key["shown"] - key["at"] for key in keys]),
        "committed": summary([at - key["at"] for key, at in zip(keys, answers, strict=True)]),
    }


def our_scrolling(url: str, folder: Path, images: int) -> dict[str, Any]:
    """Scroll over so many thumbnails in a browser of its own (see `gallery_tab`)."""
    with gallery_tab.open_tab(folder, VIEWPORT["width"], VIEWPORT["height"]) as tab:
        tab.send("Page.enable")
        for script in (SMALL_TILES, PROBE.read_text()):
            tab.send("Page.addScriptToEvaluateOnNewDocument", source=script)
        tab.send("Page.navigate", url=f"{url}/gallery")
        time.sleep(1)
        painted = json.dumps({**OURS, "wanted": NUM_NEW, "limit": WAIT})
        tab.evaluate(f"probe.painted({painted})")
        time.sleep(1)
        return gallery_tab.scroll(tab, images)


def open_gallery(page: Page, url: str, query: str = "") -> None:
    """The gallery at its start, painted and at rest."""
    page.goto(f"{url}/gallery{query}", wait_until="commit")
    page.locator(".tile").first.wait_for()
    page.evaluate("given => probe.painted(given)", {**OURS, "wanted": NUM_PAINTED})
    page.wait_for_timeout(1_000)


# -- the same with widgets -------------------------------------------------------------------


def native_navigation(page: Page, url: str, times: int) -> list[float]:
    """From a click on Grid to 100 images, of which all on screen are painted."""
    page.goto(url, wait_until="commit")
    return _navigate(page, times, link="Grid", back="Start", what=NATIVE)


def native_next_pages(page: Page, url: str, times: int) -> list[float]:
    """From a click on Next to a screen of other images."""
    open_native(page, url)
    found = []
    for _ in range(times):
        page.wait_for_timeout(400)
        before = page.evaluate("s => probe.pictures(s).map(image => image.src)", NATIVE["selector"])
        page.get_by_role("button", name="Next").click()
        shown = page.evaluate(
            "given => probe.painted(given)", {**NATIVE, "wanted": NUM_NATIVE, "before": before}
        )
        found.append(shown - page.evaluate("probe.clicked"))
    return found


def native_labels(page: Page, url: str, workspace: Workspace, times: int) -> dict[str, Any]:
    """From a choice in the box of an image to the catalog; the next one only when it is there."""
    open_native(page, url)
    newest = asset_list.list_assets(workspace, AssetFilter(), limit=times).assets
    found = []
    for place, _ in enumerate(newest):
        box = page.locator('[data-testid="stSelectbox"] input').nth(place)
        before = history.latest_revision_id(workspace)
        option = page.locator('[role="option"]:not([aria-selected="true"])').nth(1 + place % 5)
        _open_options(page, box, option)
        start = time.perf_counter()
        option.click()
        with suppress(TimeoutError):
            _wait_until(lambda before=before: history.latest_revision_id(workspace) > before)
            found.append(1000 * (time.perf_counter() - start))
    return {"committed": summary(found), "labels": len(found)}


def _open_options(page: Page, box: Locator, option: Locator) -> None:
    """Open a box; the page that is drawn anew after the choice before may close it again."""
    for _ in range(10):
        page.wait_for_timeout(1_000)
        box.click()
        with suppress(PlaywrightTimeout):
            option.wait_for(timeout=3_000)
            return
        page.keyboard.press("Escape")
    option.wait_for(timeout=1)


def open_native(page: Page, url: str) -> None:
    """The grid of widgets, painted and at rest."""
    page.goto(f"{url}/grid", wait_until="commit")
    page.locator(NATIVE["selector"]).first.wait_for()
    page.evaluate("given => probe.painted(given)", {**NATIVE, "wanted": NUM_NATIVE})
    page.wait_for_timeout(1_000)


# -- both --------------------------------------------------------------------------------------


def _navigate(page: Page, times: int, *, link: str, back: str, what: dict[str, Any]) -> list[float]:
    """Go to and fro by the links of the navigation, each time with an empty browser cache."""
    wanted = NUM_PAINTED if what is OURS else NUM_NATIVE
    session = page.context.new_cdp_session(page)
    navigation = page.get_by_role("navigation")
    navigation.get_by_role("link", name=link).wait_for()
    found = []
    for _ in range(times + 1):
        page.wait_for_timeout(700)
        session.send("Network.clearBrowserCache")
        navigation.get_by_role("link", name=link).click()
        shown = page.evaluate("given => probe.painted(given)", {**what, "wanted": wanted})
        found.append(shown - page.evaluate("probe.clicked"))
        page.wait_for_timeout(300)
        navigation.get_by_role("link", name=back).click()
        page.locator(what["selector"]).first.wait_for(state="detached")
    return found[1:]  # the first loads scripts


def _wait_until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.perf_counter() + seconds
    while not is_true():
        if time.perf_counter() > end:
            raise TimeoutError
        time.sleep(0.001)


def close(page: Page) -> None:
    """The page with its profile."""
    context: BrowserContext = page.context
    context.close()
