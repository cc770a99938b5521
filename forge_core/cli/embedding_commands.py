"""`forge embed`, `label-issues`, `similar`: what networks see, doubt, and find alike."""

import uuid
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from forge_core import local_files
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

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


def find_similar(
    target: Annotated[
        str, typer.Argument(help="An image file, or an image of the catalog by its path or id.")
    ],
    top: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the search, to filter images by what it found.")
    ] = False,
    network: NetworkOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The images of the catalog that look most like one, by embeddings that were computed."""
    from forge_core.predictions.embeddings import kept_searches, networks, similar

    opened = opening.existing(workspace)
    source = None if network is None else networks.parse(network)
    wanted = _wanted(opened, target)
    number = max(top, kept_searches.NUM_FOUND) if keep else top
    result = similar.find_similar(opened, wanted, top=number, source=source, device=device)
    kept = None
    if keep:
        images = wanted if isinstance(wanted, bytes) else [wanted]
        actor = Actor.of_process(opened)
        kept = kept_searches.keep(opened, result, images, actor=actor, name=Path(target).name)
    rows = [
        {
            "rank": each.rank,
            "similarity": round(each.similarity, 4),
            "path": each.asset.file_path,
            "label": each.asset.label_name,
            "asset_id": each.asset.asset_id,
        }
        for each in result.found[:top]
    ]
    if as_json:
        found = {"network": result.network.source, "found": rows}
        output.answer(found | ({"search_id": kept.search_id} if kept else {}))
        return
    output.show_table(
        "",
        ["rank", "similarity", "path", "label"],
        [
            [row["rank"], f"{row['similarity']:.3f}", row["path"], row["label"] or "-"]
            for row in rows
        ],
    )
    if result.num_missing:
        output.tell(f"{result.num_missing:,} images have no embedding yet and were not compared.")
    if kept:
        output.say(
            f"Kept as search {kept.search_id}: --where alike={kept.search_id}, in the gallery "
            f"?alike={kept.search_id}&sort=most_alike."
        )


def _wanted(workspace: Workspace, target: str) -> uuid.UUID | bytes:
    """The image of the catalog that is meant, or the bytes of a file."""
    with suppress(ValueError):
        return uuid.UUID(target)
    with workspace.database.read() as uow:
        asset = uow.assets.find_by_path(target)
    if asset is not None:
        return asset.asset_id
    try:
        return local_files.read_plain(
            Path(target).expanduser(),
            workspace.settings.max_image_bytes,
        )
    except OSError as error:
        raise InvalidInput(
            f"{target} is no image of the catalog, and cannot be read as a file: "
            f"{error.strerror or type(error).__name__}.",
            next_step="Name a path or an id of the catalog, or an image file.",
        ) from error
