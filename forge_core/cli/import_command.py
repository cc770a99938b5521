"""`forge import`: what a place holds, in words, and then into the catalog."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from db.enums import FindingOutcome
from forge_core.catalog.formats.documents import columns as table_columns
from forge_core.catalog.formats.recognition import FORMATS
from forge_core.catalog.formats.scan.scanned_folder import SEVERAL, VOTES, ReadOptions
from forge_core.catalog.importing import import_plan, import_problems, run_import
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.catalog.importing.merging import comparison, rules
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.importing.placement import Placement
from forge_core.catalog.importing.unpacking import entry_encodings
from forge_core.catalog.splits import groups, split_plan, split_rule
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

SHOWN_PROBLEMS = 10
SHOWN_CLASSES = 20


def import_images(
    location: Annotated[
        Path, typer.Argument(help="Folder, zip, tar, or a label file (table, JSON) of images.")
    ],
    source: Annotated[
        str | None, typer.Option(help="Name of the source; the place's name if left out.")
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option("--format", help=f"What it is, if not found out: {', '.join(FORMATS)}."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help="Columns of a table as role=name: "
            f"{', '.join(table_columns.ROLES)}; several with commas, or the option again."
        ),
    ] = None,
    document: Annotated[
        str | None,
        typer.Option(help="The label file to read, inside the folder, where there are several."),
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="The column that holds the label, if its name is unusual.")
    ] = None,
    question: Annotated[
        str | None,
        typer.Option(help="Of several questions in an export, the one whose answer is the label."),
    ] = None,
    several: Annotated[
        str | None,
        typer.Option(help=f"What a cell with several labels means: {', '.join(SEVERAL)}."),
    ] = None,
    votes: Annotated[
        str | None,
        typer.Option(
            help="Where several persons labelled an image: "
            f"{'; '.join(f'{name}: {meaning}' for name, meaning in VOTES.items())}. The others "
            "wait in the queue of contested images."
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of text that is not in UTF-8 and is guessed wrong: cp1250.")
    ] = None,
    class_from: Annotated[
        str | None,
        typer.Option(
            help="Where the class of a folder's images stands: outermost, innermost, level-2, "
            "none, or a pattern of file names: '{class}_#' (# a number, * anything)."
        ),
    ] = None,
    unlabelled_names: Annotated[
        str,
        typer.Option(
            help="Folders and cells that say no_label, unknown or None: unlabelled, or a class."
        ),
    ] = "unlabelled",
    follow_links: Annotated[
        bool,
        typer.Option(
            "--follow-links",
            help="Follow links that lead out of the folder, and links to folders: only for a "
            "folder whose maker you trust.",
        ),
    ] = False,
    names_encoding: Annotated[
        str | None,
        typer.Option(
            help="Code page of names in an old zip, if not found out: "
            f"{', '.join(entry_encodings.ENCODINGS)}."
        ),
    ] = None,
    split_ratio: Annotated[
        str | None,
        typer.Option(
            help="Afterwards divide what is not assigned by class, groups kept whole: 80/10/10."
        ),
    ] = None,
    placement: Annotated[
        Placement,
        typer.Option(
            "--placement",
            help="Of files outside the asset root: copy them in, link them (a second name on the "
            "same disk), or in_place: refuse them. Files under the root stay where they are.",
        ),
    ] = Placement.COPY,
    merge: Annotated[
        Merge | None,
        typer.Option(
            help="Where it says something else of an image than the catalog: keep what is there "
            "(as without this option, and ask no more about it), take what it says, or ask: such "
            "images wait in the queue of contested ones. What the catalog has no value for is "
            "taken always."
        ),
    ] = None,
    unlock_held_out: Annotated[
        bool, typer.Option("--unlock", help="Also move images out of held_out, with --merge take.")
    ] = False,
    labels_only: Annotated[
        bool,
        typer.Option(
            "--labels-only",
            help="Bring the labels of a label file to images of the catalog, by the ends of their "
            "paths, by content hash or asset id; add no image. So it is done anyway where none "
            "of the images lies beside it.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what was found; add nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take images into the catalog; a second time brings labels to those that are there."""
    opened = opening.create(workspace)
    ratios = None if split_ratio is None else _parse_ratios(split_ratio)
    options = ReadOptions(
        format_name=format_name,
        columns=table_columns.parse(columns or []),
        document=document,
        label_column=label_column,
        question=question,
        several=several,
        votes=votes,
        encoding=encoding,
        class_from=class_from,
        unlabelled_names=unlabelled_names,
        follow_links=follow_links,
        names_encoding=names_encoding,
    )
    plan = import_plan.prepare(
        opened, location, source_dataset=source, options=options, labels_only=labels_only
    )
    plan = replace(
        plan,
        merge=merge or Merge.KEEP,
        is_merge_chosen=merge is not None,
        unlock_held_out=unlock_held_out,
    )
    _show_plan(plan, as_json=as_json)
    compared = comparison.compare(opened, plan)
    for sentence in compared.sentences():
        output.say(sentence, as_json=as_json)
    if dry_run:
        import_plan.discard(plan)
        if as_json:
            output.answer({**_describe_plan(plan), "already_here": compared})
        _show_problems(plan.problems, as_json=as_json)
        return
    with output.progress_bar("Importing", as_json=as_json) as progress:
        report = run_import.run_import(
            opened, plan, actor=Actor.of_process(opened), placement=placement, progress=progress
        )
    if as_json:
        if ratios is not None:
            _divide(opened, ratios, as_json=True)
        output.answer(report)
        return
    left_out = sum(import_problems.is_left_out(problem) for problem in report.skipped)
    output.say(
        f"Added {report.added:,} images in {report.duration_seconds:.1f} s; "
        f"{report.already_present:,} were there already, {left_out:,} were skipped."
    )
    if report.split_by_rule:
        output.say(split_rule.describe_given(report.split_by_rule))
    for sentence in rules.describe(report.outcomes, is_done=True):
        output.say(sentence)
    if FindingOutcome.KEPT in report.outcomes:
        output.say("Import again with --merge take or --merge ask to change that.")
    if {FindingOutcome.ASKED, FindingOutcome.LEAK} & report.outcomes.keys():
        output.say(
            "`forge contested` lists them, as does the gallery (Review: contested by an import)."
        )
    for sentence in report.votes.sentences():
        output.say(sentence)
    if report.classes_created:
        output.say(f"New classes: {', '.join(report.classes_created)}.")
    for name, into in report.classes_merged.items():
        output.say(f"Images of {name!r} went to {into!r}: the classes were merged.")
    if report.classes_revived:
        output.say(f"In use again: {', '.join(report.classes_revived)}.")
    _show_problems(report.skipped)
    if ratios is not None:
        _divide(opened, ratios, as_json=False)


