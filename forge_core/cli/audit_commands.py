"""`forge audit start | show`: how many labels are wrong, from at most 200 looks."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor

app = typer.Typer(
    help="How many labels are wrong: draw images to look at, and read the answer.",
    no_args_is_help=True,
)


@app.command()
def start(
    looks: Annotated[int, typer.Option(help="Images to look at, 10 to 200.")] = 200,
    seed: Annotated[int | None, typer.Option(help="Draws the same images again.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the images of an audit; they wait in the gallery until somebody has answered them."""
    from forge_core.predictions import label_audits

    opened = opening.existing(workspace)
    actor = Actor.of_process(opened)
    _tell(label_audits.start_audit(opened, actor=actor, looks=looks, seed=seed), as_json=as_json)


@app.command()
def show(
    number: Annotated[
        int | None, typer.Argument(metavar="AUDIT", help="Its number; the newest if left out.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what an audit tells by now, in all and by class, or why it cannot tell."""
    from forge_core.predictions import label_audits

    found = label_audits.find_result(opening.existing(workspace), number)
    _tell(found, as_json=as_json)


def _tell(result: object, *, as_json: bool) -> None:
    from forge_core.evaluation.label_audit import Share
    from forge_core.predictions.label_audits import AuditResult

    assert isinstance(result, AuditResult), "of start and show"
    if as_json:
        output.answer(
            {"result": result, "query": result.query, "is_provisional": result.is_provisional}
        )
        return

    def words(share: Share) -> str:
        if share.share is None or share.interval is None:
            return "not known"
        low, high = share.interval
        return f"{output.percent(share.share)} ({100 * low:.1f} to {100 * high:.1f})"

    done = result.num_drawn - result.num_waiting - result.num_gone
    output.say(
        f"Audit {result.audit.audit_id}: {done:,} of {result.num_drawn:,} images answered, "
        f"{result.num_wrong:,} labels were wrong."
    )
    if result.num_waiting:
        query = "&".join(f"{name}={value}" for name, value in result.query.items())
        output.say(f"{result.num_waiting:,} wait in the gallery: /gallery?{query}")
    provisional = f", provisional: {result.num_waiting:,} wait" if result.is_provisional else ""
    output.say(
        f"Wrong labels among {result.num_images:,} images, at 95 %: "
        f"{words(result.overall)}{provisional}"
    )
    if result.overall.reason:
        output.say(f"  {result.overall.reason}")
    for number, sentence in (
        (
            result.num_gone,
            "drawn images are gone, other files now or lost their class: no answers.",
        ),
        (result.audit.num_left_out, "labelled images had no score: nothing is said of them."),
    ):
        if number:
            output.tell(f"{number:,} {sentence}")
    output.show_table(
        "",
        ["class", "looks", "wrong (95 %)", ""],
        [
            [each.label_name, each.result.num_looks, words(each.result), each.result.reason]
            for each in result.classes
        ],
    )
