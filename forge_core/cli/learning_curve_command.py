"""`forge learning-curve`."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption


def learning_curve(
    architecture: Annotated[
        str | None,
        typer.Option("--architecture", "-a", help="Pretrained network that gives the features."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which images the parts hold.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:0.")] = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have I labelled enough? Accuracy with a part of the labels, and what 100 more would bring."""
    from forge_core.predictions.labelling import label_learning_curve

    opened = opening.existing(workspace)
    with output.progress_bar("Learning", as_json=as_json) as progress:
        curve = label_learning_curve.draw_curve(
            opened,
            architecture=architecture,
            seed=seed,
            device=device,
            progress=progress,
        )
    if as_json:
        output.answer(curve)
        return
    if curve.num_used < curve.overall.num_train:
        output.say(
            f"Drawn from {curve.num_used:,} of {curve.overall.num_train:,} training images, "
            "chosen by their hash."
        )
    for point in curve.points:
        shown = ", ".join(output.percent(accuracy) for accuracy in point.accuracies)
        output.say(f"{point.share:>4.0%} of each class, {point.num_images:,} images: {shown}")
    output.show_table(
        "What 100 more labels of each class would bring",
        ["class", "train", "val", "found now", "gain, points", "90 % interval", ""],
        [
            [
                entry.name or "all together",
                entry.num_train,
                entry.num_val,
                output.percent(entry.accuracy),
                "-" if entry.gain is None else f"{100 * entry.gain:.1f}",
                "-"
                if entry.interval is None
                else f"{100 * entry.interval[0]:.1f} to {100 * entry.interval[1]:.1f}",
                entry.verdict,
            ]
            for entry in (curve.overall, *curve.classes)
        ],
    )
