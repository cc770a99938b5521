"""`forge scenes`: pairs of images that show nearly the same scene."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor
from forge_core.predictions.embeddings.nearness import scenes as scene_pairs

COLUMNS = ("similarity", "in two splits", "first", "first split", "second", "second split")


def scenes(
    line: Annotated[
        float | None,
        typer.Option(min=-1, max=1, help="Draw the line for everybody: the cosine from which on."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Pairs at most.")] = 100,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write the pairs as a table.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pairs that a network sees as nearly the same scene, those in two splits first.

    They are no copies: no pixel was compared. `forge outliers` finds them on the way.
    """
    opened = opening.existing(workspace)
    if line is not None:
        scene_pairs.draw_line(opened, line, actor=Actor.of_process(opened))
    state = scene_pairs.find_state(opened)
    rows = [
        (
            round(pair.similarity, 4),
            "yes" if pair.is_across else "no",
            pair.first.file_path,
            pair.first.split_type or "",
            pair.second.file_path,
            pair.second.split_type or "",
        )
        for pair in scene_pairs.list_pairs(opened, state.line, limit=limit)
    ]
    if as_json:
        pairs = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        output.answer({"state": state, "pairs": pairs})
    elif as_csv:
        output.write_csv(COLUMNS, rows)
    elif not state.num_pairs:
        output.say("No pair is known. `forge outliers` compares the images.")
    else:
        output.show_table("", list(COLUMNS), [list(row) for row in rows])
        output.say(
            f"{state.num_beyond:,} of {state.num_pairs:,} pairs are at or above the line "
            f"{state.line:.3f}, {state.num_across:,} of them in two splits."
        )
