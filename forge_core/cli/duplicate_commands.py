"""`forge duplicates find | list | keep-one`."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from db.enums import GroupKind
from forge_core.catalog.splits import duplicate_removal, duplicates
from forge_core.catalog.splits.duplicate_removal import RemovalPreview
from forge_core.catalog.splits.duplicates import DuplicateGroup, DuplicateSearch
from forge_core.catalog.splits.groups import DEFAULT_BITS
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

app = typer.Typer(help="Near-duplicates: find them, look at them, keep one.", no_args_is_help=True)

SHOWN_GROUPS = 20


@app.command()
def find(
    bits: Annotated[
        int,
        typer.Option(
            help="Bits of 64 that may differ between two perceptual hashes for their images to be "
            "compared on the pixels: fewer are faster and miss strongly altered copies."
        ),
    ] = DEFAULT_BITS,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for groups of near-duplicates and keep them. The same bytes never come in twice."""
    opened = opening.existing(workspace)
    with output.progress_bar("Comparing images", as_json=as_json) as progress:
        found = duplicates.find_duplicates(opened, bits=bits, progress=progress)
    if as_json:
        output.answer(found)
        return
    output.say(
        f"{found.num_groups:,} groups of {found.num_members:,} near-duplicates among "
        f"{found.num_images:,} images ({found.duration_seconds:.1f} s); "
        f"{found.num_candidates:,} were compared on the pixels."
    )
    for words in _left_out(found, bits):
        output.say(words)


