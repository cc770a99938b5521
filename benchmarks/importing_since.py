"""Import of many small files by the code of now and by that of an earlier commit, in one run.

    python -m benchmarks.importing_since COMMIT [--files 20000] [--repeats 3]

Both import the same folder (drawn pictures of 16 px in ten class folders) by a second name (hard
link) into a fresh workspace, each in a process of its own, in turns, the first of each not counted.
The earlier code lies in a `git worktree` for the while, and uses the libraries that are installed
now. Medians and their ratio are printed, by the clock and by processor time (which other work on
the machine disturbs less); above 1 the code of now takes longer.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
CLASSES = 10
SIDE = 16
PROGRAM = """
import json, os, sys, time
from pathlib import Path
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.placement import Placement
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import open_workspace
workspace = open_workspace(Settings(workspace=Path(sys.argv[2]), _env_file=None))
started, used = time.perf_counter(), sum(os.times()[:4])
plan = import_plan.prepare(workspace, Path(sys.argv[1]))
looked = time.perf_counter() - started
report = run_import.run_import(
    workspace, plan, actor=Actor("benchmark"), placement=Placement(sys.argv[3])
)
clock, processor = time.perf_counter() - started, sum(os.times()[:4]) - used
print(json.dumps([report.added, looked, clock, processor]))
"""


def draw(folder: Path, number: int) -> None:
    """So many different pictures, in folders of classes."""
    chance = np.random.default_rng(0)
    for at in range(number):
        place = folder / f"class_{at % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = chance.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{at:06d}.png", compress_level=1)


def run_once(source: Path, folder: Path, placement: str, number: int) -> dict[str, float]:
    """Seconds of one import by the code in `source`."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROGRAM, str(folder), f"{name}/workspace", placement],
            cwd=name,
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"the import of {source} failed:\n{done.stderr[-2000:]}")
    added, looked, clock, processor = json.loads(done.stdout)
    assert added == number, f"{added} of {number} images were added"
    return {"look": looked, "clock": clock, "processor": processor}


def measure(commit: str, number: int, repeats: int, placement: str) -> dict[str, Any]:
    """Medians of both in seconds, and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder, earlier = Path(name) / "pictures", Path(name) / "earlier"
        draw(folder, number)
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", "-q", str(earlier), commit], check=True)
        try:
            sources = {"before": earlier, "now": ROOT}
            took: dict[str, list[dict[str, float]]] = {each: [] for each in sources}
            order = list(sources)
            for turn in range(repeats + 1):
                for each in order:
                    measured = run_once(sources[each], folder, placement, number)
                    if turn:
                        took[each].append(measured)
                order.reverse()
        finally:
            subprocess.run([*git, "remove", "--force", str(earlier)], check=True)
    medians = {
        each: {kind: statistics.median(one[kind] for one in runs) for kind in runs[0]}
        for each, runs in took.items()
    }
    ratios = {kind: medians["now"][kind] / medians["before"][kind] for kind in medians["now"]}
    return {
        "commit": commit,
        "files": number,
        "repeats": repeats,
        "placement": placement,
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": {each: _rounded(values) for each, values in medians.items()},
        "now_by_before": _rounded(ratios),
    }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--placement", default="link", choices=("copy", "link"))
    options = parser.parse_args()
    found = measure(options.commit, options.files, options.repeats, options.placement)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
