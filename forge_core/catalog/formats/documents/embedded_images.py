"""Images that lie inside tables and arrays: laid out as files, with their labels in JSON lines.

Read are Hugging Face's Parquet (a column of structures with `bytes`, or of bytes; ClassLabel names
from the schema), the binary files and tables of `pixel_files`, and NumPy archives (`x_train` with
`y_train`, `train_images` with `train_labels`, `images` with `labels`). Pickles are never read.

Source: the guide "Image dataset" of the library `datasets`; Keras' mnist.npz; MedMNIST.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from forge_core import local_files
from forge_core.catalog.formats.documents import pixel_files
from forge_core.catalog.formats.documents.cells import as_text
from forge_core.catalog.formats.documents.pixel_files import Found
from forge_core.catalog.formats.scan.scanned_folder import split_of_document, split_of_name
from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput
from forge_core.imaging import formats

LISTING = "images.jsonl"
_ENDINGS = (".parquet", ".npz")
_MOST_LOOKED_AT = 10_000
_ROWS = 256
_MAGIC = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
)
_PIXELS = re.compile(r"images?|imgs?|data|pixels|x", re.IGNORECASE)
_LABELS = ("labels", "label", "targets", "target", "y", "classes")


@dataclass
class _Layout:
    """The folder that is being filled."""

    folder: Path
    max_files: int
    max_bytes: int
    rows: list[dict[str, str]] = field(default_factory=list)
    written: int = 0

    def add(self, data: bytes, name: str, cells: Mapping[str, str], split: str | None) -> None:
        """Write one image and its row.

        Raises:
            InvalidInput: There are more, or they are larger, than is allowed.
        """
        self.written += len(data)
        if len(self.rows) >= self.max_files or self.written > self.max_bytes:
            raise InvalidInput(
                "More images lie inside the tables than may be unpacked.",
                next_step="Raise FORGE_MAX_ARCHIVE_FILES or FORGE_MAX_ARCHIVE_BYTES.",
            )
        path = f"{split or 'images'}/{name}"
        target = self.folder / path
        local_files.make_folder(target.parent)
        target.write_bytes(data)
        row = {"file_name": path, **cells}
        self.rows.append(row | ({"split": split} if split else {}))


def documents(place: Path) -> list[Path]:
    """Tables and arrays that hold images: a file, or those of a folder without image files."""
    if not place.is_dir():
        return [place] if _holds_images(place) else []
    found: list[Path] = []
    seen = 0
    for root, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not entry_names.is_ignored(name))
        for name in sorted(names):
            seen += 1
            ending = PurePosixPath(name).suffix.lower()
            if ending in formats.EXTENSIONS or seen > _MOST_LOOKED_AT:
                return []
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                found.append(path)
    return [path for path in found if _holds_images(path)]


def unpack(
    found: list[Path], folder: Path, destination: Path, *, max_files: int, max_bytes: int
) -> list[ImportProblem]:
    """Write every image of the documents as a file, and what is said of it into `LISTING`.

    Args:
        found: From `documents`.
        folder: That they lie in.
        destination: An empty folder.
        max_files: Most images.
        max_bytes: Largest sum of their sizes.

    Raises:
        InvalidInput: It is too much.
    """
    layout = _Layout(destination, max_files, max_bytes)
    problems: list[ImportProblem] = []
    for number, path in enumerate(found):
        shown = printable(path.relative_to(folder).as_posix())
        try:
            for name, data, cells, split in _read(path):
                layout.add(data, f"{number:03}-{name}", cells, split)
        except (OSError, ValueError, KeyError, TypeError) as error:
            text = f"“{shown}” cannot be read to its end: {printable(str(error))[:200]}."
            problems.append(ImportProblem(shown, "damaged", text))
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in layout.rows)
    (destination / LISTING).write_text(lines, encoding="utf-8")
    return problems


def _read(path: Path) -> Iterator[Found]:
    if (kind := pixel_files.kind_of(path)) is not None:
        return pixel_files.read(path, kind)
    return _from_parquet(path) if path.suffix.lower() == ".parquet" else _from_arrays(path)


def _holds_images(path: Path) -> bool:
    if path.suffix.lower() not in _ENDINGS:
        return pixel_files.kind_of(path) is not None
    try:
        if path.suffix.lower() == ".parquet":
            from pyarrow import parquet

            return _image_column(parquet.read_schema(path)) is not None
        return any(True for _ in _pairs(path))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _image_column(schema: Any) -> str | None:
    from pyarrow import types

    binary = []
    for column in schema:
        kind = column.type
        if types.is_struct(kind) and any(part.name == "bytes" for part in kind):
            return str(column.name)
        if types.is_binary(kind) or types.is_large_binary(kind):
            binary.append(str(column.name))
    return next((name for name in binary if _PIXELS.search(name)), next(iter(binary), None))


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Column to the names of its numbers, as `datasets` keeps them in the schema."""
    kept = (schema.metadata or {}).get(b"huggingface")
    info = json.loads(kept) if kept else {}
    features = info.get("info", {}).get("features", {})
    return {
        name: [str(part) for part in feature["names"]]
        for name, feature in features.items()
        if isinstance(feature, dict) and isinstance(feature.get("names"), list)
    }


