"""The sheets of an Excel workbook as rows, through openpyxl where that is installed."""

import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from forge_core.catalog.formats.documents.cells import as_text

NEEDS = "openpyxl"
HOW = "Install it (pip install 'vision-forge[excel]'), or save the sheet as CSV."
_MOST_BYTES = 2**28
_TEXTS = ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml")


def is_readable() -> bool:
    """Whether workbooks can be read here."""
    return find_spec(NEEDS) is not None


def columns(path: Path) -> tuple[str, tuple[str, ...]]:
    """The name of the first sheet that holds anything, and its columns.

    Raises:
        ValueError: It is no workbook, is too large, or `openpyxl` is not there.
    """
    return next(sheets(path), ("", ()))


def sheets(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of each sheet that holds anything, and its columns.

    Raises:
        ValueError: See `columns`.
    """
    for title, table in _sheets(path):
        filled = next((values for values in table if any(values)), None)
        if filled is not None:
            names = [value.strip() for value in filled]
            while names and not names[-1]:
                names.pop()
            yield title, tuple(names)


def rows(path: Path, part: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows below the columns as (number of the row, column to text).

    Raises:
        ValueError: See `columns`.
    """
    names: list[str] = []
    for title, table in _sheets(path):
        if title != part:
            continue
        for number, values in enumerate(table, start=1):
            if names and any(values):
                yield number, dict(zip(names, values, strict=False))
            elif any(values):
                names = [value.strip() for value in values]
        return


def raw_text(path: Path) -> str:
    """All texts of a workbook with their markup, to look for names without `openpyxl`."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = {info.filename: info.file_size for info in archive.infolist()}
            return "\n".join(
                archive.read(name).decode("utf-8", "replace")
                for name in _TEXTS
                if 0 < inside.get(name, 0) < _MOST_BYTES
            )
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return ""


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[list[str]]]]:
    if not is_readable():
        raise ValueError(f"it is an Excel workbook, and {NEEDS} is not installed")
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
                raise ValueError("it is too large when unpacked")
        book: Any = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, TypeError, AttributeError) as error:
        raise ValueError("it is no workbook") from error
    try:
        for sheet in book.worksheets:
            yield sheet.title, ([as_text(v) for v in row] for row in sheet.values)
    finally:
        book.close()
