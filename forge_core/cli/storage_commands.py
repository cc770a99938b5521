"""`forge verify | relink | backup | restore | db copy`: the bytes and the database as files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from db.session import Database
from forge_core import local_files
from forge_core.backup import making, restoring
from forge_core.catalog.files import moved_files, verification
from forge_core.catalog.files.moved_files import RelinkReport
from forge_core.catalog.files.verification import VerifyReport
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import JobFailed
from forge_core.people.actor import Actor
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace, run_store_of

SHOWN = 10


class Repair(StrEnum):
    """What `forge verify --repair` does; each is one revision that `forge undo` takes back."""

    RELINK = "relink"
    REMOVE_MISSING = "remove-missing"
    IMPORT_ORPHANS = "import-orphans"


def verify(
    full: Annotated[
        bool, typer.Option("--full", help="Read every file; otherwise those that look changed.")
    ] = False,
    repair: Annotated[
        Repair | None, typer.Option(help="Repair one kind of problem, and look again.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Remove even if most files are missing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the catalog with its files: missing, changed, orphaned. Fails if bytes are lost."""
    opened = opening.existing(workspace)
    repaired = None if repair is None else _repair(opened, repair, force=force, as_json=as_json)
    with output.progress_bar("Reading", as_json=as_json) as progress:
        report = verification.verify(opened, full=full, progress=progress)
    if as_json:
        output.answer({"report": report, "repair": repaired})
    else:
        _show_verify(report)
    if not report.is_whole:
        raise JobFailed(
            f"{report.num_missing:,} files are missing and {report.num_changed:,} have other "
            "bytes than were imported.",
            next_step="Look for them: forge relink [FOLDER]. Or: forge verify --repair "
            "remove-missing.",
        )


def relink(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Where the files are now; left out: anywhere under the asset root. From a folder "
            "elsewhere they are copied back."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read every file to find those with other bytes.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; change nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find moved and renamed files again by their bytes; labels and history stay."""
    opened = opening.existing(workspace)
    report = _relink(opened, folder, full=full, dry_run=dry_run, as_json=as_json)
    if as_json:
        output.answer(report)
    else:
        _show_relink(report, dry_run=dry_run)


def backup(
    destination: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    with_bytes: Annotated[
        bool, typer.Option("--with-bytes", help="Also the files of the images and of the runs.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a consistent backup while people and jobs go on working."""
    opened = opening.existing(workspace)
    with output.progress_bar("Copying", as_json=as_json) as progress:
        manifest = making.backup(
            opened,
            destination,
            with_bytes=with_bytes,
            progress=progress,
        )
    if as_json:
        output.answer(manifest)
        return
    images = manifest.tables["vision_assets"].num_rows
    output.say(
        f"Backup of revision {manifest.revision_id} in {destination}: {images:,} images, "
        f"{manifest.num_files:,} files ({output.size(manifest.size_bytes)})."
    )
    if not with_bytes:
        output.say("It holds no files. Say --with-bytes, or back the asset root up by itself.")
    for key in manifest.missing[:SHOWN]:
        output.say(f"  missing or changed, not in the backup: {key}")


def restore(
    source: Annotated[Path, typer.Argument(help="A folder that `forge backup` made.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup into an empty workspace; every checksum is compared before and after."""
    chosen = opening.chosen_settings(workspace)
    local_files.make_folder(chosen.workspace_folder)
    database = Database(chosen.resolved_database_url)
    try:
        with output.progress_bar("Restoring", as_json=as_json) as progress:
            manifest = restoring.restore(
                database,
                AssetStore(chosen.resolved_asset_root),
                run_store_of(chosen),
                source,
                progress=progress,
            )
    finally:
        database.dispose()
    if as_json:
        output.answer(manifest)
        return
    images = manifest.tables["vision_assets"].num_rows
    output.say(f"Restored revision {manifest.revision_id}: {images:,} images.")
    if not manifest.with_bytes:
        output.say("The backup holds no files. Put the asset root back, then: forge verify --full")


def copy_database(
    target: Annotated[str, typer.Argument(help="SQLAlchemy URL of an empty database.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the database to an empty one of either kind; checksums of all tables must agree."""
    opened = opening.existing(workspace)
    database = Database(target)
    try:
        tables = restoring.copy_database(opened.database, database)
    finally:
        database.dispose()
    if as_json:
        output.answer({"tables": tables})
        return
    output.show_table(
        "",
        ["table", "rows", "checksum"],
        [[name, table.num_rows, table.checksum[:16]] for name, table in tables.items()],
    )
    output.say("Both databases hold the same. To use the new one, set FORGE_DATABASE_URL.")


def _repair(opened: Workspace, repair: Repair, *, force: bool, as_json: bool) -> object:
    if repair is Repair.RELINK:
        report = _relink(opened, None, full=False, dry_run=False, as_json=as_json)
        if not as_json:
            _show_relink(report, dry_run=False)
        return report
    if repair is Repair.REMOVE_MISSING:
        result = verification.remove_missing(opened, actor=Actor.of_process(opened), force=force)
        output.say(
            f"Removed {result.num_changed:,} images whose files are missing"
            + (f" (revision {result.revision_id})." if result.revision_id else "."),
            as_json=as_json,
        )
        return {"removed": result.num_changed, "revision_id": result.revision_id}
    with output.progress_bar("Importing", as_json=as_json) as progress:
        imported = verification.import_orphans(
            opened, actor=Actor.of_process(opened), progress=progress
        )
    output.say(
        f"Added {imported.added:,} images without labels; {len(imported.skipped):,} files are no "
        "images or were left out.",
        as_json=as_json,
    )
    return imported


def _relink(
    opened: Workspace, folder: Path | None, *, full: bool, dry_run: bool, as_json: bool
) -> RelinkReport:
    with output.progress_bar("Looking", as_json=as_json) as progress:
        return moved_files.relink(
            opened,
            folder,
            actor=Actor.of_process(opened),
            full=full,
            dry_run=dry_run,
            progress=progress,
        )


def _show_relink(report: RelinkReport, *, dry_run: bool) -> None:
    if report.num_lost == 0:
        output.say("Every file is in its place.")
        return
    moved = "would follow" if dry_run else "follow"
    copied = "would be copied" if dry_run else "were copied"
    revision = f" (revision {report.revision_id})" if report.revision_id else ""
    output.say(
        f"{report.num_lost:,} files were lost: {report.num_moved:,} images {moved} their files"
        f"{revision}, {report.num_copied_back:,} files {copied} back, {report.num_ambiguous:,} "
        f"could be one of several, {report.num_unfound:,} were not found."
    )
    for entry in report.found[:SHOWN]:
        output.say(f"  {entry.key} -> {entry.found_at}")
    for key, places in list(report.ambiguous.items())[:SHOWN]:
        output.say(f"  {key} could be {' or '.join(places[:3])}")
    for key in report.unfound[:SHOWN]:
        output.say(f"  not found: {key}")


def _show_verify(report: VerifyReport) -> None:
    output.say(
        f"{report.num_images:,} images, {report.num_files:,} files, {report.num_read:,} of them "
        f"read: {report.num_missing:,} missing, {report.num_changed:,} changed, "
        f"{report.num_orphaned:,} orphaned."
    )
    for words, keys, number in (
        ("missing", report.missing, report.num_missing),
        ("changed", report.changed, report.num_changed),
        ("orphaned", report.orphaned, report.num_orphaned),
    ):
        for key in keys[:SHOWN]:
            output.say(f"  {words}: {key}")
        if number > SHOWN:
            output.say(f"  and {number - SHOWN:,} more {words}")
