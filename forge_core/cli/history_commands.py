"""`forge history | diff | undo`: what changed, what differs, and taking a change back."""

import csv
import sys
from typing import Annotated, Any

import typer

from forge_core import spreadsheet_cells
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

_SHOWN_CONFLICTS = 20
_PAGE = 1_000


def history(
    asset: Annotated[
        str | None, typer.Option(help="Only this image: its path in the catalog, or its id.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest revisions.")] = 20,
    before: Annotated[
        int | None, typer.Option(min=1, help="Only revisions older than this one.")
    ] = None,
    findings: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="REVISION",
            help="What this import said of images that were there or came twice, and what became "
            "of it.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who changed what and when: revisions newest first, or all changes of one image."""
    from forge_core.catalog.revisions import history as past

    opened = opening.existing(workspace)
    if findings is not None:
        _show_findings(opened, findings, as_json=as_json)
        return
    if asset is not None:
        entries = past.asset_history(opened, past.find_asset_id(opened, asset))
        if as_json:
            output.answer(entries)
            return
        output.show_table(
            "",
            ["revision", "when", "who", "what", "before", "after"],
            [
                [
                    entry.revision_id,
                    f"{entry.created_at:%Y-%m-%d %H:%M}",
                    entry.author,
                    entry.kind,
                    _words(entry.before),
                    _words(entry.after),
                ]
                for entry in entries
            ],
        )
        return
    revisions = past.list_revisions(opened, limit=limit, before=before)
    if as_json:
        output.answer(revisions)
        return
    if not revisions:
        output.say("Nothing was changed yet. Import images: forge import FOLDER")
        return
    output.show_table(
        "",
        ["revision", "when (UTC)", "who", "what", "images", "message"],
        [
            [
                revision.revision_id,
                f"{revision.created_at:%Y-%m-%d %H:%M}",
                revision.author,
                revision.kind,
                revision.num_changes,
                revision.message,
            ]
            for revision in revisions
        ],
    )


def _show_findings(opened: Workspace, revision_id: int, *, as_json: bool) -> None:
    from forge_core.catalog.revisions import history as past

    found = past.list_findings(opened, revision_id)
    while page := past.list_findings(
        opened, revision_id, after=(found[-1][1].finding_id or 0) if found else 0
    ):
        found += page
    if as_json:
        output.answer([{"image": path, "finding": finding} for path, finding in found])
        return
    if not found:
        output.say(f"Revision {revision_id} said nothing else of images that are there.")
        return
    output.show_table(
        "",
        ["image", "what", "was", "import says", "in", "became"],
        [[path, f.subject, f.before or "", f.said or "", f.path, f.outcome] for path, f in found],
    )


def diff(
    first: Annotated[int, typer.Argument(metavar="R1", min=0, help="A revision; 0 is empty.")],
    second: Annotated[int, typer.Argument(metavar="R2", min=0, help="Another revision.")],
    counts: Annotated[bool, typer.Option("--counts", help="Only how many differ.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Write every image that differs as a table.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=_PAGE, help="Images to show.")] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is different in R2: images added, removed, relabelled, moved to another split."""
    from forge_core.catalog.revisions import diffs

    opened = opening.existing(workspace)
    if as_csv:
        _write_csv(opened, first, second)
        return
    found = diffs.diff(opened, first, second, limit=0 if counts else limit)
    if as_json:
        output.answer(found)
        return
    number = found.counts
    output.say(
        f"From revision {first} to {second}: {number.total:,} images differ; {number.added:,} "
        f"added, {number.removed:,} removed, {number.relabelled:,} relabelled, "
        f"{number.moved_split:,} in another split, {number.moved_file:,} at another path."
    )
    for difference in found.classes:
        if difference.before is None:
            output.say(f"  class {difference.after!r} is new")
        elif difference.after is None:
            output.say(f"  class {difference.before!r} does not exist yet")
        else:
            state = " (retired)" if difference.is_retired else ""
            output.say(f"  class {difference.before!r} is {difference.after!r}{state}")
    for move in found.label_moves:
        output.say(
            f"  {move.num_images:,} from {move.before or 'unlabelled'} "
            f"to {move.after or 'unlabelled'}"
        )
    if found.entries:
        output.show_table(
            "",
            ["image", "", "before", "after"],
            [
                [entry.file_path, entry.kind, _words(entry.before), _words(entry.after)]
                for entry in found.entries
            ],
        )
    if found.next_cursor is not None:
        output.say("There are more: --csv writes all of them.")


def undo(
    revision: Annotated[int, typer.Argument(metavar="REVISION", min=1, help="What to take back.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put back what a revision changed, as a new revision; later changes are left alone."""
    from forge_core.catalog.revisions import history as past

    opened = opening.existing(workspace)
    result = past.undo(opened, revision, actor=Actor.of_process(opened))
    if as_json:
        output.answer(result)
    elif result.revision_id is None:
        output.say(f"Nothing was put back: all {result.num_conflicts:,} images are in conflict.")
    else:
        output.say(
            f"Revision {revision} is taken back by revision {result.revision_id}: "
            f"{result.num_changed:,} images put back, {result.num_conflicts:,} left alone."
        )
    if not as_json:
        for conflict in result.conflicts[:_SHOWN_CONFLICTS]:
            output.say(f"  {conflict.asset_id}: {conflict.message}")
        if result.num_conflicts > _SHOWN_CONFLICTS:
            output.say(f"  and {result.num_conflicts - _SHOWN_CONFLICTS:,} more")
    if result.revision_id is None:
        raise typer.Exit(1)


def _write_csv(opened: Any, first: int, second: int) -> None:
    from forge_core.catalog.revisions import diffs

    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = ("label_name", "split_type", "file_path", "content_hash", "review_state")
    writer.writerow(
        ["asset_id", "path", "kind"]
        + [f"{side}_{column}" for side in ("before", "after") for column in columns]
    )
    after = None
    while True:
        page = diffs.diff(opened, first, second, limit=_PAGE, after=after)
        for entry in page.entries:
            writer.writerow(
                [entry.asset_id, spreadsheet_cells.escape(entry.file_path), entry.kind]
                + [
                    spreadsheet_cells.escape(str(side.get(column) or ""))
                    for side in (entry.before, entry.after)
                    for column in columns
                ]
            )
        after = page.next_cursor
        if after is None:
            return


def _words(state: dict[str, Any]) -> str:
    """A state in words: what differs, without the names of the fields where they are plain."""
    shown = [
        f"{name.removesuffix('_name').removesuffix('_type').replace('_', ' ')} "
        f"{'none' if value is None else str(value)[:40]}"
        for name, value in state.items()
        if name not in ("exists", "content_hash", "parent_asset_id")
    ]
    return ", ".join(shown) or "-"
