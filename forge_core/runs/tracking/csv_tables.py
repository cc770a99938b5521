"""Runs as tables: one row a run, and what each measured over time and for each class.

    FOLDER/runs.csv                 a row a run: parameters, metrics
    FOLDER/run-12/series.csv        a row a point
    FOLDER/run-12/classes.csv       a row a split and class

A table of runs keeps the rows of other runs; the one that is exported again has one row.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from forge_core import local_files, spreadsheet_cells
from forge_core.errors import Conflict
from forge_core.runs.tracking import own_folders
from forge_core.runs.tracking.facts import RunFacts
from forge_core.runs.tracking.outcome import Exported, Outcome

RUNS = "runs.csv"
KEYS = ("workspace_id", "run_id")
FIRST_COLUMNS = (
    *(*KEYS, "name", "state", "author", "created_at", "started_at", "finished_at"),
    *("starred", "tags", "note", "checkpoint_sha256", "message"),
)
PARAMETER, METRIC = "param.", "metric."
Row = dict[str, str]


def write(facts: RunFacts, place: Path) -> Exported:
    """Write a run into tables.

    Args:
        facts: The run.
        place: A file that ends in .csv takes the row of the run alone, anything else is a folder
            for all of it; both are made where they are not there.

    Raises:
        Conflict: Another table is there, or the folder of the run is that of another workspace.
        OSError: Nothing can be written there.
    """
    is_file = place.suffix.lower() == ".csv"
    table = place if is_file else place / RUNS
    if not is_file:
        own = place / f"run-{facts.run.run_id}"
        own_folders.claim(own, facts)
        local_files.replace(own / "series.csv", _text(_series_rows(facts)))
        local_files.replace(own / "classes.csv", class_table(facts))
    local_files.make_folder(table.parent)
    with local_files.locked(table.parent):
        outcome = _put_row(table, _run_row(facts))
    return Exported(
        run_id=facts.run.run_id, target="csv", place=str(place.resolve()), outcome=outcome
    )


def class_table(facts: RunFacts) -> bytes:
    """The results of each class on each split, as CSV."""
    return _text(_class_rows(facts))


def _put_row(table: Path, row: Row) -> Outcome:
    kept = _read_runs(table)
    same = [each for each in kept if _key(each) == _key(row)]
    if same == [row]:
        return Outcome.KEPT
    others = [each for each in kept if _key(each) != _key(row)]
    local_files.replace(table, _text(_table(sorted([*others, row], key=_order))))
    return Outcome.REPLACED if same else Outcome.WRITTEN


def _run_row(facts: RunFacts) -> Row:
    run = facts.run
    first = {
        "workspace_id": facts.workspace_id,
        "run_id": run.run_id,
        "name": run.name,
        "state": run.status.value,
        "author": run.author,
        **{
            name: "" if when is None else when.isoformat(timespec="seconds")
            for name in ("created_at", "started_at", "finished_at")
            for when in [getattr(run, name)]
        },
        "starred": "yes" if run.is_starred else "",
        "tags": ", ".join(facts.tags),
        "note": run.note,
        "checkpoint_sha256": facts.checkpoint_sha256,
        "message": run.message,
    }
    parameters = {f"{PARAMETER}{name}": value for name, value in facts.parameters.items()}
    metrics = {f"{METRIC}{name}": value for name, value in facts.metrics.items()}
    row = {name: str(value) for name, value in {**first, **parameters, **metrics}.items()}
    return {name: text for name, text in row.items() if text or name in FIRST_COLUMNS}


def _series_rows(facts: RunFacts) -> Iterator[Sequence[object]]:
    yield "series", "step", "value"
    for name, points in facts.series.items():
        for step, value in points:
            yield name, step, "nan" if value is None else repr(value)


def _class_rows(facts: RunFacts) -> Iterator[Sequence[object]]:
    yield "split", "label_id", "class", "precision", "recall", "f1", "images"
    for each in facts.classes:
        name = spreadsheet_cells.escape(each.class_name)
        numbers = each.precision, each.recall, each.f1, each.support
        yield each.split, each.label_id, name, *numbers


def _read_runs(table: Path) -> list[Row]:
    """The rows of a table that we wrote, without their empty cells; none where there is no file.

    Raises:
        Conflict: It is another table.
    """
    try:
        text = table.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise _stranger(table, str(error)) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not set(FIRST_COLUMNS) <= set(reader.fieldnames or ()):
        raise _stranger(table, f"columns {', '.join((reader.fieldnames or ())[:12])}")
    return [
        {name: _read_cell(cell) for name, cell in row.items() if cell or name in FIRST_COLUMNS}
        for row in reader
    ]


def _read_cell(cell: str | None) -> str:
    return spreadsheet_cells.unescape(cell or "")


def _stranger(table: Path, detail: str) -> Conflict:
    return Conflict(
        f"{table} is no table of runs that was exported, and stays as it is.",
        next_step="Name another file or folder.",
        detail=detail,
    )


def _table(rows: list[Row]) -> Iterator[Sequence[object]]:
    """All rows with the columns of all: parameters before metrics, in the order of their names."""
    names = {name for row in rows for name in row} - set(FIRST_COLUMNS)
    columns = [*FIRST_COLUMNS, *sorted(names, key=lambda name: (not name.startswith("p"), name))]
    yield columns
    for row in rows:
        yield [spreadsheet_cells.escape(row.get(name, "")) for name in columns]


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in KEYS)


def _order(row: Row) -> tuple[str, int]:
    return row["workspace_id"], int(row["run_id"])


def _text(rows: Iterable[Sequence[object]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(rows)
    return lines.getvalue().encode()
