"""Reads a CSV of labels that lies beside its images, as the CSV export writes it.

Columns, found by name in any order: file_path (needed; relative to the folder of the CSV),
label_name, split_type, source_dataset, is_augmented. Others are ignored.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forge_core.catalog import entry_names
from forge_core.catalog.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput

TABLE_NAME = "labels.csv"
SPLITS = ("train", "val", "test", "held_out")
MAX_SOURCE_DATASET = 64
_PATH_COLUMN = "file_path"
_LONGEST_HEADER = 65536
_TRUE = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class TableRow:
    """One image as the table describes it."""

    file_path: str
    label_name: str | None
    split: str | None
    source_dataset: str | None
    is_augmented: bool


def find_table(root: Path, paths: list[str]) -> str | None:
    """The table of labels among CSV files: labels.csv, or the only other one that reads as one.

    Args:
        root: The folder.
        paths: CSV files relative to it; those in folders below are not considered.

    Raises:
        InvalidInput: labels.csv is there and lacks the column `file_path`.
    """
    here = [path for path in paths if "/" not in path]
    for path in here:
        if path.lower() == TABLE_NAME:
            if _delimiter(root / path) is None:
                raise InvalidInput(
                    f"{path} has no column {_PATH_COLUMN}.",
                    next_step=f"Add a first line with {_PATH_COLUMN},label_name,split_type, or "
                    "rename the table so that the folders are read instead.",
                )
            return path
    readable = [path for path in here if _delimiter(root / path) is not None]
    return readable[0] if len(readable) == 1 else None


def read_table(table: Path) -> tuple[list[TableRow], list[ImportProblem]]:
    """The rows that can be used, in order, and a problem for each that cannot.

    A row is used whole or not at all: with a bad path, split or class name it is left out. An
    empty label or split means none.

    Raises:
        InvalidInput: The file is no CSV in UTF-8 with a `file_path` column.
    """
    rows: list[TableRow] = []
    problems: list[ImportProblem] = []
    try:
        for line in _lines(table):
            row = _row(line)
            if isinstance(row, TableRow):
                rows.append(row)
            elif row is not None:
                problems.append(row)
    except (csv.Error, UnicodeError, OSError) as error:
        raise InvalidInput(
            f"{printable(table.name)} cannot be read as a table.",
            next_step="Save it as CSV in UTF-8.",
            detail=f"{type(error).__name__}: {error}",
        ) from error
    return rows, problems


def _lines(table: Path) -> Iterator[dict[str, str]]:
    """Each line as column name to text, both without space around; missing columns are absent."""
    delimiter = _delimiter(table)
    if delimiter is None:
        raise InvalidInput(f"{printable(table.name)} has no column {_PATH_COLUMN}.")
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        columns = [name.strip().lower() for name in next(reader)]
        for values in reader:
            if any(value.strip() for value in values):
                yield {c: v.strip() for c, v in zip(columns, values, strict=False)}


def _delimiter(table: Path) -> str | None:
    """What separates the columns, or None when no column is called `file_path`."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline(_LONGEST_HEADER)
        for delimiter in (",", ";", "\t"):
            names = next(csv.reader([header], delimiter=delimiter), [])
            if _PATH_COLUMN in [name.strip().lower() for name in names]:
                return delimiter
    except (csv.Error, UnicodeError, OSError):
        return None
    return None


def _row(line: dict[str, str]) -> TableRow | ImportProblem | None:
    path = line.get(_PATH_COLUMN, "").replace("\\", "/").removeprefix("./")
    shown = printable(path)
    if not path:
        return ImportProblem(TABLE_NAME, "bad_name", "A row names no file; left out.")
    problem = entry_names.path_problem(path)
    if problem is not None:
        return problem
    split = line.get("split_type", "")
    if split and split not in SPLITS:
        message = (
            f"“{shown}” has the split “{printable(split)}”; left out. "
            f"Write one of {', '.join(SPLITS)}, or nothing."
        )
        return ImportProblem(shown, "bad_split", message)
    label = line.get("label_name", "")
    try:
        label_name = entry_names.normalise_class_name(label) if label else None
    except InvalidInput as error:
        return ImportProblem(shown, "bad_class_name", f"“{shown}” is left out. {error}")
    return TableRow(
        file_path=path,
        label_name=label_name,
        split=split or None,
        source_dataset=line.get("source_dataset", "")[:MAX_SOURCE_DATASET] or None,
        is_augmented=line.get("is_augmented", "").lower() in _TRUE,
    )
