"""`forge init | export`."""

from pathlib import Path
from typing import Annotated

import typer

from forge_core.catalog.export import exports
from forge_core.catalog.listing import asset_list
from forge_core.cli import choosing, network_export, opening, output
from forge_core.cli.choosing import ViewOption, WhereOption
from forge_core.cli.network_export import NetworkFiles
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput

SHOWN_MISSING = 10


def init(
    anew: Annotated[
        bool,
        typer.Option("--anew", help="Begin with an empty catalog where the database is gone."),
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace, or say what is in it. Safe to repeat."""
    if anew:
        opening.make_database(workspace)
    opened = opening.create(workspace)
    images = asset_list.totals(opened).images
    if as_json:
        database = opened.database.url.render_as_string(hide_password=True)
        output.answer({"workspace": opened.folder, "database": database, "images": images})
        return
    output.say(f"Workspace {opened.folder}: {images:,} images.")
    if images == 0:
        output.say("Next: forge import FOLDER, or `forge demo` to see the whole loop.")


def export(
    destination: Annotated[
        Path,
        typer.Argument(
            metavar="DESTINATION|RUN|ALIAS|CHECKPOINT",
            help="A .csv or .parquet file (labels only), a .zip file, or a new folder; with --onnx "
            "the network: number of a run, an alias, or a .safetensors file.",
        ),
    ],
    format_name: Annotated[
        str | None,
        typer.Option("--format", help=f"{', '.join(exports.EXPORTS)}. Default: by the ending."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="Only this class.")] = None,
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Only images without a label.")
    ] = False,
    split: Annotated[str | None, typer.Option(help='Only this split, or "none".')] = None,
    source: Annotated[str | None, typer.Option(help="Only images of this source.")] = None,
    text: Annotated[str | None, typer.Option(help="Only paths that contain this.")] = None,
    where: WhereOption = None,
    view: ViewOption = None,
    onnx: Annotated[
        Path | None,
        typer.Option(help="Write a network instead: an ONNX file that takes images of any size."),
    ] = None,
    onnx_batch: Annotated[
        Path | None,
        typer.Option(help="With --onnx: also one that takes batches of images of its input size."),
    ] = None,
    int8: Annotated[
        Path | None,
        typer.Option(
            help="With --onnx: also one in whole numbers of 8 bits, smaller and faster; what that "
            "costs is measured on validation images and told."
        ),
    ] = None,
    torch_export: Annotated[
        Path | None,
        typer.Option(help="Write the network as a .pt2 file of torch.export: normalised inputs."),
    ] = None,
    hugging_face: Annotated[
        Path | None,
        typer.Option(help="Write a new folder as hubs keep them, with a model card."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Of a network, checkpoint of the run: best, calibrated or last."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write labels, or images with their labels; our importer reads both back.

    With --onnx a network, compared with its checkpoint on 200 images; one that answers otherwise
    is refused.
    """
    files = NetworkFiles(
        onnx=onnx,
        onnx_batch=onnx_batch,
        int8=int8,
        torch_export=torch_export,
        hugging_face=hugging_face,
    )
    if files.any_asked():
        if (unlabelled, format_name, label, split, source, text, where, view) != (
            False,
            *[None] * 7,
        ):
            raise InvalidInput(
                "A network has no labels, splits or formats to choose from.",
                next_step="Leave out what chooses images.",
            )
        network_export.export_network(str(destination), files, kind, workspace, as_json=as_json)
        return
    opened = opening.existing(workspace)
    given = {"label": label, "split": split, "source": source, "text": text}
    parts = [f"{name}={value}" for name, value in given.items() if value is not None]
    parts += ["unlabelled"] if unlabelled else []
    asked = choosing.parse_where(opened, [*(where or ()), *parts], view)
    by_ending = {".csv": "csv", ".parquet": "parquet"}.get(destination.suffix.lower(), "folders")
    with output.progress_bar("Exporting", as_json=as_json) as progress:
        report = exports.export(
            opened, destination, asked, format_name=format_name or by_ending, progress=progress
        )
    if as_json:
        output.answer(report)
        return
    output.say(f"Wrote {report.num_images:,} images to {destination}.")
    for path in report.missing[:SHOWN_MISSING]:
        output.say(f"  missing under the asset root, left out: {path}")
