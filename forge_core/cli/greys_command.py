"""`forge greys`."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor


def greys(
    window: Annotated[
        str | None,
        typer.Argument(
            metavar="WINDOW",
            help="declared, percentile:1-99, or fixed:CENTRE/WIDTH such as fixed:2048/4096.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which greys of deep images become black and white, or choose others for all of them."""
    from forge_core.catalog.quality import grey_windows

    opened = opening.existing(workspace)
    if window is not None:
        grey_windows.choose(opened, window, actor=Actor.of_process(opened))
    state = grey_windows.get_state(opened)
    if as_json:
        output.answer(
            {
                "window": str(state.window),
                "deep_images": state.num_deep,
                "few_greys": state.num_few_greys,
            }
        )
        return
    output.say(f"Window of greys: {state.window}")
    output.say(
        f"{state.num_deep:,} images have greys beyond 8 bits (--where file=deep), "
        f"{state.num_few_greys:,} use a quarter of them at most (--where file=few_greys)."
    )
    if window is not None:
        output.say(
            "Thumbnails are made again as they are looked at. Runs that start from now on see "
            "it; those that are there keep theirs."
        )