def _parse_ratios(text: str) -> SplitRatios:
    try:
        train, val, test = (float(part) for part in text.split("/"))
    except ValueError:
        raise InvalidInput(
            f"{text!r} does not say how to divide.", next_step="Write TRAIN/VAL/TEST: 80/10/10."
        ) from None
    return SplitRatios(train=train, val=val, test=test)


def _divide(workspace: Workspace, ratios: SplitRatios, *, as_json: bool) -> None:
    """Give a split to what has none; images of one group stay together."""
    chosen = groups.parse("group_key")
    plan = split_plan.plan_split(workspace, ratios, only_unassigned=True, grouping=chosen)
    split_plan.apply_split(workspace, plan, actor=Actor.of_process(workspace))
    output.say(f"Divided {plan.num_moved:,} images {ratios} by class.", as_json=as_json)
    if plan.num_moved == 0:
        output.tell("  No labelled image was without a split. `forge split` divides all anew.")
    for warning in plan.warnings:
        output.tell(f"  {warning}")


def _show_plan(plan: ImportPlan, *, as_json: bool) -> None:
    for caution in plan.cautions:
        helps = f" ({caution.hint})" if caution.hint else ""
        output.say(f"Attention: {caution.message}{helps}", as_json=as_json)
    output.say(f"{plan.title} ({plan.layout}: {plan.scanned.why})", as_json=as_json)
    found = f"{plan.num_images:,} images, {output.size(plan.size_bytes)}"
    if plan.classes:
        found += f", {len(plan.classes)} classes"
    if plan.num_unlabelled:
        found += f", {plan.num_unlabelled:,} without a label"
    if plan.num_groups:
        found += f", {plan.num_groups:,} groups"
    output.say(found, as_json=as_json)
    if plan.splits:
        parts = (f"{number:,} {split}" for split, number in plan.splits.items())
        output.say(f"splits: {', '.join(parts)}", as_json=as_json)
    if plan.classes:
        largest = sorted(plan.classes.items(), key=lambda pair: -pair[1])[:SHOWN_CLASSES]
        more = len(plan.classes) - len(largest)
        named = ", ".join(f"{name} {number:,}" for name, number in largest)
        output.say(f"classes: {named}" + (f" and {more:,} more" if more else ""), as_json=as_json)


def _describe_plan(plan: ImportPlan) -> dict[str, object]:
    return {
        "title": plan.title,
        "layout": plan.layout,
        "why": plan.scanned.why,
        "source_dataset": plan.source_dataset,
        "num_images": plan.num_images,
        "size_bytes": plan.size_bytes,
        "num_unlabelled": plan.num_unlabelled,
        "num_groups": plan.num_groups,
        "classes": plan.classes,
        "splits": plan.splits,
        "cautions": list(plan.cautions),
        "problems": list(plan.problems),
    }


def _show_problems(problems: Sequence[ImportProblem], *, as_json: bool = False) -> None:
    for problem in problems[:SHOWN_PROBLEMS]:
        output.say(f"  {problem.path}: {problem.message}", as_json=as_json)
    if len(problems) > SHOWN_PROBLEMS:
        more = len(problems) - SHOWN_PROBLEMS
        output.say(f"  and {more:,} more; --json lists them all", as_json=as_json)
