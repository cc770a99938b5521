"""Start a run on Train and watch it in a real browser: the curve grows, nothing reloads."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from forge_core.runs import records
from forge_core.workspace import Workspace
from tests import arrange, ending
from tests.journeys.servers import ForgeServer, visit

pytestmark = pytest.mark.browser

EPOCHS = 25  # long enough to be looked at while it runs, also on a fast machine
START_MS = 120_000
TRAIN_MS = 300_000


@pytest.fixture
def server(
    sqlite_workspace: Workspace, tmp_path: Path, forge_server: Callable[..., ForgeServer]
) -> Iterator[ForgeServer]:
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=20, val=10, test=10)
    yield forge_server(sqlite_workspace)  # a warm process is a start, and steps back: see its test
    ending.end_jobs(sqlite_workspace)


def wait_for_points(page: Page, at_least: int) -> int:
    """Wait until the curve has so many epochs; returns how many it has."""
    page.wait_for_function(
        """wanted => {
            const find = (root) => root.querySelector('.live')
                ?? [...root.querySelectorAll('*')].map((e) => e.shadowRoot && find(e.shadowRoot))
                    .find(Boolean);
            return Number(find(document)?.dataset.points ?? 0) >= wanted;
        }""",
        arg=at_least,
        timeout=TRAIN_MS,
    )
    return int(page.locator(".live").get_attribute("data-points") or 0)


def drag(page: Page, chart: Locator, from_share: float, to_share: float) -> None:
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * from_share, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * to_share, y, steps=5)
    page.mouse.up()


def test_train__start_watch_finish(
    sqlite_workspace: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    visit(page, f"{server.url}/train")
    epochs = page.get_by_label("Epochs", exact=True)
    expect(epochs).to_be_visible(timeout=60_000)
    epochs.fill(str(EPOCHS))
    epochs.press("Enter")
    expect(page.get_by_text(f"From scratch, {EPOCHS}")).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    here = f"workspace={sqlite_workspace.id}"
    expect(page).to_have_url(f"{server.url}/runs?run=1&{here}", timeout=60_000)
    page.evaluate("window.isTheSamePage = true")

    first = wait_for_points(page, 1)
    expect(page.locator(".live .what")).to_contain_text(f"of {EPOCHS}")
    expect(page.locator(".live [data-metric=accuracy] circle.val.point").first).to_be_visible()
    accuracy = page.locator(".live [data-metric=accuracy]")
    drag(page, accuracy, 0.2, 0.7)
    expect(page.locator(".live .whole")).to_be_visible()
    grown = wait_for_points(page, first + 2)
    assert grown > first
    expect(page.locator(".live .whole")).to_be_visible()  # the zoom outlives new epochs
    page.locator(".live .whole").click()
    expect(page.locator(".live .whole")).to_be_hidden()
    accuracy.hover()
    expect(page.locator(".live .tip")).to_contain_text("validation")

    expect(page.get_by_text("Run 1 finished:")).to_be_visible(timeout=TRAIN_MS)
    assert wait_for_points(page, EPOCHS) == EPOCHS
    assert page.evaluate("window.isTheSamePage") is True
    expect(page.get_by_text("Confusion matrix", exact=True)).to_be_visible()
    expect(page.get_by_role("figure", name="Confusion matrix of 30 images")).to_be_visible()
    expect(page.get_by_role("button", name="Predict with it")).to_be_visible()
    assert records.get_run(sqlite_workspace, 1).best_val_accuracy is not None

    cells = page.get_by_role("figure", name="Confusion matrix of 30 images").locator(".nsewdrag")
    cells.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the page scrolls smoothly
    box = cells.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    square = arrange.class_id(sqlite_workspace, "square")
    both = f"true_label={square}&answered={square}"
    expect(page).to_have_url(f"{server.url}/gallery?evaluation=1&{both}&{here}")
    expect(page.locator('.tile[data-position="0"]')).to_be_visible()
    page.go_back()
    expect(page).to_have_url(f"{server.url}/runs?run=1&{here}")
    expect(page.get_by_text("Run 1 finished:")).to_be_visible()
