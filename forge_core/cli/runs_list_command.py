"""`forge runs list`: the table of runs, each alone or the seeds of a group as one row."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from db.enums import RunOrder
from db.run_records import RunFilter, RunRow
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.notices import state_words

if TYPE_CHECKING:
    from forge_core.runs.listing.shown_accuracies import ListedAccuracy


def list_all(
    find: Annotated[
        str, typer.Option(help="Words in number, name, tags, note, network or author.")
    ] = "",
    state: Annotated[list[str] | None, typer.Option(help="Only this state; repeatable.")] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="Only this architecture; repeatable.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only with this tag; repeatable.")] = None,
    starred: Annotated[bool, typer.Option("--starred", help="Only with a star.")] = False,
    order: Annotated[RunOrder, typer.Option(help="What comes first.")] = RunOrder.NEWEST,
    seeds: Annotated[
        bool,
        typer.Option(
            "--seeds", help="Runs that differ in their seed alone as one row, with their mean."
        ),
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Runs with their stars, tags and best accuracy; at most 1,000 of them at once."""
    from forge_core.runs.listing import run_list, seed_rows, shown_accuracies

    where = RunFilter(
        states=tuple(state_words.find_key(word) for word in state or ()),
        architectures=tuple(network or ()),
        tags=tuple(tag or ()),
        is_starred=starred,
        order=order,
    )
    opened = opening.existing(workspace)
    page = run_list.read_page(opened, run_list.find_by(find, where))
    if page.total > len(page.rows):
        output.tell(f"These are the first {len(page.rows):,} of {page.total:,} runs.")
    rows = seed_rows.gather(page.rows, order) if seeds else page.rows
    if as_json:
        output.answer([_listed(row) for row in rows])
        return
    if not rows:
        nothing = "No run matches." if where.restricts or find else None
        output.say(nothing or "No runs yet. Start one: forge train")
        return
    best = {row.run_id: shown_accuracies.best_of(row) for row in rows}
    output.show_table(
        "",
        ["run", "name", "state", "architecture", "tags", "val accuracy", "epoch", "started"],
        [
            [
                ", ".join(str(run_id) for run_id in row.ids),
                f"{'* ' * row.is_starred}{row.name or '-'}",
                state_words.WORDS[row.state],
                row.architecture or "-",
                ", ".join(row.tags) or "-",
                _describe_best(row, best[row.run_id]),
                "-" if row.members else row.best_epoch or "-",
                f"{row.started_at:%Y-%m-%d %H:%M} UTC" if row.started_at else "-",
            ]
            for row in rows
        ],
    )
    if any(each is not None and each.note for each in best.values()):
        output.say("biased: of no fair sample of images; forge runs show says how.")


def _listed(row: RunRow) -> dict[str, Any]:
    """What the list knows of a run, or of the runs of a group."""
    values: dict[str, Any] = output.plain(row)
    del values["members"]
    return {**values, "state": row.state, "runs": row.ids}


def _describe_best(row: RunRow, accuracy: "ListedAccuracy | None") -> str:
    if accuracy is None:
        return output.percent(None)
    words = f"{output.percent(accuracy.value)}{' biased' if accuracy.note else ''}"
    if row.members and accuracy.interval:
        low, high = accuracy.interval
        words += f" ({100 * low:.1f} to {100 * high:.1f})"
    return words
