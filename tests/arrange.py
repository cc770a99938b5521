"""Make what a test needs: drawn images, folders of them, assets in a catalog.

Drawn images are tiny and real: each class has its own hue and shape, so that a small
network can learn them, and a noise seed, so that no two files are alike.
"""

import colorsys
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from sqlalchemy import update

from db.models import VisionAsset
from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import label_edits
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.databases import kept_imports

ACTOR = Actor("tester")
CLASSES = ("circle", "square", "stripe")


def draw_image(class_name: str, seed: int, size: int = 24) -> Image.Image:
    """One RGB picture of a class, the same for the same seed."""
    random = np.random.default_rng(seed * 1000 + sum(map(ord, class_name)))
    hue = (sum(map(ord, class_name)) * 0.137) % 1.0
    background = tuple(int(value) for value in random.integers(0, 60, 3))
    color = tuple(int(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.8, 0.9))
    image = Image.new("RGB", (size, size), background)
    pen = ImageDraw.Draw(image)
    left, top = (int(value) for value in random.integers(0, size // 3, 2))
    box = (left, top, left + size // 2, top + size // 2)
    match sum(map(ord, class_name)) % 3:
        case 0:
            pen.ellipse(box, fill=color)
        case 1:
            pen.rectangle(box, fill=color)
        case _:
            pen.line((left, top, size - 1, size - 1 - left), fill=color, width=max(2, size // 6))
    noise = random.integers(-12, 12, (size, size, 3))
    pixels = np.clip(np.asarray(image, dtype=np.int16) + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def draw_folder(
    folder: Path,
    classes: Sequence[str] = CLASSES,
    per_class: int = 4,
    *,
    splits: Mapping[str, int] | None = None,
    size: int = 24,
) -> Path:
    """A folder per class of PNG files; with `splits` a `split/class` tree of that many each."""
    seed = 0
    for split, number in (splits or {"": per_class}).items():
        for class_name in classes:
            target = folder / split / class_name
            target.mkdir(parents=True, exist_ok=True)
            for _ in range(number):
                seed += 1
                picture = _drawn_png(class_name, seed, size)
                (target / f"{class_name}_{seed:04d}.png").write_bytes(picture)
    return folder


@cache
def _drawn_png(class_name: str, seed: int, size: int) -> bytes:
    """Drawn once: thousands of tests ask for the same."""
    buffer = BytesIO()
    draw_image(class_name, seed, size).save(buffer, "PNG")
    return buffer.getvalue()


def import_folder(workspace: Workspace, folder: Path) -> run_import.ImportReport:
    """Take a folder into the catalog by the ordinary importer."""
    return run_import.run_import(workspace, import_plan.prepare(workspace, folder), actor=ACTOR)


def make_catalog(
    workspace: Workspace,
    folder: Path,
    classes: Sequence[str] = CLASSES,
    *,
    train: int = 6,
    val: int = 2,
    test: int = 2,
    size: int = 24,
) -> list[Asset]:
    """A catalog of drawn images that are split already; returns its assets, oldest first."""
    splits = {"train": train, "val": val, "test": test}
    splits = {name: number for name, number in splits.items() if number}
    is_new = not folder.exists()
    draw_folder(folder, classes, splits=splits, size=size)
    if is_new and not folder.is_relative_to(workspace.folder):
        what = (folder.name, tuple(classes), *splits.items(), size)
        kept_imports.take(workspace, what, lambda: import_folder(workspace, folder))
    else:
        import_folder(workspace, folder)
    return list_all(workspace)


def make_unsplit(workspace: Workspace, folder: Path, per_class: int = 4) -> list[Asset]:
    """A catalog of drawn images in no split, of a new folder; returns its assets, oldest first."""
    assert not folder.exists()
    draw_folder(folder, per_class=per_class)
    what = (folder.name, "in no split", per_class)
    kept_imports.take(workspace, what, lambda: import_folder(workspace, folder))
    return list_all(workspace)


def list_all(workspace: Workspace) -> list[Asset]:
    """Every asset, oldest first."""
    with workspace.database.read() as uow:
        return uow.assets.list_all()


def set_columns(uow: UnitOfWork, asset_ids: Sequence[uuid.UUID], **values: Any) -> None:
    """Let assets be as they came in otherwise: columns that no operation changes."""
    uow.session.execute(
        update(VisionAsset).where(VisionAsset.asset_id.in_(asset_ids)).values(**values)
    )


def class_id(workspace: Workspace, name: str) -> int:
    """The number of the class with this name."""
    from forge_core.catalog.editing import classes

    return next(c.label_id for c in classes.list_classes(workspace) if c.name == name)


def relabel_one(workspace: Workspace, asset: Asset, class_name: str) -> None:
    """Give one asset another label."""
    result = label_edits.relabel(
        workspace, [asset.asset_id], class_id(workspace, class_name), actor=ACTOR
    )
    assert result.status == "applied"
    assert asset_list.get_asset(workspace, asset.asset_id).label_name == class_name
