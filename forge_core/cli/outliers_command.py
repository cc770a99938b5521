"""`forge outliers`: which images are like no other, among all and within their class."""

from typing import Annotated

import typer

from db.records import AssetFilter
from forge_core.catalog.listing import asset_list
from forge_core.catalog.quality import image_issues
from forge_core.cli import opening, output
from forge_core.cli.embedding_commands import DeviceOption, NetworkOption
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption


def outliers(
    top: Annotated[
        int, typer.Option(min=1, max=asset_list.MAX_PAGE, help="How many of the strangest.")
    ] = 20,
    network: NetworkOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every image with all others, and list the strangest.

    Images without an embedding are embedded first. The gallery has the orders strangest and
    most_typical from then on, and Review the outliers beyond a line.
    """
    from forge_core.predictions.embeddings import networks
    from forge_core.predictions.embeddings.nearness import comparing

    opened = opening.existing(workspace)
    source = None if network is None else networks.parse(network)
    with output.progress_bar("Comparing", as_json=as_json) as progress:
        report = comparing.compare_images(opened, source, device=device, progress=progress)
    page = asset_list.list_assets(opened, AssetFilter(), sort="strangest", limit=top)
    states = [
        state
        for state in image_issues.list_states(opened)
        if state.issue.name in image_issues.OUTLIERS
    ]
    rows = [
        (rank, round(page.strangeness[asset.asset_id], 4), asset.file_path, asset.label_name)
        for rank, asset in enumerate(page.assets, 1)
    ]
    if as_json:
        names = ("rank", "strangeness", "path", "label")
        beyond = [
            {"name": each.issue.name, "num_beyond": each.num_beyond, "where": each.where}
            for each in states
        ]
        strangest = [dict(zip(names, row, strict=True)) for row in rows]
        output.answer({"report": report, "strangest": strangest, "beyond": beyond})
        return
    output.show_table(
        "",
        ["rank", "strangeness", "path", "label"],
        [[rank, f"{value:.3f}", path, label or "-"] for rank, value, path, label in rows],
    )
    for each in states:
        output.say(
            f"{each.num_beyond:,} of {each.num_measured:,} images are beyond the line of "
            f"“{each.issue.words}”: --where measured={each.where['measured']}"
        )
    if report.num_missing:
        output.tell(f"{report.num_missing:,} images could not be read and were not compared.")
