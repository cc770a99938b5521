"""`forge contested`: images about which an import and the catalog disagree, and the answer."""

from typing import Annotated

import typer

from forge_core.catalog.editing import contested
from forge_core.catalog.editing.contested import Answer
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor


def list_contested(
    answer: Annotated[
        Answer | None,
        typer.Option(help="Let one side hold for all of them: mine (the catalog's) or theirs."),
    ] = None,
    unlock_held_out: Annotated[
        bool, typer.Option("--unlock", help="With --answer theirs, also move images of held_out.")
    ] = False,
    limit: Annotated[int, typer.Option(help="Images at most.")] = 100,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Images about which imports disagree, with all that was said, or an answer for all."""
    opened = opening.existing(workspace)
    if answer is not None:
        actor = Actor.of_process(opened)
        result = contested.decide(opened, answer, actor=actor, unlock_held_out=unlock_held_out)
        if as_json:
            output.answer(result)
            return
        output.say(f"Decided: {result.num_changed:,}. Still waiting: {result.num_conflicts:,}.")
        for conflict in result.conflicts[:10]:
            output.say(f"  {conflict.message}")
        return
    found = contested.list_contested(opened, limit=limit)
    if as_json:
        output.answer(found)
        return
    if not found:
        output.say("No image is contested.")
    for entry in found:
        output.say(f"{entry.asset.file_path}: {entry.asset.review_note}")
