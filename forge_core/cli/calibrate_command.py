"""`forge calibrate`: a checkpoint whose probabilities can be believed, and that says when not."""

from pathlib import Path
from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.errors import InvalidInput


def calibrate(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")],
    max_error: Annotated[
        str | None,
        typer.Option(
            help="Promise that at most this share of the accepted answers is wrong, such as 2%."
        ),
    ] = None,
    certainty: Annotated[str, typer.Option(help="How sure the promise is.")] = "95%",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The .safetensors file to write, instead of keeping it."),
    ] = None,
    kind: Annotated[str, typer.Option(help="Checkpoint of the run: best or last.")] = "best",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:0.")] = "auto",
    workspace: WorkspaceOption = None,
) -> None:
    """Let a copy of a run's checkpoint say accepted, not sure or unfamiliar.

    With --max-error the lines are chosen on the validation images, and the copy is kept as the
    run's calibrated checkpoint: name it with --kind calibrated. Without it the copy only carries
    the temperature that the last evaluation on val fitted, and --out is needed. The run's own
    files stay as they are.
    """
    if max_error is None:
        _write_temperature(run_id, out, kind, workspace)
        return
    from forge_core.predictions.calibration import deciding, recording

    opened = opening.existing(workspace)
    with output.progress_bar(f"Calibrating run {run_id}") as progress:
        found = deciding.calibrate(
            opened,
            run_id,
            kind,
            max_error=read_share(max_error, "--max-error"),
            certainty=read_share(certainty, "--certainty"),
            device=device,
            progress=progress,
        )
    if out is None:
        recording.record(opened, run_id, found, kind)
        output.say(f"The {kind} weights of run {run_id} are kept as its calibrated checkpoint")
    else:
        try:
            recording.write(found, out)
        except OSError as error:
            raise _unwritable(out, error) from error
        output.say(f"{out} has the {kind} weights of run {run_id}")
    output.say(found.rule.promise)
    least = 100 * found.rule.min_confidence
    accepted = f"Answers are accepted from {least:.1f} % on" if least else "All are accepted"
    output.say(f"{accepted}, with temperature {found.card.temperature:.2f}.")
    if found.note:
        output.say(f"Nothing is called unfamiliar: {found.note}")
    else:
        output.say(
            f"{found.rule.num_unfamiliar:,} of {found.rule.num_images:,} validation images are "
            "called unfamiliar."
        )
    if found.left_out is not None:
        output.say(
            "Of a class that is left out, an image lies farther away than a validation image of "
            f"the others in {100 * found.left_out:.0f} % of the pairs (50 % is chance)."
        )


def read_share(text: str, option: str) -> float:
    """A share such as 2%, 2 % or 0.02.

    Raises:
        InvalidInput: It is none.
    """
    number, percent, rest = text.strip().partition("%")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if rest or not 0 <= value < float("inf"):
        raise InvalidInput(f"{text!r} is no share.", next_step=f"Write {option} 2% or 0.02.")
    return value / 100 if percent else value


def _write_temperature(run_id: int, out: Path | None, kind: str, workspace: Path | None) -> None:
    from forge_core.predictions.calibration import calibrated

    if out is None:
        raise InvalidInput(
            "It is not said what shall be promised, nor where a copy shall go.",
            next_step="Add --max-error 2% for the three answers, or --out FILE for a copy that "
            "carries the temperature alone.",
        )
    opened = opening.existing(workspace)
    try:
        value = calibrated.write_calibrated(opened, run_id, out, kind)
    except OSError as error:
        raise _unwritable(out, error) from error
    output.say(f"{out} has the {kind} weights of run {run_id} with temperature {value:.2f}")


def _unwritable(out: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"{out} cannot be written: {error.strerror or error}.",
        next_step="Name a file in a folder that can be written.",
    )
