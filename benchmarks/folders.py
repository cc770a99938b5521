"""Image sets of folders of photos, for benchmarks that need no catalog."""

import csv
from pathlib import Path

from forge_core.imaging import hashing
from forge_core.training.inputs.image_sets import ImageSet, TrainingImage

SUFFIXES = {".jpg", ".jpeg", ".png"}


def class_names(folder: Path) -> list[str]:
    """Names of the folders in it, sorted."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def image_set(root: Path, files: list[tuple[Path, int]]) -> ImageSet:
    """Files below `root` with the positions of their classes."""
    images = tuple(
        TrainingImage(
            hashing.content_hash(path.read_bytes()), path.relative_to(root).as_posix(), label
        )
        for path, label in files
    )
    return ImageSet(images, lambda source: (root / source).read_bytes())


def of_folder(folder: Path, names: list[str], limit: int | None = None) -> ImageSet:
    """All images of a folder a class, at most `limit` of each."""
    files = [
        (path, label)
        for label, name in enumerate(names)
        for path in sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES)[
            :limit
        ]
    ]
    return image_set(folder, files)


def at_most(images: ImageSet, per_class: int) -> ImageSet:
    """The first images of each class, in their order."""
    seen: dict[int, int] = {}
    kept = []
    for image in images.images:
        seen[image.label] = seen.get(image.label, 0) + 1
        if seen[image.label] <= per_class:
            kept.append(image)
    return ImageSet(tuple(kept), images.read)


def divided(folder: Path, names: list[str], every: int = 5) -> tuple[ImageSet, ImageSet]:
    """A folder a class, of whose images by hash each `every`-th is for validation."""
    everything = of_folder(folder, names)
    by_class: dict[int, list[TrainingImage]] = {}
    for image in sorted(everything.images, key=lambda image: image.content_hash):
        by_class.setdefault(image.label, []).append(image)
    train = [i for found in by_class.values() for n, i in enumerate(found) if n % every]
    val = [i for found in by_class.values() for n, i in enumerate(found) if not n % every]
    return ImageSet(tuple(train), everything.read), ImageSet(tuple(val), everything.read)


def of_roboflow(folder: Path) -> tuple[list[str], ImageSet]:
    """The images of a Roboflow multiclass folder that have exactly one class."""
    with (folder / "_classes.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    names = [name.strip() for name in header[1:]]
    files = []
    for name, *flags in rows:
        marked = [place for place, flag in enumerate(flags) if flag.strip() == "1"]
        if len(marked) == 1:
            files.append((folder / name, marked[0]))
    return names, image_set(folder, files)
