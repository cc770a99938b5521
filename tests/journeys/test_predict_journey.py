"""Drop a picture on Predict in a real browser and correct an answer."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import arrange, trained
from tests.journeys.servers import ForgeServer, visit

pytestmark = pytest.mark.browser


def drop(page: Page, *paths: Path) -> None:
    page.locator(".st-key-predict_zone input[type=file]").set_input_files(
        [str(path) for path in paths]
    )


def test_predict__a_dropped_picture_gets_its_class_and_can_be_corrected(
    tmp_path: Path,
    finished_run_folder: Path,
    forge_server: Callable[..., ForgeServer],
    browser_page: Page,
):
    workspace = trained.open_copy(finished_run_folder, tmp_path / "workspace")
    server = forge_server(workspace)
    page = browser_page
    visit(page, f"{server.url}/predict")
    zone = page.get_by_test_id("stFileUploaderDropzone")
    expect(zone).to_be_visible(timeout=60_000)
    box = zone.bounding_box()
    assert box is not None
    assert box["height"] > 300  # the page is the drop zone until something is there

    picture = tmp_path / "new.png"
    for name in arrange.CLASSES:
        arrange.draw_image(name, 5_000).save(picture)
        drop(page, picture)
        first = page.locator(".st-key-predict_bars button").first
        expect(first).to_have_text(re.compile(rf"^{name} · "), timeout=60_000)
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.get_by_text(re.compile(r"\d+ ms · 24 × 24 px"))).to_be_visible()
        page.get_by_role("button", name="Predict others").click()
        expect(page.locator(".st-key-predict_bars")).to_have_count(0)

    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    drop(page, picture, broken)
    expect(page.get_by_text("2 files · 1 predicted")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("broken.png").last).to_be_visible()
    page.get_by_role("button", name="Predict others").click()
    expect(page.get_by_text("2 files · 1 predicted")).to_have_count(0)

    drop(page, picture)
    page.locator(".st-key-predict_correct input").click(timeout=60_000)
    page.get_by_role("option", name="circle").click()
    expect(page.get_by_text("Added to train as circle")).to_be_visible()
    newest = arrange.list_all(workspace)[-1]
    assert (newest.label_name, newest.split_type) == ("circle", "train")
    page.get_by_role("link", name="Look at it").click()
    expect(page.locator(".count")).to_contain_text("1 of 73", timeout=60_000)
