"""`forge duplicates find | list | keep-one`."""

from typing import Annotated

import typer

from forge_core.catalog.splits import duplicates
from forge_core.catalog.splits.groups import DEFAULT_BITS
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor

app = typer.Typer(help="Near-duplicates: find them, look at them, keep one.", no_args_is_help=True)


@app.command()
def find(
    bits: Annotated[
        int,
        typer.Option(
            help="How alike two images must be, in bits of 64 that may differ: 4 nearly "
            "identical, 6 very alike, 8 alike, 10 similar."
        ),
    ] = DEFAULT_BITS,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for groups of near-duplicates and keep them. The same bytes never come in twice."""
    found = duplicates.find_duplicates(opening.existing(workspace), bits=bits)
    if as_json:
        output.answer(found)
        return
    output.say(
        f"{found.num_groups:,} groups of {found.num_members:,} near-duplicates among "
        f"{found.num_images:,} images ({found.duration_seconds:.1f} s)."
    )
    if found.largest_group > duplicates.LARGE_GROUP:
        output.say(
            f"The largest has {found.largest_group:,} images, joined in a chain: look before you "
            "keep one, or use fewer --bits."
        )
    if found.num_flat:
        output.say(f"{found.num_flat:,} flat images were not compared: any two would look alike.")
    if found.num_cut:
        output.say(f"{found.num_cut:,} images have so many candidates that some were left out.")
    if found.num_unhashed:
        output.say(f"{found.num_unhashed:,} images have no perceptual hash.")


@app.command("list")
def list_groups(
    across_splits: Annotated[
        bool, typer.Option("--across-splits", help="Only groups in more than one split.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most groups to list.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The groups that were found last."""
    opened = opening.existing(workspace)
    state = duplicates.status(opened)
    if state.revision_id is None:
        raise NotFound("Nobody looked for near-duplicates yet.", next_step="forge duplicates find")
    groups = duplicates.list_groups(opened, across_splits=across_splits, limit=limit)
    if as_json:
        output.answer({"status": state, "groups": groups})
        return
    output.show_table(
        "",
        ["group", "image", "bits", "split", "label", "size", "path"],
        [
            [
                group.group_id,
                member.asset.asset_id,
                member.distance,
                member.asset.split_type or "-",
                member.asset.label_name or "-",
                f"{member.asset.width} x {member.asset.height}",
                member.asset.file_path,
            ]
            for group in groups
            for member in group.members
        ],
    )
    total = state.num_groups_across if across_splits else state.num_groups
    output.say(f"{len(groups):,} of {total:,} groups.")
    if state.num_arrived:
        output.say(
            f"{state.num_arrived:,} images came in since they were looked for: "
            "forge duplicates find"
        )


@app.command("keep-one")
def keep_one(
    image: Annotated[
        str | None, typer.Argument(help="Id or path of the image to keep; its group goes.")
    ] = None,
    all_groups: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Of every group: kept aside, labelled, largest, oldest, in this order.",
        ),
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove all images of a group but one, in one revision. Files stay; undo brings back."""
    opened = opening.existing(workspace)
    if all_groups == (image is not None):
        raise InvalidInput(
            "Which image shall be kept?", next_step="Name one image, or use --all, not both."
        )
    if image is None:
        result = duplicates.keep_best_of_all(opened, actor=Actor.of_process(opened))
    else:
        group_id, kept = duplicates.find_member(opened, image)
        result = duplicates.keep_one(opened, group_id, kept, actor=Actor.of_process(opened))
    if as_json:
        output.answer(
            {
                "status": result.status,
                "revision_id": result.revision_id,
                "num_removed": result.num_changed,
                "conflicts": list(result.conflicts),
            }
        )
        return
    if result.revision_id is None:
        output.say("Nothing was removed.")
    else:
        output.say(f"Removed {result.num_changed:,} images (revision {result.revision_id}).")
    for conflict in result.conflicts:
        output.say(f"  {conflict.message}")
