"""`forge embed`, `forge label-issues`: what networks see in images, and which labels they doubt."""

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


DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda:N.")]


def embed(
    network: NetworkOption = None,
    device: DeviceOption = "auto",
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


def judge(
    network: NetworkOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge every label by networks that did not learn it, and keep which look wrong.

    Images without an embedding are embedded first. The scores order the queue of labels that look
    wrong (`forge queue show wrong_labels`) until label or bytes change.
    """
    from forge_core.predictions import label_judging
    from forge_core.predictions.embeddings import networks

    opened = opening.existing(workspace)
    source = None if network is None else networks.parse(network)
    with output.progress_bar("Judging the labels", as_json=as_json) as progress:
        report = label_judging.judge_labels(opened, source, device=device, progress=progress)
    if as_json:
        output.answer(report)
        return
    output.say(
        f"Judged {report.num_judged:,} labels by {networks.parse(report.network).words}: "
        f"{report.num_suspect:,} look wrong."
    )
    if report.num_by_run:
        output.say(
            f"{report.num_by_run:,} of them by run {report.run_id}, which did not learn them and "
            "answers better."
        )
    for warning in report.warnings:
        output.tell(warning)
