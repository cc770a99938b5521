"""Where an export is written: below a folder or into a zip, and what a format has to say."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Protocol

from db.records import Asset

UNASSIGNED = "unassigned"
Written = Sequence[tuple[Asset, str]]
"""Images with their paths in the export."""


class Sink(Protocol):
    """A place for the files of an export."""

    def write(self, path: str, data: bytes) -> None:
        """Add a file."""

    def open_text(self, path: str) -> AbstractContextManager[IO[str]]:
        """A text file in UTF-8 to write to."""

    def open_binary(self, path: str) -> AbstractContextManager[IO[bytes]]:
        """A file to write to."""


@dataclass(frozen=True)
class ExportFormat:
    """A way to write images and labels so that others can read them."""

    title: str
    purpose: str
    """One sentence for a person."""
    write_labels: Callable[[Sink, Written], None]
    folder_of: Callable[[Asset, bool], str] | None = None
    """The folder of an image, told whether any image has a split; None writes no images."""
    ending: str = ".zip"
    """Of the one file that a download is."""


class FolderSink:
    """Files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, path: str, data: bytes) -> None:
        """Add a file."""
        self._place(path).write_bytes(data)

    @contextmanager
    def open_text(self, path: str) -> Iterator[IO[str]]:
        """A text file in UTF-8 to write to."""
        with self._place(path).open("w", encoding="utf-8", newline="") as file:
            yield file

    @contextmanager
    def open_binary(self, path: str) -> Iterator[IO[bytes]]:
        """A file to write to."""
        with self._place(path).open("wb") as file:
            yield file

    def _place(self, path: str) -> Path:
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


class ZipSink:
    """Files inside a zip; images are stored, because they are compressed already."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def write(self, path: str, data: bytes) -> None:
        """Add a file."""
        self._archive.writestr(path, data, compress_type=zipfile.ZIP_STORED)

    @contextmanager
    def open_text(self, path: str) -> Iterator[IO[str]]:
        """A text file in UTF-8 to write to."""
        with (
            self._archive.open(path, "w", force_zip64=True) as raw,
            TextIOWrapper(raw, encoding="utf-8", newline="") as file,
        ):
            yield file

    @contextmanager
    def open_binary(self, path: str) -> Iterator[IO[bytes]]:
        """A file to write to."""
        with self._archive.open(path, "w", force_zip64=True) as file:
            yield file


@contextmanager
def open_zip(destination: Path) -> Iterator[ZipSink]:
    """A zip that is there when all of it is written, and not at all when that fails."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.with_name(f".{destination.name}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            yield ZipSink(archive)
        shutil.move(temporary, destination)
    finally:
        temporary.unlink(missing_ok=True)


def by_split(written: Written) -> dict[str, list[tuple[Asset, str]]]:
    """The images of each split, in order; those of none under "unassigned"."""
    groups: dict[str, list[tuple[Asset, str]]] = {}
    for asset, path in written:
        groups.setdefault(asset.split_type or UNASSIGNED, []).append((asset, path))
    return groups


def class_names(written: Written) -> list[str]:
    """The classes that occur, sorted."""
    return sorted({asset.label_name for asset, _ in written if asset.label_name is not None})


def split_folder(asset: Asset) -> str:
    """The folder of an image's split."""
    return asset.split_type or UNASSIGNED


def extras(asset: Asset) -> dict[str, Any]:
    """What few formats have a place for, as fields of ours; empty ones are left out."""
    fields = {
        "split": asset.split_type,
        "source_dataset": asset.source_dataset,
        "group_key": asset.group_key,
        "is_augmented": asset.is_augmented or None,
        "review_note": asset.review_note or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def write_json_items(file: IO[str], items: Iterable[str]) -> None:
    """Write items that are JSON already, one a line, with commas between."""
    first = True
    for item in items:
        file.write("\n" if first else ",\n")
        file.write(item)
        first = False


def to_json(value: Any) -> str:
    """A value as JSON in one line, with letters of all scripts as they are."""
    return json.dumps(value, ensure_ascii=False)
