"""Take images and labels out again, so that our importer and other tools can read them."""

import csv
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path, PurePosixPath
from typing import IO

from db.records import Asset, AssetFilter
from forge_core.catalog import browsing
from forge_core.catalog.formats.table import TABLE_NAME
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.workspace import Workspace

COLUMNS = (
    "file_path",
    "label_name",
    "split_type",
    "source_dataset",
    "is_augmented",
    "width",
    "height",
    "content_hash",
    "asset_id",
)
UNASSIGNED = "unassigned"
UNLABELLED = "unlabelled"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written. `missing` are images whose files were not under the asset root."""

    num_images: int
    missing: list[str]


def list_matching(workspace: Workspace, where: AssetFilter) -> list[Asset]:
    """The images that match, by path.

    Raises:
        InvalidInput: The filter cannot be used, or nothing matches it.
    """
    browsing.check_filter(where)
    found: list[Asset] = []
    after: str | None = None
    with workspace.database.read() as uow:
        while page := uow.assets.list_page(where, sort="path", after=after, limit=5_000):
            found += page
            after = page[-1].file_path
    if not found:
        raise InvalidInput(
            "No image matches, so there is nothing to export.", next_step="Clear the filter."
        )
    return found


def export_csv(
    workspace: Workspace, destination: Path, where: AssetFilter | None = None
) -> ExportReport:
    """Write a table of labels; paths are relative to the asset root.

    Laid beside the images (in the asset root) as labels.csv, our importer reads it back.

    Raises:
        InvalidInput: Nothing matches.
    """
    assets = list_matching(workspace, where or AssetFilter())
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.with_name(f".{destination.name}.part")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        write_table(file, ((asset, asset.file_path) for asset in assets))
    temporary.replace(destination)
    return ExportReport(num_images=len(assets), missing=[])


def export_folders(
    workspace: Workspace,
    destination: Path,
    where: AssetFilter | None = None,
    *,
    progress: Progress | None = None,
) -> ExportReport:
    """Write `split/class/file` with the image bytes and a labels.csv, into a folder or a .zip.

    Other tools read the folders; our importer reads labels.csv and loses nothing.

    Args:
        workspace: The workspace.
        destination: A new or empty folder, or the name of a .zip file that does not exist.
        where: Which images; None for all.
        progress: Told (images written, images in all).

    Raises:
        InvalidInput: Nothing matches.
        Conflict: The destination holds something already.
    """
    assets = list_matching(workspace, where or AssetFilter())
    if destination.suffix.lower() == ".zip":
        if destination.exists():
            raise Conflict(f"{destination.name} exists already.", next_step="Name another file.")
        with _zip_writer(destination) as writer:
            return _write_all(workspace, assets, writer, progress)
    if destination.exists() and any(destination.iterdir()):
        raise Conflict(
            f"The folder {destination.name} is not empty.", next_step="Name a new folder."
        )
    return _write_all(workspace, assets, _FolderWriter(destination), progress)


def write_table(file: IO[str], rows: Iterator[tuple[Asset, str]]) -> None:
    """Write labels.csv: a header and a row for each (asset, path as written)."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for asset, path in rows:
        writer.writerow(
            [
                path,
                asset.label_name or "",
                asset.split_type or "",
                asset.source_dataset,
                str(asset.is_augmented).lower(),
                asset.width,
                asset.height,
                asset.content_hash,
                asset.asset_id,
            ]
        )


class _FolderWriter:
    """Files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, path: str, data: bytes) -> None:
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    @contextmanager
    def open_table(self) -> Iterator[IO[str]]:
        with (self._folder / TABLE_NAME).open("w", encoding="utf-8", newline="") as file:
            yield file


class _ZipWriter:
    """Files inside a zip; images are stored, because they are compressed already."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def write(self, path: str, data: bytes) -> None:
        self._archive.writestr(path, data, compress_type=zipfile.ZIP_STORED)

    @contextmanager
    def open_table(self) -> Iterator[IO[str]]:
        with (
            self._archive.open(TABLE_NAME, "w") as raw,
            TextIOWrapper(raw, encoding="utf-8", newline="") as file,
        ):
            yield file


@contextmanager
def _zip_writer(destination: Path) -> Iterator[_ZipWriter]:
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.with_name(f".{destination.name}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            yield _ZipWriter(archive)
        shutil.move(temporary, destination)
    finally:
        temporary.unlink(missing_ok=True)


def _write_all(
    workspace: Workspace,
    assets: list[Asset],
    writer: _FolderWriter | _ZipWriter,
    progress: Progress | None,
) -> ExportReport:
    written: list[tuple[Asset, str]] = []
    missing: list[str] = []
    used: set[str] = set()
    for position, asset in enumerate(assets):
        try:
            data = workspace.store.read(asset.file_path)
        except NotFound:
            missing.append(asset.file_path)
            continue
        path = _export_path(asset, used)
        writer.write(path, data)
        written.append((asset, path))
        if progress is not None:
            progress(position + 1, len(assets))
    with writer.open_table() as file:
        write_table(file, iter(written))
    return ExportReport(num_images=len(written), missing=missing)


def _export_path(asset: Asset, used: set[str]) -> str:
    """`split/class/file`, with a folder name that every system takes, and no path twice."""
    name = PurePosixPath(asset.file_path).name
    folder = f"{asset.split_type or UNASSIGNED}/{_folder_name(asset.label_name)}"
    path = f"{folder}/{name}"
    if path.lower() in used:
        path = f"{folder}/{asset.content_hash[:12]}-{name}"
    used.add(path.lower())
    return path


def _folder_name(label_name: str | None) -> str:
    if label_name is None:
        return UNLABELLED
    return re.sub(r"[^\w .()+-]", "_", label_name).strip(" .") or "_"
