"""`forge score`, and how commands name a checkpoint."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN|ALIAS|CHECKPOINT",
        help="Number of a run, an alias such as production, or a .safetensors file.",
    ),
]
KindOption = Annotated[
    str | None, typer.Option(help="Checkpoint of the run: best, calibrated or last.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda:0.")]


def score(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")],
    every: Annotated[
        bool,
        typer.Option("--all", help="Score every image again, not only new and relabelled ones."),
    ] = False,
    split: Annotated[
        str | None,
        typer.Option(help="Only images in this split now: train, val, test, held_out or none."),
    ] = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep what a run's network says of the catalog's images, for filters and suggestions.

    What was scored stays when it is interrupted; the next call goes on.
    """
    from forge_core.predictions import scoring
    from forge_core.runs import scoring_requests

    opened = opening.existing(workspace)
    with output.progress_bar("Scoring", as_json=as_json) as progress:
        report = scoring.score_run(
            opened,
            run_id,
            split=split,
            only_new=not every,
            device=device,
            progress=progress,
        )
    state = scoring_requests.scoring_state(opened, run_id)
    if as_json:
        output.answer({"report": report, "predictions": state.counts})
        return
    output.say(
        f"Run {run_id} scored {report.num_scored:,} images, {report.num_rated:,} of them with a "
        "label quality (labelled, and not trained on)."
    )
    output.say(
        f"It has predictions of {state.counts.num_images:,} images; "
        f"{state.counts.num_disagreeing:,} disagree with the label, "
        f"{state.counts.num_unlabelled:,} have none."
    )
    if report.num_restored:
        output.say(
            f"{report.num_restored:,} of them were scored before, but not all their class "
            "probabilities were kept, or their file was damaged."
        )
    output.show_rejected(report.rejected, report.num_rejected)
