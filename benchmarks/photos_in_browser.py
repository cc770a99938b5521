"""The whole loop on real photos, through the pages, in a real browser.

    TORCH_HOME=... python -m benchmarks.photos_in_browser FOLDER

Imports FOLDER (train and val with a folder per class), opens Train, takes what is recommended,
starts, watches the live curve, and drops a validation image of each class on Predict. Prints
JSON: seconds from Start to "starting", to the run's page and to the first measured progress,
validation accuracy, seconds, how often the curve was seen to grow, and the answers.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from forge_core.catalog.importing import import_plan, run_import
from forge_core.jobs import supervision
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests.journeys.conftest import CHROMIUM_FLAGS
from tests.journeys.servers import running_server

LONGEST_RUN_SECONDS = 3_600
WATCH_FOR_STARTING = """() => {
    const seen = window.seen = {};
    addEventListener("mousedown", () => { seen.pressed = performance.now(); }, true);
    new MutationObserver(() => {
        const says = document.body.textContent.includes("Starting the run");
        if (seen.pressed && !seen.said && (says || location.search.includes("run=1"))) {
            seen.said = -1;  // painted with the next frame
            requestAnimationFrame(() => { seen.said = performance.now(); });
        }
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""In the page itself, since asking the browser over and over costs more than the answer."""
LOOKING_SECONDS = 8
"""A person looks at what is recommended; a process gets ready meanwhile."""


def start_in_browser(page: Page, url: str, workspace: Workspace) -> dict[str, float]:
    """Press Start; seconds until the page says that it starts, and until a step was measured."""
    page.goto(f"{url}/train")
    button = page.get_by_role("button", name="Start training")
    button.wait_for(timeout=120_000)
    page.wait_for_timeout(LOOKING_SECONDS * 1000)
    page.evaluate(WATCH_FOR_STARTING)
    began = time.monotonic()
    button.click()
    page.wait_for_function("() => window.seen.said > 0")
    starting_seconds = page.evaluate("(window.seen.said - window.seen.pressed) / 1000")
    page.wait_for_url("**/runs?run=1")
    page.locator(".live").wait_for()
    page_seconds = time.monotonic() - began
    while True:
        told = records.run_progress(workspace, 1)
        if told.stage in ("warmup", "finetune", "scratch") and told.step > 0:
            break
        if told.status.is_finished() or time.monotonic() - began > 300:
            sys.exit(f"no progress: {told.message}")
        time.sleep(0.05)
    return {
        "seconds_to_starting": round(starting_seconds, 2),
        "seconds_to_the_page_of_the_run": round(page_seconds, 2),
        "seconds_to_first_measured_progress": round(time.monotonic() - began, 2),
    }


def train_in_browser(page: Page, workspace: Workspace) -> int:
    """Watch the curve to the end; how often it was seen to grow."""
    page.wait_for_url("**/runs?run=1", timeout=120_000)
    growths, points = 0, 0
    deadline = time.monotonic() + LONGEST_RUN_SECONDS
    while not records.get_run(workspace, 1).status.is_finished():
        if time.monotonic() > deadline:
            sys.exit("the run did not end in an hour")
        seen = int(page.locator(".live").get_attribute("data-points") or 0)
        growths += seen > points
        points = seen
        page.wait_for_timeout(1_000)
    page.get_by_text("Run 1 finished:").wait_for(timeout=60_000)
    return growths


def predict_in_browser(page: Page, url: str, workspace: Workspace) -> list[dict[str, str]]:
    """Drop the first validation image of every class; label and top answer of each."""
    page.goto(f"{url}/predict")
    firsts = {a.label_name: a for a in reversed(launch.run_assets(workspace, 1, "val"))}
    found = []
    for label, asset in sorted(firsts.items(), key=lambda pair: str(pair[0])):
        zone = page.locator(".st-key-predict_zone input[type=file]")
        zone.set_input_files(str(workspace.store.local_path(asset.file_path)), timeout=60_000)
        top = page.locator(".st-key-predict_bars button").first
        top.wait_for(timeout=60_000)
        found.append({"label": str(label), "answer": top.inner_text().rpartition(" · ")[0]})
        page.get_by_role("button", name="Predict others").click()
        top.wait_for(state="detached")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only-start", action="store_true", help="end at the first progress")
    options = parser.parse_args()
    executable = shutil.which("chromium") or sys.exit("chromium is not installed")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        settings = Settings(workspace=Path(scratch) / "photos", user="ada", _env_file=None)
        workspace = open_workspace(settings)
        plan = import_plan.prepare(workspace, options.folder)
        run_import.run_import(workspace, plan, actor=Actor("ada"))
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        with running_server(workspace, Path(scratch)) as server:
            latency = start_in_browser(page, server.url, workspace)
            if options.only_start:
                launch.cancel_run(workspace, 1)
                print(json.dumps(latency, indent=2))
                browser.close()
                supervision.stop_supervisor(workspace)
                return
            growths = train_in_browser(page, workspace)
            answers = predict_in_browser(page, server.url, workspace)
        browser.close()
        run = records.get_run(workspace, 1)
        supervision.stop_supervisor(workspace)
        assert run.started_at is not None
        assert run.finished_at is not None
        result = {
            "images": plan.num_images,
            "architecture": run.config["architecture"],
            "epochs": len(records.run_progress(workspace, 1).epochs),
            "val_accuracy": run.best_val_accuracy,
            "train_seconds": (run.finished_at - run.started_at).total_seconds(),
            "device": run.device,
            **latency,
            "curve_growths_seen": growths,
            "predict_right": sum(a["label"] == a["answer"] for a in answers),
            "predict_asked": len(answers),
        }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
