"""A table as text, row by row: CSV with any usual separator, TSV, Parquet, a workbook, JSON."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from forge_core import spreadsheet_cells
from forge_core.catalog.formats.documents import json_rows, text_encoding, text_rows, workbook
from forge_core.catalog.formats.documents.cells import as_text, split_list
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput

__all__ = ["TableFile", "as_text", "open_table", "split_list", "unreadable", "without_header"]

OWN_COLUMNS = frozenset({"file_path", "content_hash", "asset_id"})
"""Columns of the tables that we write, in which `spreadsheet_cells.escape` marks formulas."""
SEPARATORS = (",", ";", "\t", "|")
JSON_ENDINGS = (".json", ".jsonl", ".ndjson", ".manifest")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm")
_LONGEST_HEADER = 2**20
_PARQUET_ROWS = 4096
_SAMPLE = 50


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A table that could be opened."""

    path: Path
    document: str
    """Its path relative to the folder that is imported, for a person."""
    columns: tuple[str, ...]
    """Names of the columns as written, without space around."""
    separator: str
    """Empty where the file is not text in lines."""
    encoding: str = "utf-8-sig"
    first_row: int = 1
    """Lines before the first row: a header, and what a spreadsheet puts before it."""
    part: str = ""
    """Which of the tables in the file, where it holds several."""
    written: tuple[str, ...] = ()
    """The columns as the text has them, where some hold JSON and stand in `columns` by field."""

    def rows(self, bad: list[ImportProblem] | None = None) -> Iterator[tuple[str, dict[str, str]]]:
        """Each row as (where it is, column to text); cells that are missing are absent.

        Args:
            bad: Takes a problem for each row that cannot be read as a row of this table, as far
                as the rows have been read.

        Raises:
            InvalidInput: The file is damaged.
        """
        try:
            if self.separator:
                yield from self._text_rows([] if bad is None else bad)
            elif self.path.suffix.lower() == ".parquet":
                yield from self._parquet_rows()
            else:
                for number, cells in self._parted_rows():
                    yield f"{self.document} row {number}", cells
        except (csv.Error, UnicodeError, OSError, ValueError, RecursionError) as error:
            raise unreadable(self.document, error) from error

    def _parted_rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        if self.path.suffix.lower() in WORKBOOK_ENDINGS:
            return workbook.rows(self.path, self.part)
        return json_rows.rows(self.path, self.part, self.encoding)

    def _text_rows(self, bad: list[ImportProblem]) -> Iterator[tuple[str, dict[str, str]]]:
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            is_own = set(self.columns) >= OWN_COLUMNS
            for number, values in text_rows.read(file, self.separator):
                if number <= self.first_row:
                    continue
                row = f"{self.document} line {number}"
                columns = self.written or self.columns
                if isinstance(values, str) or any(values[len(columns) :]):
                    why = (
                        values
                        if isinstance(values, str)
                        else (f"has {len(values)} cells for {len(columns)} columns")
                    )
                    shown = printable(row)
                    bad.append(ImportProblem(shown, "bad_row", f"{shown} {why}; left out."))
                elif any(value.strip() for value in values):
                    if is_own:
                        values = [spreadsheet_cells.unescape(value) for value in values]
                    cells = dict(zip(columns, values, strict=False))
                    yield row, json_rows.spread(cells) if self.written else cells

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


def open_table(
    path: Path, document: str, needed: Sequence[str] = (), *, encoding: str | None = None
) -> TableFile | None:
    """The table with the separator that gives the most columns, None where it is no table.

    Args:
        path: The file.
        document: Its name for a person.
        needed: Columns that must be there: they decide between the separators.
        encoding: What a person said of the encoding, None to find it out.
    """
    found = TableFile(path=path, document=document, columns=(), separator="")
    try:
        ending = path.suffix.lower()
        if ending == ".parquet":
            return replace(found, columns=tuple(_parquet_columns(path)))
        if ending in WORKBOOK_ENDINGS:
            part, columns = workbook.columns(path)
            return replace(found, columns=columns, part=part) if columns else None
        found = replace(found, encoding=text_encoding.of(path, encoding))
        if ending in JSON_ENDINGS:
            part, columns = json_rows.columns(path, found.encoding)
            return replace(found, columns=columns, part=part) if columns else None
        return _open_text(found, needed)
    except (csv.Error, UnicodeError, OSError, ValueError, RecursionError):
        return None


def _open_text(table: TableFile, needed: Sequence[str]) -> TableFile | None:
    with table.path.open(encoding=table.encoding, errors="replace", newline="") as file:
        header = file.readline(_LONGEST_HEADER)
        lines = 1
        told = text_rows.told_separator(header)
        if told is not None:
            header = file.readline(_LONGEST_HEADER)
            lines = 2
        first = list(islice(file, _SAMPLE))
    if "\x00" in header:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for separator in (told,) if told else SEPARATORS:
        names = tuple(n.strip() for n in next(csv.reader([header], delimiter=separator), []))
        if any(names) and set(needed) <= set(names):
            found[separator] = names
    if not found:
        return None
    separator = max(found, key=lambda name: len(found[name]))
    columns = found[separator]
    rows = [row for _, row in text_rows.read(first, separator) if row and not isinstance(row, str)]
    if rows and all(len(row) == len(columns) + 1 and row[-1].strip() for row in rows[:3]):
        columns = ("", *columns)  # R names no column for the numbers of the rows
    cells = [dict(zip(columns, row, strict=False)) for row in rows]
    spread = tuple(dict.fromkeys(name for row in cells for name in json_rows.spread(row)))
    if spread and not set(spread) <= set(columns):
        return replace(table, columns=spread, separator=separator, first_row=lines, written=columns)
    return replace(table, columns=columns, separator=separator, first_row=lines)


def without_header(table: TableFile, separator: str | None = None) -> TableFile | None:
    """The same text as a table whose first line is a row: columns are called by their numbers.

    Args:
        table: Of text.
        separator: Another one, for example a space.
    """
    separator = separator or table.separator
    if not separator:
        return None
    try:
        with table.path.open(encoding=table.encoding, errors="replace", newline="") as file:
            rows = [
                values
                for _, values in islice(text_rows.read(file, separator), _SAMPLE)
                if not isinstance(values, str)
            ]
    except (OSError, ValueError):
        return None
    if not rows:
        return None
    width = max(map(len, rows))
    if separator == " " and text_rows.is_first_space(rows):
        separator, width = text_rows.FIRST_SPACE, 2
    names = tuple(f"column {number}" for number in range(1, width + 1))
    first_row = table.first_row - 1
    return replace(table, columns=names, separator=separator, first_row=first_row, written=())


def unreadable(document: str, error: Exception) -> InvalidInput:
    """The refusal of a label file that is damaged."""
    return InvalidInput(
        f"{printable(document)} cannot be read: {printable(str(error))[:200] or 'it is damaged'}.",
        next_step="Look at that place, or export it again.",
        detail=f"{type(error).__name__}: {error}"[:500],
    )


def _parquet_columns(path: Path) -> list[str]:
    from pyarrow import parquet

    return [f.name for f in parquet.read_schema(path) if not _is_structure(f.type)]


def _is_structure(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_struct(kind) or types.is_binary(kind) or types.is_large_binary(kind))
