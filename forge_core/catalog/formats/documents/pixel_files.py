"""Pictures whose pixels stand in binary files and tables: MNIST's idx, CIFAR's .bin, CSV of pixels.

The pickled batches of CIFAR for Python are never read, because opening a pickle can run code.

Source: Yann LeCun's MNIST page, "File formats"; the CIFAR-10 and CIFAR-100 pages, "Binary version";
Kaggle's digit-recognizer and FER2013.
"""

import csv
import gzip
import math
import re
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forge_core.catalog.formats.documents import text_encoding
from forge_core.catalog.formats.scan.scanned_folder import split_of_document, split_of_name

Found = tuple[str, bytes, dict[str, str], str | None]
"""Name, content, cells and split of an image."""

_IDX = re.compile(r"(.*?)images?[-._]?(?:idx3)?[-._]?ubyte(?:\.gz)?", re.IGNORECASE)
_IDX_IMAGES, _IDX_LABELS = 0x0803, 0x0801
_SIDE = 32
_CIFAR = 3 * _SIDE * _SIDE
_CIFAR_NAMES = {1: ("batches.meta.txt",), 2: ("fine_label_names.txt",)}
_PIXEL = re.compile(r"(?:pixel|px|p)?[ _.-]?\d+(?:x\d+)?", re.IGNORECASE)
_FEWEST_PIXELS = 64
_MOST_PIXELS = 2**16
_BLOCK = 2**20
_USAGES = {"publictest": "val", "privatetest": "test"}
"""Words of FER2013 for its splits."""


def kind_of(path: Path) -> str | None:
    """`idx`, `cifar` or `csv` where a file holds pixels in that form, or None."""
    name = path.name.lower()
    try:
        if _IDX.fullmatch(name):
            with _open(path) as file:
                return "idx" if int.from_bytes(file.read(4), "big") == _IDX_IMAGES else None
        if name.endswith(".bin"):
            return "cifar" if _labels_before(path) else None
        if name.endswith(".csv"):
            return "csv" if _Pixels.of(path) is not None else None
    except (OSError, ValueError, EOFError, csv.Error):
        return None
    return None


def read(path: Path, kind: str) -> Iterator[Found]:
    """Every picture of a file, with its label.

    Raises:
        ValueError: The file is damaged.
        OSError: It cannot be read.
    """
    if kind == "idx":
        return _from_idx(path)
    return _from_cifar(path) if kind == "cifar" else _from_csv(path)


