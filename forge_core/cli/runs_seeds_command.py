"""`forge runs seeds`."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor


def add_seeds(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")],
    more: Annotated[int, typer.Option(min=1, max=20, help="How many runs more.")] = 2,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a run's settings and data again with other seeds, as one group with it."""
    from forge_core.runs.starting import seeds

    opened = opening.existing(workspace)
    seeds.add(opened, run_id, more, actor=Actor.of_process(opened))
    group = seeds.members(opened, run_id)
    if as_json:
        output.answer(group)
    else:
        numbers = ", ".join(str(run.run_id) for run in group)
        output.say(f"{more} queued. Runs that differ in their seed alone: {numbers}.")
