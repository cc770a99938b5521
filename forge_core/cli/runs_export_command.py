"""`forge runs export`: finished runs as tables, for TensorBoard and for MLflow."""

from pathlib import Path
from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput


def export(
    run_ids: Annotated[list[int], typer.Argument(metavar="RUN...", help="Numbers of the runs.")],
    csv: Annotated[
        Path | None,
        typer.Option(help="Folder for tables, or one file .csv for a row a run."),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(help="Log folder of TensorBoard; a folder a run is written there."),
    ] = None,
    mlflow: Annotated[
        str | None, typer.Option(help="Address of MLflow: a server, or sqlite:///mlflow.db.")
    ] = None,
    experiment: Annotated[
        str, typer.Option(help="Experiment of MLflow; the workspace's name when not given.")
    ] = "",
    files: Annotated[
        bool, typer.Option("--files/--no-files", help="Checkpoint and card for MLflow too.")
    ] = True,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write finished runs for other tools: parameters, metrics, all series, results of classes.

    A run that is exported again stands there once, as it is now.
    """
    from forge_core.runs.tracking import csv_tables, facts, mlflow_runs, tensorboard_events

    if csv is None and tensorboard is None and mlflow is None:
        raise InvalidInput(
            "It is not said where to.", next_step="Add --csv, --tensorboard or --mlflow."
        )
    opened = opening.existing(workspace)
    if tensorboard is not None:
        tensorboard_events.load()  # what is missing is said before anything is written
    if mlflow is not None:
        mlflow_runs.load()
    done = []
    for run_id in dict.fromkeys(run_ids):
        found = facts.collect(opened, run_id)
        if csv is not None:
            done.append(csv_tables.write(found, csv))
        if tensorboard is not None:
            done.append(tensorboard_events.write(found, tensorboard))
        if mlflow is not None:
            name = experiment or opened.name
            done.append(mlflow_runs.write(found, mlflow, name, with_files=files))
    if as_json:
        output.answer(done)
        return
    for each in done:
        output.say(f"Run {each.run_id}, {each.target}: {each.outcome.value} in {each.place}")
