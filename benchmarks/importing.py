"""Import of a folder of images, against a plain loop that does the same work without a database.

    python -m benchmarks.importing FOLDER... [--repeats 3]

The plain loop reads, hashes (SHA-256 and the perceptual hash), decodes and encodes the same
thumbnails with the same libraries: Pillow at the same reduced decode, size, filter and quality.
It keeps nothing. It runs as one loop, and, harder to beat, spread over as many forked processes
as there are processors. The import besides walks the folder, keeps the thumbnails, stores and
flushes the bytes, and writes rows and history with `synchronous=FULL`. It is measured in its three
ways: in place, by a second name (hard link), and copying; the last is compared with plain loops
that copy too.

All take turns in one run, in another order each time; medians and ratios are printed as a table
and as JSON, by the clock and by processor time (which other work on the machine disturbs less).
Each folder is copied beside the workspace first, so that all lie on one disk.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.placement import Placement
from forge_core.imaging import decode, hashing, thumbnails
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import open_workspace

PROCESSES = os.cpu_count() or 1


def one_plain(path: Path, copy_to: Path | None = None) -> int:
    """What has to be done for every image, whoever does it."""
    data = path.read_bytes()
    hashing.content_hash(data)
    image = decode.decode_reduced(data, thumbnails.DEFAULT_SIDE).image
    hashing.perceptual_hash(image)
    if copy_to is not None:
        (copy_to / path.parent.name).mkdir(parents=True, exist_ok=True)
        (copy_to / path.parent.name / path.name).write_bytes(data)
    return len(thumbnails.encode_thumbnail(image, thumbnails.DEFAULT_SIDE))


def several_plain(paths: list[Path], copy_to: Path | None) -> None:
    for path in paths:
        one_plain(path, copy_to)


def plain_loop(paths: list[Path], processes: int, scratch: Path, copies: bool) -> None:
    """The loop, in this process or in several forked ones."""
    copy_to = scratch / "copies" if copies else None
    if processes == 1:
        several_plain(paths, copy_to)
        return
    parts = [paths[i : i + 16] for i in range(0, len(paths), 16)]
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(partial(several_plain, copy_to=copy_to), parts))


def our_import(folder: Path, number: int, placement: Placement, scratch: Path) -> None:
    """Import the folder into a fresh workspace; `in_place` has it under the asset root."""
    root = str(folder.parent) if placement is Placement.IN_PLACE else ""
    settings = Settings(workspace=scratch / "w", asset_root=root, _env_file=None)
    workspace = open_workspace(settings)
    plan = import_plan.prepare(workspace, folder)
    report = run_import.run_import(workspace, plan, actor=Actor("benchmark"), placement=placement)
    assert report.added == number, f"{report.added} of {number} images were added"
    workspace.database.dispose()


def processor_seconds() -> float:
    """Processor time of this process and of its ended children."""
    return sum(os.times()[:4])


def timed(work: Callable[[Path], None], scratch_in: Path) -> tuple[float, float]:
    """Seconds on the clock, and of processor, that the work takes in a folder of its own."""
    scratch = Path(tempfile.mkdtemp(dir=scratch_in))
    started, used = time.perf_counter(), processor_seconds()
    work(scratch)
    took = (time.perf_counter() - started, processor_seconds() - used)
    shutil.rmtree(scratch)
    return took


def measure(folder: Path, repeats: int) -> dict[str, Any]:
    """Medians in seconds and ratios for one folder."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        source = scratch / "root" / folder.name
        shutil.copytree(folder, source)
        os.sync()
        workspace = open_workspace(Settings(workspace=scratch / "w", _env_file=None))
        plan = import_plan.prepare(workspace, source)
        paths = [plan.scanned.locate(file) for file in plan.files]
        workspace.database.dispose()
        number = len({hashing.content_hash(path.read_bytes()) for path in paths})
        ways: dict[str, Callable[[Path], None]] = {
            "plain loop": lambda s: plain_loop(paths, 1, s, False),
            f"plain loop, {PROCESSES} processes": lambda s: plain_loop(paths, PROCESSES, s, False),
            "plain loop, copying": lambda s: plain_loop(paths, 1, s, True),
            f"plain loop, {PROCESSES} processes, copying": lambda s: plain_loop(
                paths, PROCESSES, s, True
            ),
        } | {
            f"import, {placement}": partial(_import, source, number, placement)
            for placement in Placement
        }
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        order = list(ways)
        for turn in range(repeats + 1):
            for name in order:
                measured = timed(ways[name], scratch)
                if turn:  # the first turn warms the page cache for all
                    took[name].append(measured)
            order = order[1:] + order[:1]
    seconds = {name: statistics.median(t for t, _ in values) for name, values in took.items()}
    processor = {name: statistics.median(c for _, c in values) for name, values in took.items()}
    return {
        "folder": folder.name,
        "images": number,
        "repeats": repeats,
        "processes": PROCESSES,
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "processor_seconds": {name: round(value, 3) for name, value in processor.items()},
        "images_per_second": {name: round(number / value) for name, value in seconds.items()},
        "speed_of_import_relative_to": _ratios(seconds),
        "by_processor_time": _ratios(processor),
    }


def _ratios(medians: dict[str, float]) -> dict[str, float]:
    return {
        f"{ours} / {plain}": round(medians[plain] / medians[ours], 2)
        for ours in medians
        if ours.startswith("import")
        for plain in medians
        if plain.startswith("plain") and (not plain.endswith("copying") or ours.endswith("copy"))
    }


def _import(source: Path, number: int, placement: Placement, scratch: Path) -> None:
    our_import(source, number, placement, scratch)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    results: list[dict[str, Any]] = [measure(folder, options.repeats) for folder in options.folders]
    for result in results:
        print(f"{result['folder']}, {result['images']} images: by the clock, by processor time")
        for name, ratio in result["speed_of_import_relative_to"].items():
            print(f"  {name:<60} {ratio:.2f}  {result['by_processor_time'][name]:.2f}")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