def _from_parquet(path: Path) -> Iterator[Found]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        column = _image_column(schema)
        names = _class_names(schema)
        split = split_of_document(path.name) or split_of_document(f"{path.parent.name}/x")
        number = 0
        for batch in file.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                value = row.pop(column)
                data = value.get("bytes") if isinstance(value, dict) else value
                number += 1
                if not data:
                    continue
                cells = {
                    str(name): _named(cell, names.get(name))
                    for name, cell in row.items()
                    if not isinstance(cell, bytes | dict)
                }
                yield f"{number:06}{_ending(data)}", data, cells, split


def _named(value: Any, names: list[str] | None) -> str:
    if names is None or not isinstance(value, int):
        return as_text(value)
    return names[value] if 0 <= value < len(names) else ""


def _ending(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((ending for magic, ending in _MAGIC if data.startswith(magic)), ".png")


def _pairs(path: Path) -> Iterator[tuple[str, str | None, str | None]]:
    """Each array of pictures in an archive, with the one of its labels and its split."""
    with np.load(path, allow_pickle=False) as archive:
        names = list(archive.files)
    for name in names:
        words = re.split(r"[_.\- ]+", name.lower())
        if not any(_PIXELS.fullmatch(word) for word in words):
            continue
        rest = [word for word in words if not _PIXELS.fullmatch(word)]
        partner = next(
            (
                other
                for other in names
                if (parts := re.split(r"[_.\- ]+", other.lower()))
                and any(part in _LABELS for part in parts)
                and [part for part in parts if part not in _LABELS] == rest
            ),
            None,
        )
        yield name, partner, next((s for word in rest if (s := split_of_name(word))), None)


def _from_arrays(path: Path) -> Iterator[Found]:
    for name, partner, split in list(_pairs(path)):
        with np.load(path, allow_pickle=False) as archive:
            pictures = archive[name]
            labels = archive[partner] if partner is not None else None
        if pictures.ndim not in (3, 4) or pictures.dtype != np.uint8:
            raise ValueError(f"“{printable(name)}” is no array of pictures in 8 bits")
        if pictures.ndim == 4 and pictures.shape[1] in (1, 3, 4) and pictures.shape[3] > 4:
            pictures = np.moveaxis(pictures, 1, 3)
        for number, pixels in enumerate(pictures):
            buffer = BytesIO()
            flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
            Image.fromarray(flat).save(buffer, "PNG")
            cells: dict[str, str] = {}
            if labels is not None and number < len(labels) and labels[number].size == 1:
                cells["label"] = as_text(labels[number].reshape(-1)[0].item())
            yield f"{name}-{number:06}.png", buffer.getvalue(), cells, split
