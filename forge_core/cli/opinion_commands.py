"""`forge opinions draw | gold | agreement`: second opinions, blind, and what they tell."""

from typing import Annotated

import typer

from forge_core.catalog.listing import asset_list
from forge_core.catalog.opinions import drawing
from forge_core.cli import choosing, opening, output
from forge_core.cli.choosing import ViewOption, WhereOption
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor

app = typer.Typer(
    help="Second opinions without the first answer, gold questions, and how far people agree.",
    no_args_is_help=True,
)
COLUMNS = ("kind", "who", "images", "value", "low", "high", "why_not")


@app.command()
def draw(
    share: Annotated[
        str, typer.Option(help="Of the decided images, as 10% or 0.1; 0 for gold questions alone.")
    ] = "10%",
    gold: Annotated[
        int, typer.Option(min=0, help="Images with a certain label that everybody is asked about.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed draws the same images.")] = 0,
    confirmed_by: Annotated[
        int, typer.Option(min=1, help="So many people who say the same make a label certain.")
    ] = drawing.DEFAULT_CONFIRMATIONS,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask other people about a share of what was decided, without telling them the label.

    Each image waits in the queue "Second opinions" of everybody but those who decided it.
    """
    opened = opening.existing(workspace)
    drawn = drawing.draw(
        opened,
        share=_parse_share(share),
        gold=gold,
        seed=seed,
        confirmed_by=confirmed_by,
        actor=Actor.of_process(opened),
    )
    if as_json:
        output.answer(drawn)
        return
    output.say(
        f"{drawn.num_second:,} of {drawn.num_decided:,} decided images are asked about, and "
        f"{drawn.num_gold:,} gold questions of {drawn.num_certain:,} certain labels; "
        f"{drawn.num_new:,} are new."
    )


@app.command()
def gold(
    where: WhereOption = None,
    view: ViewOption = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="They are not certain any more.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that the labels of images are certain, so that people can be measured by them."""
    if not where and not view:
        raise InvalidInput("Which images?", next_step="forge opinions gold --where source=exam")
    opened = opening.existing(workspace)
    ids = asset_list.list_ids(opened, choosing.parse_where(opened, where, view))
    result = drawing.mark_gold(opened, ids, not remove, actor=Actor.of_process(opened))
    words = "not marked as gold any more" if remove else "marked as gold"
    output.say(f"{result.num_changed:,} images are {words}.", as_json=as_json)
    if as_json:
        output.answer({"num_images": result.num_changed})


@app.command()
def agreement(
    csv: Annotated[bool, typer.Option("--csv", help="As CSV for a spreadsheet.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """How far people agree (Fleiss' and Cohen's kappa, by class), and who is wrong on gold."""
    from forge_core.predictions.labelling import agreement as measuring

    found = measuring.measure_agreement(opening.existing(workspace))
    if as_json:
        output.answer(found)
        return
    rows = [row.values() for row in measuring.tabulate(found)]
    if csv:
        output.write_csv(COLUMNS, rows)
        return
    output.show_table(
        f"{found.num_people} people, {found.num_images:,} images with several answers",
        ["what", "who", "images", "value", "95 % interval"],
        [
            (row.kind, row.who, row.images, _number(row.value), _interval(row.low, row.high))
            if row.value is not None
            else (row.kind, row.who, row.images, "-", row.why_not)
            for row in measuring.tabulate(found)
        ],
    )


def _parse_share(text: str) -> float:
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        raise InvalidInput(f"{text[:60]!r} is no share.", next_step="Say it as 10%.") from None
    return number / 100 if text.strip().endswith("%") else number


def _number(value: float) -> str:
    return f"{value:.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
