"""`forge ledger OLD NEW`."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption


def ledger(
    old: Annotated[int, typer.Argument(metavar="OLD", help="The run before the repair.")],
    new: Annotated[int, typer.Argument(metavar="NEW", help="The run after it.")],
    split: Annotated[str | None, typer.Option(help="test or val; test where there is one.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What repaired labels brought: from training, from measuring better, or from chance."""
    from forge_core.predictions import repairs

    found = repairs.draw_up(opening.existing(workspace), old, new, split)
    if as_json:
        output.answer(
            {
                "first": old,
                "second": new,
                "split": found.split,
                "lines": found.lines(),
                "ledger": found.ledger,
                "num_left_out": found.num_left_out,
                "num_repaired_in_training": found.num_repaired_in_training,
            }
        )
        return
    output.show_table(
        f"Accuracy on {found.split}, {found.ledger.num_images:,} images",
        ["", "labels then", "labels now"],
        [
            [f"run {run}", *(output.percent(accuracy) for accuracy in row)]
            for run, row in zip((old, new), found.ledger.accuracies, strict=True)
        ],
    )
    for line in found.lines():
        output.say(line)