@app.command("list")
def list_groups(
    across_splits: Annotated[
        bool, typer.Option("--across-splits", help="Only groups in more than one split.")
    ] = False,
    contested: Annotated[
        bool, typer.Option("--contested", help="Only groups whose images have different labels.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Most groups to list; {SHOWN_GROUPS}, and all as CSV or JSON."),
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Write every image of every group as a table.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The groups that were found last."""
    opened = opening.existing(workspace)
    if across_splits and contested:
        raise InvalidInput(
            "--across-splits and --contested were both given.", next_step="Use one of them."
        )
    kind = (
        GroupKind.ACROSS_SPLITS
        if across_splits
        else GroupKind.CONTESTED
        if contested
        else GroupKind.ALL
    )
    state = duplicates.status(opened)
    if state.revision_id is None:
        raise NotFound("Nobody looked for near-duplicates yet.", next_step="forge duplicates find")
    shown = limit if limit is not None or as_csv or as_json else SHOWN_GROUPS
    groups = duplicates.list_groups(opened, kind=kind, limit=shown)
    if as_json:
        output.answer({"status": state, "groups": groups})
        return
    columns = ["group", "asset_id", "bits", "split", "label", "width", "height", "path"]
    if as_csv:
        output.write_csv(columns, _rows(groups))
        return
    output.show_table(
        "", columns, [["-" if v is None else v for v in row] for row in _rows(groups)]
    )
    total = {
        GroupKind.ALL: state.num_groups,
        GroupKind.ACROSS_SPLITS: state.num_groups_across,
        GroupKind.CONTESTED: state.num_groups_contested,
    }[kind]
    more = "; --csv and --json give all" if len(groups) < total else ""
    output.say(f"{len(groups):,} of {total:,} groups{more}.")
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
            help="Of every group whose labels agree: kept aside, labelled, largest, oldest, in "
            "this order. Without --yes it only says what would be removed.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: remove them.")] = False,
    remove: Annotated[
        int | None,
        typer.Option(
            help="With --all --yes, where a class would lose more than half of its images: the "
            "number of images that would be removed, as the preview says it."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed; change nothing.")
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
        preview = duplicate_removal.preview_all(opened)
        if dry_run or not yes:
            _answer_preview(preview, as_json=as_json)
            return
        if not as_json:
            _show_losses(preview)
        result = duplicate_removal.keep_best_of_all(
            opened, actor=Actor.of_process(opened), num_confirmed=remove
        )
    else:
        group_id, kept = duplicates.find_member(opened, image)
        if dry_run:
            _say_group(opened, group_id, kept, as_json=as_json)
            return
        result = duplicate_removal.keep_one(opened, group_id, kept, actor=Actor.of_process(opened))
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
        output.say(
            f"Removed {result.num_changed:,} images (revision {result.revision_id}). "
            f"To bring them back: forge undo {result.revision_id}"
        )
    for conflict in result.conflicts:
        output.say(f"  {conflict.message}")


def _left_out(found: DuplicateSearch, asked_bits: int) -> Iterator[str]:
    if found.bits < asked_bits:
        yield (
            f"Of so many images only hashes up to {found.bits} bits apart were looked up, so "
            "strongly altered copies may be missed."
        )
    if found.num_flat:
        yield f"{found.num_flat:,} flat images were not compared: any two would look alike."
    if found.num_cut:
        yield f"{found.num_cut:,} images have so many candidates that some were left out."
    if found.num_unread:
        yield (
            f"{found.num_unread:,} images could not be compared: their files are gone, unreadable "
            "or changed (forge verify)."
        )
    if found.num_unhashed:
        yield f"{found.num_unhashed:,} images have no perceptual hash."


def _rows(groups: Sequence[DuplicateGroup]) -> Iterator[list[object]]:
    for group in groups:
        for member in group.members:
            asset = member.asset
            yield [
                group.group_id,
                asset.asset_id,
                member.distance,
                asset.split_type,
                asset.label_name,
                asset.width,
                asset.height,
                asset.file_path,
            ]


def _answer_preview(preview: RemovalPreview, *, as_json: bool) -> None:
    if as_json:
        output.answer({"status": "dry_run", **output.plain(preview)})
        return
    for group, kept in preview.examples:
        output.say(f"keep    {kept.file_path}")
        for member in group.members:
            if member.asset.asset_id != kept.asset_id:
                output.say(f"  remove  {member.asset.file_path}")
    more = preview.num_groups - len(preview.examples)
    if more > 0:
        output.say(f"and {more:,} more groups: forge duplicates list --csv")
    _show_losses(preview)
    output.say("Nothing was removed.")
    if preview.num_removed:
        number = f" --remove {preview.num_removed}" if preview.large_losses else ""
        output.say(f"To remove them: forge duplicates keep-one --all --yes{number}")


def _show_losses(preview: RemovalPreview) -> None:
    """What every class and split would lose."""
    splits = [
        split
        for split in ("train", "val", "test", "held_out", "none")
        if any(loss.removed_by_split[split] for loss in preview.classes)
    ]
    if preview.classes:
        output.show_table(
            "",
            ["class", "images", "removed", *splits],
            [
                [
                    loss.label_name or "(no label)",
                    loss.num_images,
                    loss.num_removed,
                    *(loss.removed_by_split[split] for split in splits),
                ]
                for loss in preview.classes
            ],
        )
    output.say(f"{preview.num_removed:,} images of {preview.num_groups:,} groups.")
    if preview.num_kept_aside:
        output.say(f"{preview.num_kept_aside:,} that are kept aside stay.")
    if preview.num_contested:
        output.say(
            f"{preview.num_contested:,} groups are left out, because their labels differ: "
            "forge duplicates list --contested"
        )
    if preview.large_losses:
        output.say(f"Warning: {duplicate_removal.describe_losses(preview.large_losses)}")


def _say_group(
    workspace: Workspace, group_id: uuid.UUID, kept: uuid.UUID, *, as_json: bool
) -> None:
    group = duplicates.get_group(workspace, group_id)
    others = [m.asset for m in group.members if m.asset.asset_id != kept]
    if as_json:
        output.answer({"status": "dry_run", "num_removed": len(others), "removed": others})
        return
    for asset in others:
        output.say(f"remove  {asset.file_path}")
    output.say("Nothing was removed.")
