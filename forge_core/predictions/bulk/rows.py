"""One answer a row, as CSV or as Parquet. No torch.

Until all are there the rows lie in a journal to which blocks are added: for CSV the file itself,
for Parquet, which cannot be gone on with, a stream of Arrow's record batches.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from forge_core import spreadsheet_cells
from forge_core.errors import ImageRejected, InvalidInput
from forge_core.inference.prediction import Prediction

ROWS_A_GROUP = 65_536
"""Of a Parquet file."""
DIGITS = 6
"""Of a probability: what lies behind them is noise of the machine."""


class Row(NamedTuple):
    """A file and what came of it."""

    path: str
    found: Prediction | ImageRejected


class RowFormat(Protocol):
    """How rows become bytes; the same rows in the same blocks give the same bytes."""

    def begin(self) -> bytes:
        """What stands before the first block."""

    def write_block(self, rows: Sequence[Row]) -> bytes:
        """The bytes of some rows."""

    def finish(self, journal: Path, out: Path) -> None:
        """Make the results of a journal that is complete; nobody sees half of them."""


def format_of(out: Path, top_k: int) -> RowFormat:
    """The format that the ending of a file names.

    Raises:
        InvalidInput: It names none.
    """
    match out.suffix.lower():
        case ".csv":
            return CsvRows(top_k)
        case ".parquet":
            return ParquetRows(top_k)
        case _:
            raise InvalidInput(
                f"{out.name} does not say which kind of table it shall be.",
                next_step="Let it end in .csv or .parquet.",
            )


def columns(top_k: int) -> list[str]:
    """Names of the columns: the best class first, then the others by rank."""
    others = [f"{name}_{rank}" for rank in range(2, top_k + 1) for name in ("label", "probability")]
    return ["path", "label", "probability", "decision", "error", *others]


def values(row: Row, top_k: int) -> list[str | float | None]:
    """A row in the order of `columns`."""
    if isinstance(row.found, ImageRejected):
        return [row.path, None, None, None, row.found.message, *[None] * (2 * (top_k - 1))]
    ranked: list[str | float | None] = []
    for each in row.found.probabilities:
        ranked += [each.label_name, round(each.probability, DIGITS)]
    decision = None if row.found.decision is None else str(row.found.decision)
    return [row.path, *ranked[:2], decision, None, *ranked[2:]]


class CsvRows:
    """A table for spreadsheets, which run no cell of it as a formula."""

    def __init__(self, top_k: int) -> None:
        self._top_k = top_k

    def begin(self) -> bytes:
        """The names of the columns."""
        return self._write([columns(self._top_k)])

    def write_block(self, rows: Sequence[Row]) -> bytes:
        """A line a row; a name with a line break is quoted."""
        return self._write([[_cell(value) for value in values(row, self._top_k)] for row in rows])

    def finish(self, journal: Path, out: Path) -> None:
        """The journal is the table."""
        journal.replace(out)

    def _write(self, lines: Sequence[Sequence[str]]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(lines)
        return text.getvalue().encode()


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.{DIGITS}f}" if isinstance(value, float) else spreadsheet_cells.escape(value)


class ParquetRows:
    """A table for programs: texts and numbers with their types, missing ones as null."""

    def __init__(self, top_k: int) -> None:
        self._top_k = top_k
        self._schema = pa.schema(
            [
                (name, pa.float64() if name.startswith("probability") else pa.string())
                for name in columns(top_k)
            ]
        )

    def begin(self) -> bytes:
        """The schema."""
        data: bytes = self._schema.serialize().to_pybytes()
        return data

    def write_block(self, rows: Sequence[Row]) -> bytes:
        """A record batch."""
        by_column = zip(*(values(row, self._top_k) for row in rows), strict=True)
        arrays = [
            pa.array(column, field.type)
            for column, field in zip(by_column, self._schema, strict=True)
        ]
        data: bytes = pa.record_batch(arrays, schema=self._schema).serialize().to_pybytes()
        return data

    def finish(self, journal: Path, out: Path) -> None:
        """Written anew with groups of rows of one size, a group in memory at a time."""
        partial = out.with_name(f".{out.name}.writing")
        with pq.ParquetWriter(partial, self._schema) as writer:
            for table in self._groups(journal):
                writer.write_table(table, row_group_size=ROWS_A_GROUP)
        partial.replace(out)
        journal.unlink()

    def _groups(self, journal: Path) -> Iterator[pa.Table]:
        waiting: list[pa.RecordBatch] = []
        num_rows = 0
        with journal.open("rb") as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                waiting.append(batch)
                num_rows += batch.num_rows
                if num_rows >= ROWS_A_GROUP:
                    yield pa.Table.from_batches(waiting)
                    waiting, num_rows = [], 0
        if waiting:
            yield pa.Table.from_batches(waiting)
