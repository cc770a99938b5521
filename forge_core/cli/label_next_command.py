"""`forge label-next`."""

from typing import Annotated

import typer

from db.enums import RequestReason
from forge_core.cli import opening, output
from forge_core.cli.embedding_commands import NetworkOption
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor

REASON_WORDS = {
    RequestReason.COVERS: "for what they cover",
    RequestReason.DOUBT: "for the model's doubt",
    RequestReason.CHANCE: "by chance",
}


def label_next(
    number: Annotated[int, typer.Option("--number", "-n", help="How many images.")] = 100,
    way: Annotated[
        str,
        typer.Option(
            metavar="auto|choice|chance",
            help="auto chooses, unless a replay on your labels finds chance as good.",
        ),
    ] = "auto",
    network: NetworkOption = None,
    seed: Annotated[int, typer.Option(help="The same seed chooses the same.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:N.")] = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the images whose labels would teach a network the most, and queue them to be labelled.

    A tenth is drawn by chance, so that accuracy can still be measured on them.
    """
    from forge_core.predictions.embeddings import networks
    from forge_core.predictions.labelling import next_labels

    if way not in list(next_labels.Way):
        raise typer.BadParameter("Use auto, choice or chance.", param_hint="--way")
    opened = opening.existing(workspace)
    with output.progress_bar("Choosing", as_json=as_json) as progress:
        found = next_labels.choose_next(
            opened,
            number,
            actor=Actor.of_process(opened),
            way=next_labels.Way(way),
            source=None if network is None else networks.parse(network),
            seed=seed,
            device=device,
            progress=progress,
        )
    if as_json:
        output.answer(found.as_json() | {"verdict": found.verdict})
        return
    if found.replay is not None:
        output.show_table(
            f"Accuracy on {found.replay.num_test:,} labelled images that were hidden",
            ["labels", "by chance", "by choice", "points"],
            [
                [
                    each.num_labels,
                    output.percent(sum(each.by_chance) / len(each.by_chance)),
                    output.percent(sum(each.chosen) / len(each.chosen)),
                    f"{100 * each.advantage:+.1f}",
                ]
                for each in found.replay.budgets
            ],
        )
    output.say(found.verdict)
    reasons = ", ".join(
        f"{count:,} {REASON_WORDS[reason]}" for reason, count in found.num_by_reason.items()
    )
    output.say(
        f"{found.num_requests:,} of {found.num_candidates:,} images without a label wait in the "
        f"queue “Label next”: {reasons}. They were compared by {found.network}."
    )
    if found.num_dropped:
        output.say(f"{found.num_dropped:,} that were asked for earlier are asked for no more.")
    if found.num_not_embedded:
        output.say(f"{found.num_not_embedded:,} images could not be read and cannot be chosen.")
