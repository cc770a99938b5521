"""`forge calibrate`: a checkpoint whose probabilities can be believed."""

from pathlib import Path
from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.errors import InvalidInput


def calibrate(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")],
    out: Annotated[Path, typer.Option("--out", help="The .safetensors file to write.")],
    kind: Annotated[str, typer.Option(help="Checkpoint of the run: best or last.")] = "best",
    workspace: WorkspaceOption = None,
) -> None:
    """Write a copy of a run's checkpoint that carries the temperature fitted on val.

    `forge predict` and `forge serve` divide by it. The run's own file stays as it is.
    """
    from forge_core.predictions.calibration import calibrated

    opened = opening.existing(workspace)
    try:
        value = calibrated.write_calibrated(opened, run_id, out, kind)
    except OSError as error:
        raise InvalidInput(
            f"{out} cannot be written: {error.strerror or error}.",
            next_step="Name a file in a folder that can be written.",
        ) from error
    output.say(f"{out} has the {kind} weights of run {run_id} with temperature {value:.2f}")
