"""How commands speak: words or JSON on stdout, progress and errors on stderr."""

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Protocol
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from db import boxes
from db.boxes import Environment, JobProgress
from forge_core import spreadsheet_cells, storable_values
from forge_core.errors import ForgeError
from forge_core.progress import Advance, Progress


class Rejected(Protocol):
    """An image that was left out."""

    @property
    def message(self) -> str:
        """Why."""


JsonOption = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON document on stdout.")
]


def say(text: str, *, as_json: bool = False) -> None:
    """Write a line for a person; nothing when the answer shall be JSON."""
    if not as_json:
        _write(text)


def tell(text: str) -> None:
    """Write a line to stderr, whatever the answer looks like."""
    _write(text, to_stderr=True)


def answer(document: Any) -> None:
    """Write the one JSON document of a command."""
    _write(json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=2))


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table for a spreadsheet, which runs no cell of it as a formula."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = ("" if cell is None else cell for cell in row)
        writer.writerow(
            spreadsheet_cells.escape(cell) if isinstance(cell, str) else cell for cell in cells
        )


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table; columns whose every cell is a number are aligned to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        are_numbers = bool(rows) and all(isinstance(row[position], (int, float)) for row in rows)
        table.add_column(column, justify="right" if are_numbers else "left")
    for row in rows:
        cells = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row]
        table.add_row(*(escape(storable_values.readable_text(cell)) for cell in cells))
    # A fixed width, so that a pipe gets whole lines.
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(table)


def show_error(error: ForgeError) -> None:
    """Write a foreseen failure to stderr: what was asked and found, then what to do."""
    tell(f"Error: {error.message}")
    if error.next_step:
        tell(f"  {error.next_step}")
    if error.detail:
        tell(f"  ({error.detail.strip().splitlines()[-1][:500]})")


def show_rejected(rejected: Sequence[Rejected], num_rejected: int) -> None:
    """Write to stderr which images were left out and why, and how many more there are."""
    for problem in rejected:
        tell(f"left out: {problem.message}")
    if num_rejected > len(rejected):
        tell(f"and {num_rejected - len(rejected):,} more")


@contextmanager
def progress_bar(words: str, *, as_json: bool = False) -> Iterator[Progress]:
    """A bar on stderr, only where a person watches; it shows the progress that it gives."""
    console = Console(stderr=True)
    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=as_json or not console.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task(words, total=None)

        def show(advance: Advance) -> None:
            bar.update(task, completed=advance.done, total=advance.total or advance.done)

        yield Progress(show)


def plain(value: Any) -> Any:
    """The value as JSON can hold it; records become objects, times ISO 8601 in UTC.

    NaN and Infinity, which JSON has no word for, become None.
    """
    if isinstance(value, JobProgress | Environment):  # as they are kept: what was not told is out
        return plain(boxes.write_box(value))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(entry) for entry in value]
    if isinstance(value, datetime):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    if isinstance(value, (UUID, Path)):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _write(text: str, *, to_stderr: bool = False) -> None:
    """A file name that is not UTF-8 is written with escapes, which are valid in JSON too."""
    typer.echo(storable_values.readable_text(text), err=to_stderr)


def percent(share: float | None) -> str:
    """A share of 0 to 1 in percent with one digit; a dash for None."""
    return "-" if share is None else f"{100 * share:.1f} %"


def latency(milliseconds: float) -> str:
    """How long an answer took: 12.3 ms, 6.1 s."""
    seconds = milliseconds / 1000
    return f"{milliseconds:.1f} ms" if seconds < 0.99995 else f"{seconds:.1f} s"


def size(size_bytes: float) -> str:
    """Bytes in the unit a person would take."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:,.0f} {unit}" if unit == "bytes" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"