def _open(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _from_idx(path: Path) -> Iterator[Found]:
    with _open(path) as file:
        _, number, rows, columns = (int.from_bytes(file.read(4), "big") for _ in range(4))
        if not 0 < rows * columns <= _MOST_PIXELS:
            raise ValueError(f"its pictures are {rows} x {columns}")
        labels = _idx_labels(path)
        if labels is not None and len(labels) != number:
            raise ValueError(f"it has {number} pictures, its labels are {len(labels)}")
        split = "test" if path.name.lower().startswith("t10k") else split_of_document(path.name)
        for position in range(number):
            data = file.read(rows * columns)
            if len(data) < rows * columns:
                raise ValueError(f"it ends after {position} of {number} pictures")
            pixels = np.frombuffer(data, np.uint8).reshape(rows, columns)
            cells = {"label": str(labels[position])} if labels is not None else {}
            yield f"{position:06}.png", _png(pixels), cells, split


def _idx_labels(path: Path) -> bytes | None:
    """The labels of the same name beside it, None where there are none."""
    wanted = re.sub(r"images?", "label", path.name.lower()).replace("idx3", "idx1")
    wanted = wanted.removesuffix(".gz")
    for other in sorted(path.parent.iterdir()):
        plain = other.name.lower().removesuffix(".gz").replace("labels", "label")
        if plain != wanted or not other.is_file():
            continue
        with _open(other) as file:
            if int.from_bytes(file.read(4), "big") == _IDX_LABELS:
                number = int.from_bytes(file.read(4), "big")
                return file.read(number)
    return None


def _labels_before(path: Path) -> int:
    """Bytes of labels before each picture: 1 of CIFAR-10, 2 of CIFAR-100, 0 for no such file."""
    size = path.stat().st_size
    for number, names in _CIFAR_NAMES.items():
        is_named = any((path.parent / name).is_file() for name in names)
        if size and size % (_CIFAR + number) == 0 and is_named:
            return number
    return 0


def _from_cifar(path: Path) -> Iterator[Found]:
    before = _labels_before(path)
    lines = (path.parent / _CIFAR_NAMES[before][0]).read_text("utf-8", "replace").splitlines()
    names = [line.strip() for line in lines if line.strip()]
    is_test = "test" in path.name.lower()
    with path.open("rb") as file:
        position = 0
        while record := file.read(before + _CIFAR):
            number = record[before - 1]  # of CIFAR-100's two the second is the class
            pixels = np.frombuffer(record[before:], np.uint8).reshape(3, _SIDE, _SIDE)
            cells = {"label": names[number] if number < len(names) else str(number)}
            yield (
                f"{path.stem}-{position:06}.png",
                _png(np.ascontiguousarray(np.moveaxis(pixels, 0, 2))),
                cells,
                "test" if is_test else "train",
            )
            position += 1


class _Pixels:
    """Where the pixels and the rest stand in a CSV."""

    def __init__(self, columns: list[str], texts: int | None, numbers: list[int]) -> None:
        self.columns = columns
        self.texts = texts
        """The column that holds all pixels of a picture as one text, None for a column a pixel."""
        self.numbers = numbers

    @classmethod
    def of(cls, path: Path) -> "_Pixels | None":
        """As the first two lines say; None where they hold no pixels."""
        with path.open(encoding=text_encoding.of(path), errors="replace", newline="") as file:
            first = [line for line in islice((file.readline(_BLOCK) for _ in range(2)), 2) if line]
        rows = list(csv.reader(first))
        if len(rows) < 2 or len(rows[0]) != len(rows[1]):
            return None
        columns, cells = rows
        for position, cell in enumerate(cells):
            if len(cell.split()) >= _FEWEST_PIXELS and _shape(_values(cell.split())) is not None:
                return cls(columns, position, [])
        numbers = [
            position
            for position, (name, cell) in enumerate(zip(columns, cells, strict=True))
            if _PIXEL.fullmatch(name.strip()) and cell.strip().isdecimal()
        ]
        if len(numbers) < _FEWEST_PIXELS or _shape(_values([cells[n] for n in numbers])) is None:
            return None
        return cls(columns, None, numbers)

    def of_row(self, cells: list[str]) -> NDArray[np.uint8] | None:
        """The picture of a row."""
        if len(cells) != len(self.columns):
            return None
        texts = [cells[n] for n in self.numbers]
        return _shape(_values(texts if self.texts is None else cells[self.texts].split()))

    def others(self, cells: list[str]) -> dict[str, str]:
        """What else a row says."""
        pixels = {*self.numbers, self.texts}
        return {name: cells[n] for n, name in enumerate(self.columns) if n not in pixels}


def _values(texts: list[str]) -> list[int]:
    if len(texts) > _MOST_PIXELS or not all(t.strip().isdecimal() and len(t) < 5 for t in texts):
        return []
    return [int(text) for text in texts]


def _shape(values: list[int]) -> NDArray[np.uint8] | None:
    """A square picture of grey or, where that does not fit, of colour."""
    if not values or max(values) > 255:
        return None
    pixels = np.array(values, np.uint8)
    for channels in (1, 3):
        side = math.isqrt(len(values) // channels)
        if side * side * channels == len(values):
            return pixels.reshape((side, side) if channels == 1 else (side, side, channels))
    return None


def _from_csv(path: Path) -> Iterator[Found]:
    found = _Pixels.of(path)
    if found is None:
        raise ValueError("it holds no pixels")
    whole = split_of_document(path.name)
    with path.open(encoding=text_encoding.of(path), errors="replace", newline="") as file:
        for position, cells in enumerate(islice(csv.reader(file), 1, None)):
            pixels = found.of_row(cells)
            if pixels is None:
                raise ValueError(f"row {position + 1} holds no picture of squares of pixels")
            others = found.others(cells)
            split = whole
            for name, cell in list(others.items()):
                plain = cell.replace(" ", "").lower()
                if (told := _USAGES.get(plain) or split_of_name(cell)) is not None:
                    split = told
                    del others[name]
            yield f"{path.stem}-{position:06}.png", _png(pixels), others, split


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
