"""`forge embed`: what a network sees in the images, as vectors, for all that compares them."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption

NetworkOption = Annotated[
    str | None,
    typer.Option(
        metavar="run:N|ARCHITECTURE[@SIZE]",
        help="Whose vectors: those of a run's network, or of one with ImageNet weights, such as "
        "mobilenet_v2@128. Default: one whose ImageNet weights are here, else the newest run.",
    ),
]


def embed(
    network: NetworkOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:N.")] = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the embeddings of the images that have none yet, for label issues and likeness.

    What was computed stays when it is interrupted; the next call goes on.
    """
    from forge_core.predictions.embeddings import computing, networks

    opened = opening.existing(workspace)
    source = None if network is None else networks.parse(network)
    with output.progress_bar("Embedding", as_json=as_json) as progress:
        report = computing.embed_catalog(opened, source, device=device, progress=progress)
    if as_json:
        output.answer(report)
        return
    output.say(
        f"{report.network.words[:1].upper()}{report.network.words[1:]} looked at "
        f"{report.num_computed:,} of {report.num_images:,} images; the others were known."
    )
    output.show_rejected(report.rejected, report.num_rejected)
