"""The catalog that the gallery is measured on: a million rows that share some thousand real files.

Rows are made by the code of an import. Each has the content hash of a drawn photo-like JPEG, so
that every thumbnail can be asked for; the addresses of thumbnails hold the row's id, so that the
browser shares nothing between rows.
"""

import io
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from benchmarks import catalog_building as building
from benchmarks.catalog_building import KnownFile
from forge_core.imaging import hashing, thumbnails
from forge_core.imaging.thumbnails import ThumbnailCache
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace

SIDE = 320
PART = 250


def open_catalog(folder: Path, number: int, num_files: int) -> tuple[Workspace, dict[str, Any]]:
    """The catalog in a folder, built when it is not there or not of these sizes."""
    told = folder / "built.json"
    wanted = {"assets": number, "files": num_files}
    settings = Settings(_env_file=None, workspace=folder / "workspace", user=building.ACTOR.name)
    if told.exists() and json.loads(told.read_text()) == wanted:
        return open_workspace(settings), {**wanted, "kept": True}
    workspace = open_workspace(settings)
    start = time.perf_counter()
    files = draw_files(workspace, num_files)
    drawn = time.perf_counter()
    rate = building.fill(workspace, number, files)
    told.write_text(json.dumps(wanted))
    return workspace, {
        **wanted,
        "kept": False,
        "draw_seconds": round(drawn - start, 1),
        "rows_seconds": round(time.perf_counter() - drawn, 1),
        "rows_per_second": round(rate),
    }


def draw_files(workspace: Workspace, number: int) -> list[KnownFile]:
    """Draw the files under the asset root, without thumbnails."""
    root = workspace.store.local_root()
    assert root is not None
    (root / "drawn").mkdir(parents=True, exist_ok=True)
    parts = [range(first, min(first + PART, number)) for first in range(0, number, PART)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        return [file for part in pool.map(partial(_draw_part, root), parts) for file in part]


def keep_thumbnails(workspace: Workspace, files: list[Path]) -> None:
    """Make the thumbnails of these files, as an import would have done."""
    cache = ThumbnailCache(workspace.cache_folder / "thumbnails")
    for first in range(0, len(files), PART):
        made = []
        for path in files[first : first + PART]:
            data = path.read_bytes()
            made.append((hashing.content_hash(data), thumbnails.make_thumbnail(data, cache.size)))
        cache.add(made)


def drawn_files(workspace: Workspace) -> list[Path]:
    """The files of the catalog, in the order in which they were drawn."""
    root = workspace.store.local_root()
    assert root is not None
    return sorted((root / "drawn").iterdir())


def _draw_part(root: Path, numbers: range) -> list[KnownFile]:
    return [_draw(root, number) for number in numbers]


def _draw(root: Path, number: int) -> KnownFile:
    """Soft blobs under film grain: about 30 kB as JPEG, as a photo of that size."""
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 255, (9, 9, 3), dtype=np.uint8))
    image = coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    fine = Image.fromarray(random.integers(0, 255, (SIDE // 2, SIDE // 2, 3), dtype=np.uint8))
    grain = fine.resize((SIDE, SIDE)).filter(ImageFilter.BoxBlur(1))
    encoded = io.BytesIO()
    Image.blend(image, grain, 0.25).save(encoded, "JPEG", quality=88)
    data = encoded.getvalue()
    path = f"drawn/{number:06d}.jpg"
    (root / path).write_bytes(data)
    return KnownFile(path, hashing.content_hash(data), SIDE, len(data))
