"""`forge split | split-rule | move | leaks`."""

from typing import Annotated

import typer

from db.enums import Split
from db.records import AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list, queues
from forge_core.catalog.splits import chosen_images, split_plan, split_rule
from forge_core.catalog.splits import groups as grouping_room
from forge_core.catalog.splits import leaks as leaks_room
from forge_core.catalog.splits.groups import Grouping
from forge_core.catalog.splits.leaks import LeakedImage
from forge_core.catalog.splits.sizes import SplitSizes
from forge_core.catalog.splits.split_plan import SplitCounts, SplitPlan, SplitRatios
from forge_core.cli import choosing, opening, output
from forge_core.cli.choosing import ViewOption, WhereOption
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor

GroupByOption = Annotated[
    str,
    typer.Option(
        "--group-by",
        help="Keep together: near_duplicates[:BITS], group_key, path:REGEX (with a group in "
        "parentheses); several with commas, path last.",
    ),
]
SHOWN_GROUPS = 5
_LEAKED = ("reason", "splits", "group", "asset_id", "split", "label", "path")


def split(
    train: Annotated[float, typer.Option(min=0, help="Part of train.")] = 80,
    val: Annotated[float, typer.Option(min=0, help="Part of val.")] = 10,
    test: Annotated[float, typer.Option(min=0, help="Part of test.")] = 10,
    counts: Annotated[
        str | None,
        typer.Option(help="Numbers of images instead of parts: TRAIN,VAL,TEST; one may be rest."),
    ] = None,
    group_by: GroupByOption = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same split.")] = 0,
    only_unassigned: Annotated[
        bool, typer.Option("--only-unassigned", help="Leave images in their split.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the result; change nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Divide the labelled images into train, val and test, by class. Images kept aside stay."""
    opened = opening.existing(workspace)
    sizes: SplitSizes = (
        SplitRatios(train=train, val=val, test=test) if counts is None else parse_counts(counts)
    )
    plan = split_plan.plan_split(
        opened,
        sizes,
        seed=seed,
        only_unassigned=only_unassigned,
        grouping=grouping_room.parse(group_by),
    )
    result = None
    if not dry_run:
        result = split_plan.apply_split(opened, plan, actor=Actor.of_process(opened))
    if as_json:
        output.answer(
            {
                "counts": plan.counts,
                "counts_before": plan.counts_before,
                "num_moved": plan.num_moved,
                "num_unlabelled": plan.num_unlabelled,
                "num_held_out": plan.num_held_out,
                "num_groups": plan.num_groups,
                "largest_group": plan.largest_group,
                "num_copies": plan.num_copies,
                "warnings": plan.warnings,
                "status": result.status if result else "dry_run",
                "revision_id": result.revision_id if result else None,
            }
        )
        return
    _show_plan(plan)
    if result is None:
        output.say(f"{plan.num_moved:,} images would move. Nothing was changed.")
    elif result.revision_id is None:
        output.say("The images were divided so already.")
    else:
        output.say(f"Moved {result.num_changed:,} images (revision {result.revision_id}).")


def set_rule(
    rule: Annotated[
        str | None,
        typer.Argument(
            help="none; group: that of its group, where images of it are there; or a ratio such as "
            "80/10/10, drawn by a hash of the bytes. Left out, the rule that holds is shown."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show or set which split new images get. Images that are there never move by it."""
    opened = opening.existing(workspace)
    if rule is not None:
        split_rule.put(opened, split_rule.parse(rule), actor=Actor.of_process(opened))
    holds = split_rule.find(opened)
    output.say(holds.words, as_json=as_json)
    if as_json:
        output.answer({"rule": str(holds), "words": holds.words})


def move(
    split_name: Annotated[
        str, typer.Argument(metavar="SPLIT", help="train, val, test, held_out or none.")
    ],
    where: WhereOption = None,
    view: ViewOption = None,
    queue: Annotated[
        str | None, typer.Option("--queue", help="Only images of this queue; see `forge queue`.")
    ] = None,
    allow_chosen: Annotated[
        bool,
        typer.Option(
            "--allow-chosen",
            help="Put also into val or test what was chosen because it looked hard; the accuracy "
            "is marked as biased from then on.",
        ),
    ] = False,
    unlock_held_out: Annotated[
        bool, typer.Option("--unlock", help="Also move images out of held_out.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many match; change nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the images that match into a split. Exit status 2 where some were left alone."""
    opened = opening.existing(workspace)
    asked = choosing.parse_where(opened, where, view)
    if queue is not None:
        if where or view:
            raise InvalidInput("--queue says which images; leave --where and --view out.")
        found = queues.find_queue(queue)
        asked = found.filter(queues.newest_scored_run(opened))
    if asked == AssetFilter():
        raise InvalidInput(
            "Which images?", next_step="forge move test --where label=cat --where split=none"
        )
    if dry_run:
        number = asset_list.count_assets(opened, asked)
        found_by = chosen_images.describe_list(asked)
        output.say(f"{number:,} images match.", as_json=as_json)
        if found_by and split_name in chosen_images.MEASURING:
            output.tell(chosen_images.warn(found_by, split_name))
        if as_json:
            output.answer({"num_images": number, "found_by": found_by})
        return
    result = label_edits.set_split_matching(
        opened,
        asked,
        None if split_name == "none" else split_name,
        actor=Actor.of_process(opened),
        unlock_held_out=unlock_held_out,
        allow_chosen=allow_chosen,
    )
    if as_json:
        output.answer(result)
    else:
        output.say(f"Moved {result.num_changed:,} images.")
        if result.num_chosen:
            output.say(f"{result.num_chosen:,} images were not moved. {result.chosen_words}")
            output.say("Put them in all the same with --allow-chosen.")
        if num_aside := result.num_conflicts - result.num_chosen:
            output.say(f"{num_aside:,} images are kept aside and stay; --unlock moves them.")
    if result.num_conflicts:
        raise typer.Exit(2)


def leaks(
    group_by: GroupByOption = str(leaks_room.DEFAULT_GROUPING),
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Write every image of every leak as a table.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which images belong together and lie in different splits. Exit status 2 if any do."""
    opened = opening.existing(workspace)
    with output.progress_bar("Comparing images", as_json=as_json) as progress:
        report = leaks_room.find_leaks(
            opened,
            _leak_grouping(group_by),
            most_ids=None if as_json or as_csv else leaks_room.MOST_IDS,
            progress=progress,
        )
    if as_json:
        images = leaks_room.list_images(opened, report.leaks)
        output.answer({**output.plain(report), "images": [_leaked(image) for image in images]})
    elif as_csv:
        images = leaks_room.list_images(opened, report.leaks)
        output.write_csv(_LEAKED, [list(_leaked(image).values()) for image in images])
    elif not report.leaks and not report.num_copies_measured:
        output.say(f"No leaks between the splits of {report.num_images:,} images.")
    else:
        for leak in report.leaks:
            output.say(str(leak))
            for image in leaks_room.list_images(opened, [leak], most_groups=SHOWN_GROUPS):
                row = _leaked(image)
                output.say(f"  group {row['group']}: {row['split']:9} {row['path']}")
            more = leak.num_groups - SHOWN_GROUPS
            if more > 0:
                output.say(f"  and {more:,} more groups; --csv and --json list them")
        if report.num_copies_measured:
            output.say(
                f"{report.num_copies_measured:,} augmented copies are in val, test or kept aside; "
                "they are never measured. `forge split` puts them where their parents are."
            )
    if report.leaks:
        raise typer.Exit(2)


def _leaked(image: LeakedImage) -> dict[str, object]:
    """One row of the table of leaks."""
    asset = image.asset
    values = (
        image.leak.reason,
        " and ".join(image.leak.splits),
        image.group,
        asset.asset_id,
        asset.split_type,
        asset.label_name,
        asset.file_path,
    )
    return dict(zip(_LEAKED, map(output.plain, values), strict=True))


def parse_counts(text: str) -> SplitCounts:
    """`rest,500,500` as numbers of images.

    Raises:
        InvalidInput: It is not three numbers, of which one may be `rest`.
    """
    words = [word.strip() for word in text.split(",")]
    if len(words) != 3 or not all(word == "rest" or word.isdecimal() for word in words):
        raise InvalidInput(
            f"Cannot split into {text!r}.",
            next_step="Give three numbers for train, val and test, such as rest,500,500.",
        )
    train, val, test = (None if word == "rest" else int(word) for word in words)
    return SplitCounts(train=train, val=val, test=test)


def _leak_grouping(group_by: str) -> Grouping:
    return grouping_room.parse(group_by)


def _show_plan(plan: SplitPlan) -> None:
    columns = [
        column
        for column in (*Split, "none")
        if any(row[column] for row in (*plan.counts.values(), *plan.counts_before.values()))
    ]
    output.show_table(
        "",
        ["class", *columns],
        [
            [name, *(_change(plan.counts_before[name][column], row[column]) for column in columns)]
            for name, row in plan.counts.items()
        ],
    )
    if plan.num_groups:
        output.say(
            f"{plan.num_groups:,} groups are kept whole; the largest has "
            f"{plan.largest_group:,} images."
        )
    if plan.num_copies:
        output.say(f"{plan.num_copies:,} augmented copies follow their parents.")
    if plan.num_unlabelled:
        output.say(f"{plan.num_unlabelled:,} images without a label stay where they are.")
    if plan.num_held_out:
        output.say(f"{plan.num_held_out:,} images that are kept aside stay there.")
    for warning in plan.warnings:
        output.say(f"Note: {warning}")


def _change(before: int, after: int) -> str:
    return f"{after:,}" if before == after else f"{before:,} → {after:,}"
