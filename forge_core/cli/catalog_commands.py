"""`forge init | import | export`."""

from pathlib import Path
from typing import Annotated

import typer

from db.records import AssetFilter
from forge_core.catalog import (
    browsing,
    classes,
    exporting,
    import_plan,
    importing,
)
from forge_core.catalog.import_plan import ImportPlan
from forge_core.catalog.import_problems import ImportProblem
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import NotFound
from forge_core.workspace import Workspace

SHOWN_PROBLEMS = 10


def init(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Make a workspace, or say what is in it. Safe to repeat."""
    opened = opening.create(workspace)
    images = browsing.totals(opened).images
    if as_json:
        database = opened.database.url.render_as_string(hide_password=True)
        output.answer({"workspace": opened.folder, "database": database, "images": images})
        return
    output.say(f"Workspace {opened.folder}: {images:,} images.")
    if images == 0:
        output.say("Next: forge import FOLDER, or `forge demo` to see the whole loop.")


def import_images(
    location: Annotated[Path, typer.Argument(help="Folder, zip, tar, or a labels.csv.")],
    source: Annotated[
        str | None, typer.Option(help="Name of the source; the place's name if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what was found; add nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take images into the catalog. A second time adds nothing."""
    opened = opening.create(workspace)
    plan = import_plan.prepare(opened, location, source_dataset=source)
    _show_plan(plan, as_json=as_json)
    if dry_run:
        import_plan.discard(plan)
        if as_json:
            output.answer(_describe_plan(plan))
        return
    with output.progress_bar("Importing", as_json=as_json) as advance:
        report = importing.run_import(opened, plan, author=opened.author, progress=advance)
    if as_json:
        output.answer(report)
        return
    output.say(
        f"Added {report.added:,} images in {report.duration_seconds:.1f} s; "
        f"{report.already_present:,} were there already, {len(report.skipped):,} were skipped."
    )
    if report.classes_created:
        output.say(f"New classes: {', '.join(report.classes_created)}.")
    _show_problems(report.skipped)


def export(
    destination: Annotated[
        Path, typer.Argument(help="A .csv file (labels only), a .zip file, or a new folder.")
    ],
    label: Annotated[str | None, typer.Option(help='Only this class, or "none".')] = None,
    split: Annotated[str | None, typer.Option(help='Only this split, or "none".')] = None,
    source: Annotated[str | None, typer.Option(help="Only images of this source.")] = None,
    text: Annotated[str | None, typer.Option(help="Only paths that contain this.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write labels, or images with their labels; our importer reads both back."""
    opened = opening.existing(workspace)
    where = browsing.check_filter(
        AssetFilter(label=_label_filter(opened, label), split=split, source=source, text=text)
    )
    if destination.suffix.lower() == ".csv":
        report = exporting.export_csv(opened, destination, where)
    else:
        with output.progress_bar("Exporting", as_json=as_json) as advance:
            report = exporting.export_folders(opened, destination, where, progress=advance)
    if as_json:
        output.answer(report)
        return
    output.say(f"Wrote {report.num_images:,} images to {destination}.")
    for path in report.missing[:SHOWN_PROBLEMS]:
        output.say(f"  missing under the asset root, left out: {path}")


def _label_filter(workspace: Workspace, name: str | None) -> int | str | None:
    if name is None or name == browsing.NONE:
        return name
    for label in classes.list_classes(workspace):
        if label.name == name:
            return label.label_id
    known = ", ".join(label.name for label in classes.list_classes(workspace)[:20])
    raise NotFound(f"There is no class {name!r}.", next_step=f"Known classes: {known or 'none'}.")


def _show_plan(plan: ImportPlan, *, as_json: bool) -> None:
    output.say(plan.title, as_json=as_json)
    found = f"{plan.num_images:,} images, {output.size(plan.size_bytes)}"
    if plan.classes:
        found += f", {len(plan.classes)} classes"
    if plan.num_unlabelled:
        found += f", {plan.num_unlabelled:,} without a label"
    output.say(found, as_json=as_json)


def _describe_plan(plan: ImportPlan) -> dict[str, object]:
    return {
        "title": plan.title,
        "layout": plan.layout,
        "source_dataset": plan.source_dataset,
        "num_images": plan.num_images,
        "size_bytes": plan.size_bytes,
        "num_unlabelled": plan.num_unlabelled,
        "classes": plan.classes,
        "splits": plan.splits,
        "problems": list(plan.problems),
    }


def _show_problems(problems: list[ImportProblem]) -> None:
    for problem in problems[:SHOWN_PROBLEMS]:
        output.say(f"  {problem.path}: {problem.message}")
    if len(problems) > SHOWN_PROBLEMS:
        output.say(f"  and {len(problems) - SHOWN_PROBLEMS:,} more; --json lists them all")
