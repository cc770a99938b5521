"""`forge map`: images as points of a plane, those that look alike near each other."""

from collections.abc import Iterator
from typing import Annotated

import typer

from db.columns import SPLITS
from forge_core.catalog.editing import classes
from forge_core.cli import opening, output
from forge_core.cli.embedding_commands import DeviceOption, NetworkOption
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.workspace import Workspace

COLUMNS = ("path", "x", "y", "label", "split")


def draw_map(
    again: Annotated[
        bool, typer.Option("--again", help="Lay all images out anew, though there is a map.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Write path, place, label and split of each image.")
    ] = False,
    network: NetworkOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lay the images out on a plane, those that look alike near each other.

    A map that is there stays: images that came since are placed in it, and no other moves.
    """
    from forge_core.predictions.embeddings import networks
    from forge_core.predictions.embeddings.maps import drawing

    opened = opening.existing(workspace)
    source = None if network is None else networks.parse(network)
    with output.progress_bar("Drawing the map", as_json=as_json) as progress:
        report = drawing.draw_map(opened, source, again=again, device=device, progress=progress)
    if as_json:
        output.answer(report)
        return
    if as_csv:
        output.write_csv(COLUMNS, _list_points(opened, report.key))
    else:
        how = "a new layout" if report.is_new else "in the layout that is there"
        output.say(f"{report.num_placed:,} images have a place, {how}. The gallery shows the map.")
    if report.num_missing:
        output.tell(f"{report.num_missing:,} images could not be read and have no place.")


def _list_points(workspace: Workspace, key: str) -> Iterator[tuple[str, float, float, str, str]]:
    from forge_core.predictions.embeddings.maps import map_points

    found = map_points.load(workspace, key)
    columns = found.columns
    assert columns.paths is not None, "read with files"
    names = {
        label.label_id: label.name for label in classes.list_classes(workspace, with_retired=True)
    }
    for place, (x, y) in enumerate(found.places.tolist()):
        label = names.get(int(columns.label_ids[place]), "")
        yield columns.paths[place], x, y, label, SPLITS[columns.splits[place]] or ""
