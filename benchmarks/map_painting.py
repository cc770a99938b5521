"""Are 100,000 points of the map painted within a second once their data is there?

    python -m benchmarks.map_painting [--points 100000] [--rounds 5]

The page's own component in Chromium at 1280 x 900, with arrays as the route `/map` packs them:
places in 100 clumps, 100 classes, doubts. Each round is a fresh page. Milliseconds from the call of
the component with the answers in memory to the frame that shows the points, then of another colour,
of a filter that has a tenth of them, and of the next frame while the map is dragged. Prints JSON
with the load.
"""

import argparse
import json
import os
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, Route, sync_playwright

from forge_core.api import maps
from forge_core.catalog.editing.classes import PALETTE
from pages.components.image_map import image_map

COMPONENTS = image_map.HERE.parent
ORIGIN = "http://map.test"
CLUMPS = 100
PAGE = """<!doctype html><style>{css} .map {{ width: 1000px }}</style>{html}
<script type="module">
  import {{ ImageMap }} from "/image_map/map_view.js";
  const bytes = async (path) => (await fetch(path)).arrayBuffer();
  const known = {{
    "/map": await bytes("/map"),
    "/map/matching": await bytes("/matching"),
    tenth: await bytes("/tenth"),
  }};
  const client = {{ getBytes: async (path, asked) => known[asked.label ? "tenth" : path] }};
  const map = new ImageMap(document.querySelector(".map"), client);
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const once = async (work) => {{
    const began = performance.now();
    delete map.root.dataset.painted;
    work();
    while (!map.root.dataset.painted) await painted();
    await painted();
    return performance.now() - began;
  }};
  const data = {{ run: null, network: "n", drawn: "", filter: {{}}, classes: {classes} }};
  const select = map.parts.colour;
  window.measure = async () => ({{
    first: await once(() => map.update(data)),
    colour: await once(() => {{
      select.value = "doubt";
      select.dispatchEvent(new Event("change"));
    }}),
    filter: await once(() => map.update({{ ...data, filter: {{ label: 1 }} }})),
    drag: await once(() => map.moveBy(5, 5)),
  }});
</script>"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    files = make_files(asked.points)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=asked.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        rounds = [measure(browser.new_page(), files) for _ in range(asked.rounds)]
        browser.close()
    found = {
        name: {
            "median_ms": round(statistics.median(each[name] for each in rounds), 1),
            "longest_ms": round(max(each[name] for each in rounds), 1),
        }
        for name in rounds[0]
    }
    load = [round(each, 1) for each in os.getloadavg()]
    print(json.dumps({"points": asked.points, **found, "target_ms": 1_000, "load": load}, indent=2))


def make_files(number: int) -> dict[str, bytes]:
    """The answers of the routes and the page, by path."""
    rng = np.random.default_rng(0)
    clump = rng.integers(0, CLUMPS, number)
    places = rng.normal(size=(CLUMPS, 2))[clump] * 5 + rng.normal(size=(number, 2)) * 0.4
    head = {"state": "s", "revision": 1, "number": number, "missing": 0, "network": "n"}
    arrays: dict[str, Any] = {
        "places": places.astype(np.float32).ravel(),
        "ids": rng.integers(0, 256, 16 * number).astype(np.uint8),
        "labels": (clump + 1).astype(np.int32),
        "splits": rng.integers(0, 5, number).astype(np.uint8),
        "doubts": rng.integers(0, 201, number).astype(np.uint8),
    }
    every, tenth = np.ones(number, np.uint8), (clump < CLUMPS // 10).astype(np.uint8)
    classes = [
        {"label_id": place + 1, "name": f"class {place}", "color": PALETTE[place % len(PALETTE)]}
        for place in range(CLUMPS)
    ]
    html, css = ((image_map.HERE / f"image_map.{kind}").read_text() for kind in ("html", "css"))
    page = PAGE.format(css=css, html=html, classes=json.dumps(classes))
    return {
        "/": page.encode(),
        "/map": maps.pack(head, arrays),
        "/matching": maps.pack({"state": "s"}, {"matching": every}),
        "/tenth": maps.pack({"state": "s"}, {"matching": tenth}),
    }


def measure(page: Page, files: dict[str, bytes]) -> dict[str, float]:
    """One fresh page: milliseconds by what was done."""
    page.set_viewport_size({"width": 1280, "height": 900})

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        script = COMPONENTS / path.lstrip("/")
        if path in files:
            kind = "text/html" if path == "/" else "application/octet-stream"
            route.fulfill(body=files[path], content_type=kind)
        elif Path(path).suffix == ".js" and script.is_file():
            route.fulfill(body=script.read_bytes(), content_type="text/javascript")
        else:
            route.fulfill(status=404, body="")

    page.route("**/*", answer)
    page.goto(f"{ORIGIN}/")
    page.wait_for_function("window.measure")
    found: dict[str, float] = page.evaluate("window.measure()")
    page.close()
    return found


if __name__ == "__main__":
    main()
