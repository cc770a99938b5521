"""Import of a folder of images, against a plain loop that only reads, hashes and decodes them.

    python -m benchmarks.importing FOLDER [--repeats 3]

The loop has no database, no copies and one thread: what the machine needs at least for one
image after the other. Both take turns in one run; the median of each and their ratio are
printed as JSON. The import also decodes by the safe path, computes a perceptual hash, copies
the bytes and writes rows and history with `synchronous=FULL`.
"""

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from io import BytesIO
from pathlib import Path

from PIL import Image

from forge_core.catalog import import_plan, importing
from forge_core.settings import Settings
from forge_core.workspace import open_workspace


def plain_loop(paths: list[Path]) -> float:
    """Seconds to read, hash and decode every file, one after the other."""
    started = time.perf_counter()
    for path in paths:
        data = path.read_bytes()
        hashlib.sha256(data).hexdigest()
        with Image.open(BytesIO(data)) as image:
            image.convert("RGB").load()
    return time.perf_counter() - started


def our_import(folder: Path, number: int) -> float:
    """Seconds to import the folder into a fresh workspace."""
    with tempfile.TemporaryDirectory() as scratch:
        workspace = open_workspace(Settings(workspace=Path(scratch) / "w", _env_file=None))
        started = time.perf_counter()
        plan = import_plan.prepare(workspace, folder)
        report = importing.run_import(workspace, plan, author="benchmark")
        seconds = time.perf_counter() - started
        assert report.added == number, f"{report.added} of {number} images were added"
        workspace.database.dispose()
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        workspace = open_workspace(Settings(workspace=Path(scratch) / "w", _env_file=None))
        plan = import_plan.prepare(workspace, options.folder)
        paths = [plan.scanned.locate(file) for file in plan.files]
        workspace.database.dispose()
    plain_loop(paths)  # warms the page cache for both
    plain, ours = [], []
    for _ in range(options.repeats):
        plain.append(plain_loop(paths))
        ours.append(our_import(options.folder, len(paths)))
    result = {
        "images": len(paths),
        "repeats": options.repeats,
        "plain_loop_seconds": round(statistics.median(plain), 3),
        "import_seconds": round(statistics.median(ours), 3),
        "import_images_per_second": round(len(paths) / statistics.median(ours)),
        "import_speed_relative_to_plain_loop": round(
            statistics.median(plain) / statistics.median(ours), 2
        ),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
