"""Make the README's pictures: the gallery, and a run while it trains. Digits only.

    make screenshots

Starts the app in a workspace of its own, imports the digits, takes some labels away so that
there is something to do, trains, and photographs the pages with Debian's chromium.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import split_plan
from forge_core.demo import digits
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import config_choice, launch
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests.journeys.conftest import CHROMIUM_FLAGS
from tests.journeys.servers import running_server

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
ACTOR = Actor("ada")
EPOCHS_ON_PICTURE = 12
PICTURED = "17"
"""Text in the path of the images on the gallery's picture."""


def fill(workspace: Workspace) -> None:
    """Digits, split, with some labels taken away."""
    digits.import_digits(workspace, actor=ACTOR)
    plan = split_plan.plan_split(workspace, split_plan.SplitRatios(train=70, val=10, test=20))
    split_plan.apply_split(workspace, plan, actor=ACTOR)


def take_labels_away(workspace: Workspace) -> None:
    """Leave a few of the newest images of the picture unlabelled."""
    where = asset_list.AssetFilter(text=PICTURED)
    newest = asset_list.list_assets(workspace, where, limit=40).assets
    label_edits.relabel(workspace, [a.asset_id for a in newest[3:40:6]], None, actor=ACTOR)


def photograph_gallery(page: Page, url: str) -> None:
    """The gallery on a few images of several classes, with a selection and its panel."""
    page.goto(f"{url}/gallery?text={PICTURED}")
    tiles = page.locator("[role=gridcell], [role=option]")
    tiles.nth(12).wait_for()
    slider = page.locator("input[type=range]").first
    slider.evaluate("e => { e.value = 96; e.dispatchEvent(new Event('input', {bubbles: true})); }")
    page.wait_for_timeout(1500)
    tiles.nth(8).click()
    tiles.nth(10).click(modifiers=["Shift"])
    page.mouse.move(640, 20)
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "gallery.png")


def photograph_run(page: Page, url: str, workspace: Workspace) -> None:
    """A run in the middle of its epochs."""
    config = config_choice.recommend(launch.check_data(workspace)).config
    run = launch.start_run(workspace, config, actor=ACTOR)
    page.goto(f"{url}/runs?run={run.run_id}")
    deadline = time.monotonic() + 300
    while len(records.run_progress(workspace, run.run_id).epochs) < EPOCHS_ON_PICTURE:
        if time.monotonic() > deadline:
            sys.exit("the run did not get far enough in five minutes")
        time.sleep(0.5)
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "run.png")
    launch.cancel_run(workspace, run.run_id)


def main() -> None:
    """Make both pictures."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        sys.exit("chromium is not installed (apt-get install chromium)")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        settings = Settings(workspace=Path(scratch) / "digits", user=ACTOR.name, _env_file=None)
        workspace = open_workspace(settings)
        fill(workspace)
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        with running_server(workspace, Path(scratch)) as server:
            photograph_run(page, server.url, workspace)
            take_labels_away(workspace)
            photograph_gallery(page, server.url)
        browser.close()
        print(f"{IMAGES.name}: gallery.png, run.png; {history.latest_revision_id(workspace)}")


if __name__ == "__main__":
    main()
