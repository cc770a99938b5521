"""`forge ledger [OLD NEW]`."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


def ledger(
    old: Annotated[
        int | None, typer.Argument(metavar="OLD", help="The run before the repair.")
    ] = None,
    new: Annotated[int | None, typer.Argument(metavar="NEW", help="The run after it.")] = None,
    split: Annotated[str | None, typer.Option(help="test or val; test where there is one.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What repaired labels brought: from training, from measuring better, or from chance.

    It is kept, and told as it was when a run is gone. Without runs: every ledger that was kept.
    """
    opened = opening.existing(workspace)
    if old is None or new is None:
        if old is not None:
            raise InvalidInput(
                f"A ledger is of two runs, and only run {old} was given.",
                next_step="forge ledger OLD NEW, or no run to list what was kept.",
            )
        _list(opened, as_json=as_json)
        return
    from forge_core.predictions.repairs import kept_ledgers

    actor = Actor.of_process(opened)
    found, kept = kept_ledgers.answer(opened, old, new, split, actor=actor)
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
                "kept_at": None if kept is None else kept.created_at,
                "kept_at_revision": None if kept is None else kept.revision_id,
            }
        )
        return
    if kept is not None:
        output.tell(
            "It cannot be drawn up any more; this is how it was at "
            f"{kept.created_at:%Y-%m-%d %H:%M} UTC, revision {kept.revision_id}."
        )
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


def _list(workspace: Workspace, *, as_json: bool) -> None:
    from forge_core.predictions.repairs import kept_ledgers

    found = kept_ledgers.list_all(workspace)
    if as_json:
        output.answer({"ledgers": found})
        return
    if not found:
        output.say("No ledger was drawn up yet: forge ledger OLD NEW, or compare two runs.")
        return
    output.show_table(
        "Points that repaired labels brought",
        ["runs", "split", "images", "from training", "from measuring", "together", "drawn up"],
        [
            [
                f"{each.ledger.first} to {each.ledger.second}",
                each.ledger.split,
                each.ledger.ledger.num_images,
                _points(each.ledger.ledger.training.difference)
                + ("" if each.ledger.ledger.training.is_told_apart else ", may be chance"),
                _points(each.ledger.ledger.measuring.difference),
                _points(each.ledger.ledger.total),
                f"{each.created_at:%Y-%m-%d %H:%M} UTC",
            ]
            for each in found
        ],
    )


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
