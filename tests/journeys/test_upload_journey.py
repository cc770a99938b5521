"""A folder chosen or dropped in the browser: through a cut, without a moment that is felt."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from forge_core.catalog.listing import asset_list
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.conftest import Console
from tests.journeys.servers import running_server

pytestmark = pytest.mark.browser

NUM_FILES = int(os.environ.get("FORGE_TEST_UPLOADS", "300"))
FELT_MS = float(os.environ.get("FORGE_TEST_LONGEST_TASK_MS", "1000"))
"""50 is promised on a machine that does nothing else; a busy one interrupts any task."""
WATCH_TASKS = """
(input) => {
  window.tasks = [];
  input.addEventListener("change", () => (window.chosen = performance.now()), true);
  new PerformanceObserver((list) => tasks.push(...list.getEntries())).observe({ type: "longtask" });
}
"""
LONGEST_TASK = """  // from the choice, which the browser makes by itself, to the last byte
() => {
  const asked = performance.getEntriesByType("resource");
  const end = asked.find(({ name }) => name.endsWith("/finish")).startTime;
  const before = tasks.filter(({ startTime }) => startTime > chosen && startTime < end);
  return Math.max(0, ...before.map(({ duration }) => duration));
}
"""
DROP = """
async ([name, bytes]) => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([Uint8Array.from(bytes)], name));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: dropped, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
  }
}
"""


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    return open_workspace(Settings(_env_file=None, workspace=tmp_path / "ws", user="anna"))


def photos(folder: Path) -> Path:
    """Files of one folder in two class folders, all different."""
    drawn = arrange.draw_image("circle", 1)
    for number in range(NUM_FILES):
        path = folder / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn.putpixel((0, 0), (number % 256, number // 256, 9))
        drawn.save(path)
    return folder


def test_a_folder__is_sent_through_a_cut_and_imported(
    empty: Workspace, tmp_path: Path, browser_page: Page, console: Console
):
    console.allowed.append("ERR_FAILED|ERR_INTERNET_DISCONNECTED")
    cuts: list[str] = []

    def cut_twice(route: Route) -> None:
        if len(cuts) < 2:
            cuts.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    with running_server(empty, tmp_path) as server:
        page = browser_page
        page.route("**/uploads/*/parts", cut_twice)
        page.goto(f"{server.url}/import")
        expect(page.get_by_role("button", name="Choose a folder")).to_be_visible()
        page.locator("input.folder").evaluate(WATCH_TASKS)
        page.locator("input.folder").set_input_files(photos(tmp_path / "photos"))
        take = page.get_by_role("button", name=f"Import {NUM_FILES:,} images")
        expect(take).to_be_enabled(timeout=120_000)
        assert len(cuts) == 2
        longest = page.evaluate(LONGEST_TASK)
        assert longest < FELT_MS
        expect(page.get_by_text("2 classes", exact=False).first).to_be_visible()
        take.click()
        added = page.get_by_text(f"{NUM_FILES:,} images added", exact=False)
        expect(added).to_be_visible(timeout=120_000)
    assert asset_list.list_sources(empty) == [("photos", NUM_FILES)]


def test_the_empty_gallery__takes_the_drop_that_it_promises(
    empty: Workspace, tmp_path: Path, browser_page: Page
):
    picture = tmp_path / "one.png"
    arrange.draw_image("circle", 1).save(picture)
    with running_server(empty, tmp_path) as server:
        page = browser_page
        page.goto(f"{server.url}/gallery")
        expect(page.get_by_text("Drop a folder here", exact=False)).to_be_visible()
        page.wait_for_selector(".st-key-gallery_drops .upload", state="attached")
        page.evaluate(DROP, ["one.png", list(picture.read_bytes())])
        expect(page.get_by_role("button", name="Import 1 image")).to_be_enabled()
