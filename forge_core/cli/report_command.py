"""`forge report`: a run as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from forge_core import local_files
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.errors import InvalidInput


def report(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write, such as report.html.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Write a run's data, balance, issues, leaks, metrics and how to repeat it into one file."""
    from forge_core.predictions.report import run_report

    opened = opening.existing(workspace)
    text = run_report.write_report(opened, run_id)
    try:
        local_files.replace(out, text.encode())
    except OSError as error:
        raise InvalidInput(
            f"{out} cannot be written: {error.strerror or error}.",
            next_step="Name a file in a folder that exists.",
        ) from error
    output.say(f"Run {run_id} is reported in {out}")
