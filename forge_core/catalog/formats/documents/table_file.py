"""A table as text: CSV with any usual separator, TSV, or Parquet, row by row."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput

SEPARATORS = (",", ";", "\t", "|")
_LONGEST_HEADER = 2**20
_PARQUET_ROWS = 4096
_LIST_SEPARATOR = "\x1f"


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A table that could be opened."""

    path: Path
    document: str
    """Its path relative to the folder that is imported, for a person."""
    columns: tuple[str, ...]
    """Names of the columns as written, without space around."""
    separator: str
    """Empty for Parquet."""

    def rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Each row as (where it is, column to text); cells that are missing are absent.

        Raises:
            InvalidInput: The file is damaged, or not in UTF-8.
        """
        try:
            yield from self._parquet_rows() if not self.separator else self._csv_rows()
        except (csv.Error, UnicodeError, OSError, ValueError) as error:
            raise unreadable(self.document, error) from error

    def _csv_rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        with self.path.open(encoding=_encoding(self.path), newline="") as file:
            reader = csv.reader(file, delimiter=self.separator, strict=True)
            next(reader, None)
            for values in reader:
                if any(value.strip() for value in values):
                    cells = dict(zip(self.columns, values, strict=False))
                    yield f"{self.document} line {reader.line_num}", cells

    def _parquet_rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        from pyarrow import parquet

        with parquet.ParquetFile(self.path) as file:
            number = 0
            # Structures hold pixels, not labels: they are never loaded.
            plain = [f.name for f in file.schema_arrow if not _is_structure(f.type)]
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS, columns=plain):
                for row in batch.to_pylist():
                    number += 1
                    yield (
                        f"{self.document} row {number}",
                        {str(name): as_text(value) for name, value in row.items()},
                    )


def open_table(path: Path, document: str, needed: Sequence[str] = ()) -> TableFile | None:
    """The table with the separator that gives the most columns, None where it is no table.

    Args:
        path: The file.
        document: Its name for a person.
        needed: Columns that must be there: they decide between the separators.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return TableFile(
                path=path, document=document, columns=tuple(_parquet_columns(path)), separator=""
            )
        with path.open(encoding=_encoding(path), newline="") as file:
            header = file.readline(_LONGEST_HEADER)
        found: dict[str, tuple[str, ...]] = {}
        for separator in SEPARATORS:
            names = tuple(n.strip() for n in next(csv.reader([header], delimiter=separator), []))
            if any(names) and set(needed) <= set(names):
                found[separator] = names
    except (csv.Error, UnicodeError, OSError, ValueError):
        return None
    if not found:
        return None
    separator = max(found, key=lambda name: len(found[name]))
    return TableFile(path=path, document=document, columns=found[separator], separator=separator)


def unreadable(document: str, error: Exception) -> InvalidInput:
    """The refusal of a label file that is damaged or in another encoding."""
    is_text = document.lower().endswith((".csv", ".tsv", ".txt"))
    return InvalidInput(
        f"{printable(document)} cannot be read.",
        next_step="Save it in UTF-8." if is_text else "Export it again.",
        detail=f"{type(error).__name__}: {error}"[:500],
    )


def split_list(cell: str) -> list[str]:
    """The parts of a cell that was a list in Parquet; any other cell whole."""
    return [part for part in cell.split(_LIST_SEPARATOR) if part]


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _parquet_columns(path: Path) -> list[str]:
    from pyarrow import parquet

    return [f.name for f in parquet.read_schema(path) if not _is_structure(f.type)]


def _is_structure(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_struct(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def as_text(value: Any) -> str:
    """A cell as a CSV would hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return _LIST_SEPARATOR.join(as_text(part) for part in value)
    return "" if value != value else str(value)  # NaN is what pandas writes for nothing
