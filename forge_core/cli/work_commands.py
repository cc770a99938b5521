"""`forge assign | views`: who looks after which images, and the views that people keep."""

from typing import Annotated

import typer

from forge_core.catalog.editing import assignments
from forge_core.catalog.listing import saved_views
from forge_core.cli import choosing, opening, output
from forge_core.cli.choosing import ViewOption, WhereOption
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor


def assign(
    persons: Annotated[
        list[str] | None,
        typer.Argument(help="One person, or several to divide the images evenly."),
    ] = None,
    where: WhereOption = None,
    view: ViewOption = None,
    nobody: Annotated[
        bool, typer.Option("--nobody", help="Take the images back from whoever has them.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say who would get how many.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give images to people, or say who has what. It is no revision of the catalog."""
    opened = opening.existing(workspace)
    names = persons or []
    if not names and not nobody:
        if where or view or dry_run:
            raise InvalidInput("To whom?", next_step="forge assign ANA BEN --where label=none")
        counts = assignments.list_counts(opened)
        if as_json:
            output.answer(counts)
        elif counts:
            rows = [(count.person, count.num_images, count.num_unlabelled) for count in counts]
            output.show_table("", ["person", "images", "unlabelled"], rows)
        else:
            output.say("Nobody has images to look after.")
        return
    if names and nobody:
        raise InvalidInput("Images go to somebody or to nobody, not to both.")
    asked = choosing.parse_where(opened, where, view)
    if nobody:
        if dry_run:
            raise InvalidInput("--dry-run says who would get images; --nobody gives none.")
        number = assignments.unassign(opened, asked)
        output.say(f"{number:,} images are nobody's now.", as_json=as_json)
        if as_json:
            output.answer({"num_images": number})
        return
    if dry_run:
        shares = assignments.preview(opened, asked, names)
    else:
        shares = assignments.assign(opened, asked, names, actor=Actor.of_process(opened))
    if as_json:
        output.answer(shares)
        return
    for share in shares:
        would = "would get" if dry_run else "got"
        output.say(f"{share.person} {would} {share.num_images:,} images.")


def list_views(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """The views that people keep; use one with `--view` of `forge assign` and `forge export`."""
    found = saved_views.list_views(opening.existing(workspace))
    if as_json:
        output.answer(found)
        return
    if not found:
        output.say("There are no saved views. The gallery keeps them.")
        return
    rows = [
        (view.name, " ".join(f"{k}={v}" for k, v in view.query.items()), view.author)
        for view in found
    ]
    output.show_table("", ["view", "filter", "saved by"], rows)
