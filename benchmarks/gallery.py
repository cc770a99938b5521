"""How fast is the gallery over a million images, in a real browser, beside one of native widgets?

    python -m benchmarks.gallery --json out.json
    python -m benchmarks.gallery --assets 20000 --files 2000 --quick
    python -m benchmarks.gallery --keep FOLDER

Builds a catalog (SQLite, `synchronous=FULL`) whose rows share some thousand drawn JPEGs, starts the
app and, beside it, a page of native Streamlit widgets over the same catalog, and asks both the
same questions in Chromium at 1920 x 1080, in turn. Then the thumbnail route, from a process of
its own. Milliseconds unless named otherwise; `target` is what we promise. With `--keep` the
catalog is built once and used again.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks import gallery_browser as asking
from benchmarks import gallery_catalog, gallery_routes
from benchmarks.catalog import summary
from forge_core.workspace import Workspace
from tests.journeys.conftest import CHROMIUM_FLAGS
from tests.journeys.servers import free_port, running_server
from tests.journeys.tab_memory import tab_memory

Figures = dict[str, dict[str, Any]]
NATIVE_PAGE = Path(__file__).with_name("gallery_native_page.py")
TARGETS = {
    "navigation to 100 thumbnails": "p95 <= 700",
    "next page": "p95 <= 150",
}


@contextmanager
def native_server(workspace: Workspace, log_folder: Path) -> Iterator[str]:
    """The page of widgets, served by Streamlit; gives its address."""
    port = free_port()
    environment = os.environ | {
        "FORGE_WORKSPACE": str(workspace.folder),
        "PYTHONPATH": str(NATIVE_PAGE.parents[1]),
    }
    command = [sys.executable, "-m", "streamlit", "run", str(NATIVE_PAGE)]
    with (log_folder / "native.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.headless", "true"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def measure_pages(
    browser: Browser, workspace: Workspace, ours: str, native: str, *, rounds: int, times: int
) -> Figures:
    """Navigation, next page and labels of both, taking turns."""
    waits: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, work, url in (
            ("navigation to 100 thumbnails", asking.our_navigation, ours),
            ("native: navigation", asking.native_navigation, native),
            ("next page", asking.our_next_pages, ours),
            ("native: next page", asking.native_next_pages, native),
        ):
            page = asking.open_page(browser)
            number = times if not name.startswith("native") else max(2, times // 3)
            waits.setdefault(name, []).extend(work(page, url, number))
            asking.close(page)
    found: Figures = {
        name: summary(values)
        | {"samples": len(values)}
        | ({"target": TARGETS[name]} if name in TARGETS else {})
        for name, values in waits.items()
    }
    _tell(found)
    page = asking.open_page(browser)
    keys = asking.our_keys(page, ours, rounds * times * 4)
    asking.close(page)
    targets = {"handler": "p95 <= 4", "next_frame": "p95 <= 33", "committed": "p95 <= 30"}
    told = {"keys": keys["keys"], "labels_per_second": keys["labels_per_second"]}
    for name, target in targets.items():
        found[f"key: {name.replace('_', ' ')}"] = keys[name] | told | {"target": target}
    _tell({"keys": keys})
    page = asking.open_page(browser)
    labels = asking.native_labels(page, native, workspace, max(5, rounds * times // 3))
    found["native: choice to committed"] = labels.pop("committed") | labels
    asking.close(page)
    return found


def _tell(found: Figures) -> None:
    """What is known so far, so that a later failure does not lose it."""
    print(json.dumps(found), file=sys.stderr, flush=True)


def measure_scrolling(
    browser: Browser, scratch: Path, ours: str, native: str, images: int
) -> Figures:
    """Ten thousand thumbnails of ours; a page of native widgets for its memory."""
    found: Figures = {
        "scrolling": asking.our_scrolling(ours, scratch, images)
        | {"target": "no task over 50 ms, process_pss_mb < 300"}
    }
    page = asking.open_page(browser)
    asking.open_native(page, native)
    found["native: one page"] = dict(tab_memory(browser, page))
    asking.close(page)
    return found


def measure(workspace: Workspace, scratch: Path, options: argparse.Namespace) -> Figures:
    """Every figure of one catalog."""
    executable = shutil.which("chromium") or sys.exit("chromium is not installed")
    rounds, times = (1, 4) if options.quick else (3, 20)
    with running_server(workspace, scratch) as server:
        found: Figures = {
            "thumbnails, first time": gallery_routes.measure_first(
                workspace, server.url, min(options.files, 300 if options.quick else 2_000)
            )
        }
        gallery_catalog.keep_thumbnails(workspace, gallery_catalog.drawn_files(workspace))
        found["thumbnails, kept"] = gallery_routes.measure_kept(
            workspace, server.url, min(options.files, 2_000), 2 if options.quick else 5
        )
        with native_server(workspace, scratch) as native, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
            found |= measure_pages(
                browser, workspace, server.url, native, rounds=rounds, times=times
            )
            images = min(2_000 if options.quick else 10_000, options.assets)
            found |= measure_scrolling(browser, scratch, server.url, native, images)
            browser.close()
    return found


def main() -> None:
    """Build, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, default=1_000_000, help="rows of the catalog")
    parser.add_argument("--files", type=int, default=5_000, help="image files that they share")
    parser.add_argument("--keep", type=Path, help="build the catalog here, or use it again")
    parser.add_argument("--quick", action="store_true", help="few samples, to try it out")
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    start, load = time.perf_counter(), os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="forge-gallery-") as name:
        scratch = Path(name)
        folder = options.keep or scratch / "catalog"
        folder.mkdir(parents=True, exist_ok=True)
        workspace, built = gallery_catalog.open_catalog(folder, options.assets, options.files)
        answer = {
            "catalog": built,
            "figures": measure(workspace, scratch, options),
            "load_before_and_after": [round(load[0], 1), round(os.getloadavg()[0], 1)],
            "processors": os.cpu_count(),
        }
        workspace.database.dispose()
    answer["seconds"] = round(time.perf_counter() - start)
    for name, values in answer["figures"].items():
        print(f"{name:<32} {', '.join(f'{key} {value}' for key, value in values.items())}")
    print(json.dumps({key: value for key, value in answer.items() if key != "figures"}))
    if options.json:
        options.json.write_text(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
