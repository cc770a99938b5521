"""Public data sets of the demo that torchvision downloads, laid out with a labels.csv."""

import csv
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from urllib.request import urlopen

from PIL import Image
from torchvision import datasets

from forge_core import local_files
from forge_core.catalog.formats.table import TABLE_NAME
from forge_core.catalog.importing import import_plan
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.errors import ForgeError, InvalidInput
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

CONNECT_SECONDS = 10.0
Row = tuple[Image.Image, str, str]
"""Image, class name, and split: "test", or "" for what may be divided."""


class DownloadFailed(ForgeError, OSError):
    """A data set is not on this machine and could not be downloaded."""


@dataclass(frozen=True)
class DemoSet:
    """A data set of the demo."""

    title: str
    find_url: Callable[[], str]
    """An address that must answer before a download is tried."""
    read: Callable[[Path], Iterable[Row]]
    """Downloads into the folder when needed and gives the images."""


def _cifar10(folder: Path) -> Iterable[Row]:
    for is_train in (True, False):
        images = datasets.CIFAR10(str(folder), train=is_train, download=True)
        for image, label in images:
            yield image, images.classes[label], "" if is_train else "test"


def _fashion_mnist(folder: Path) -> Iterable[Row]:
    for is_train in (True, False):
        images = datasets.FashionMNIST(str(folder), train=is_train, download=True)
        for image, label in images:
            yield image, images.classes[label].replace("/", " or "), "" if is_train else "test"


def _flowers102(folder: Path) -> Iterable[Row]:
    for part, split in (("train", ""), ("val", ""), ("test", "test")):
        images = datasets.Flowers102(str(folder), split=part, download=True)
        names = getattr(images, "classes", None)  # only newer versions know the names
        for image, label in images:
            yield image, names[label] if names else f"flower {label + 1:03d}", split


DEMO_SETS: dict[str, DemoSet] = {
    "cifar10": DemoSet(
        "60,000 small photos of 10 classes", lambda: str(datasets.CIFAR10.url), _cifar10
    ),
    "fashion-mnist": DemoSet(
        "70,000 pictures of clothes, 10 classes",
        lambda: str(datasets.FashionMNIST.mirrors[0]),
        _fashion_mnist,
    ),
    "flowers102": DemoSet(
        "8,189 photos of flowers, 102 classes",
        lambda: str(datasets.Flowers102._download_url_prefix),
        _flowers102,
    ),
}


def prepare(workspace: Workspace, name: str, *, progress: Progress = SILENT) -> ImportPlan:
    """Download a data set into the cache, lay it out, and look at it for the import.

    Args:
        workspace: Its cache keeps the download.
        name: One of `DEMO_SETS`.
        progress: Told how many images are laid out; how many come is not known.

    Raises:
        InvalidInput: There is no such set.
        DownloadFailed: It is not here and cannot be had.
    """
    if name not in DEMO_SETS:
        raise InvalidInput(
            f"There is no demo set {name!r}.", next_step=f"Use {', '.join(DEMO_SETS)}."
        )
    chosen = DEMO_SETS[name]
    cache = workspace.cache_folder / "demo"
    folder, download = cache / name, cache / f"{name}-download"
    if not (folder / TABLE_NAME).exists():
        if not download.exists():
            _require_answer(name, chosen.find_url())
        local_files.make_folder(download)
        try:
            write_rows(folder, chosen.read(download), progress=progress)
        except (OSError, RuntimeError) as error:
            raise _download_failed(name, str(error)) from error
    return import_plan.prepare(workspace, folder, source_dataset=name)


def write_rows(folder: Path, rows: Iterable[Row], *, progress: Progress = SILENT) -> None:
    """Write images as PNG with a labels.csv beside them; the table comes last, when all is there.

    Args:
        folder: Made when needed.
        rows: Image, class name and split of each.
        progress: Told how many are written; how many come is not known.
    """
    listed = []
    for number, (image, class_name, split) in enumerate(rows):
        path = f"{split or 'train'}/{number // 1000:03d}/{number:06d}.png"
        local_files.make_folder((folder / path).parent)
        with local_files.open_private(folder / path, "wb") as picture:
            image.convert("RGB").save(picture, "PNG")
        listed.append([path, class_name, split])
        progress.advance(number + 1, 0)
    temporary = folder / f".{TABLE_NAME}.part"
    with (
        local_files.open_private(temporary, "wb") as raw,
        TextIOWrapper(raw, encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["file_path", "label_name", "split_type"])
        writer.writerows(listed)
    temporary.replace(folder / TABLE_NAME)


def _require_answer(name: str, url: str, *, seconds: float = CONNECT_SECONDS) -> None:
    """Find out within seconds whether there is a network: torchvision itself has no limit."""
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def connect() -> None:
        try:
            with urlopen(url, timeout=seconds):
                answers.put("")
        except OSError as error:  # also what urllib calls URLError and HTTPError
            answers.put(str(error) or type(error).__name__)

    threading.Thread(target=connect, name="demo-download", daemon=True).start()
    try:
        problem = answers.get(timeout=seconds + 1)
    except queue.Empty:
        problem = f"no answer in {seconds:g} seconds"
    # A server that refuses the bare folder is there all the same.
    if problem and not problem.startswith("HTTP Error"):
        raise _download_failed(name, problem)


def _download_failed(name: str, detail: str) -> DownloadFailed:
    return DownloadFailed(
        f"The data set {name} is not on this machine and could not be downloaded.",
        next_step="Check the network, or use the digits, which need no download: forge demo.",
        detail=detail,
    )
