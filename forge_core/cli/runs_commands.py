"""`forge runs list | show | diff | seeds | export | log | pause | cancel | resume | star ...`."""

import csv
import sys
from typing import Annotated

import typer

from db.boxes import RunEnvironment
from forge_core import spreadsheet_cells
from forge_core.catalog.revisions import history
from forge_core.cli import (
    opening,
    output,
    runs_export_command,
    runs_list_command,
    runs_seeds_command,
)
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.notices import state_words
from forge_core.people.actor import Actor

app = typer.Typer(help="Look at training runs and steer them.", no_args_is_help=True)
RunArgument = Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")]

RunsArgument = Annotated[list[int], typer.Argument(metavar="RUN...", help="Numbers of runs.")]


app.command("list")(runs_list_command.list_all)


@app.command()
def star(
    run_ids: RunsArgument,
    off: Annotated[bool, typer.Option("--off", help="Take the star away.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Give runs a star, for everybody."""
    from forge_core.runs.listing import marks

    marks.set_star(opening.existing(workspace), run_ids, not off)
    output.say("The star is gone." if off else "Starred.")


@app.command()
def tag(
    run_id: RunArgument,
    tags: Annotated[list[str], typer.Argument(help="Tags, each a word or a few.")],
    off: Annotated[bool, typer.Option("--off", help="Take these tags away.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Add tags to a run, or take them away."""
    from forge_core.runs.listing import marks

    opened = opening.existing(workspace)
    marks.change_tags(opened, [run_id], add=() if off else tags, remove=tags if off else ())
    output.say(f"Tags: {', '.join(marks.get_marks(opened, run_id).tags) or 'none'}.")


@app.command()
def note(
    run_id: RunArgument,
    text: Annotated[str, typer.Argument(help="What is to be remembered; empty for nothing.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Write a note to a run, in the place of the one before."""
    from forge_core.runs.listing import marks

    marks.set_note(opening.existing(workspace), run_id, text)
    output.say("Noted." if text.strip() else "The note is gone.")


@app.command()
def show(
    run_id: RunArgument,
    follow: Annotated[bool, typer.Option("--follow", help="Watch until it is finished.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """State, config, epochs and reports of a run."""
    from forge_core.cli import following
    from forge_core.runs import environments, pauses, records
    from forge_core.runs.listing import marks

    opened = opening.existing(workspace)
    run = records.get_run(opened, run_id)
    if follow:
        run = following.follow(opened, run_id, as_json=as_json)
    progress = records.run_progress(opened, run_id)
    if as_json:
        output.answer({"run": run, "progress": progress})
        return
    state = state_words.name_of(run.status, is_paused=pauses.is_paused(opened, run))
    output.say(f"Run {run.run_id} {run.name}".rstrip() + f": {state}")
    marked = marks.get_marks(opened, run_id)
    if marked.is_starred or marked.tags:
        output.say(f"  {', '.join(['starred'] * marked.is_starred + list(marked.tags))}")
    if marked.note:
        output.say(f"  {marked.note}")
    if progress.message:
        output.say(f"  {progress.message}")
    if progress.next_step:
        output.say(f"  {progress.next_step}")
    output.say(f"  {run.config.get('architecture')} on {run.device or 'no device yet'}")
    made = history.revision_times(opened, [run.revision_id]).get(run.revision_id)
    when = f"data of {made.day} {made:%b %Y, %H:%M} UTC" if made else "an empty catalog"
    output.say(f"  {when} (revision {run.revision_id}), classes {', '.join(run.class_names)}")
    for change in environments.describe_changes(run.environment or RunEnvironment()):
        output.say(f"  {change}")
    for epoch in [] if follow else progress.epochs:
        output.say(following.describe_epoch(epoch))
    for split, report in records.reports_of(run).items():
        shown = report.shown
        low, high = shown.interval
        output.say(
            f"{split}: accuracy {output.percent(shown.value)} "
            f"({100 * low:.1f} to {100 * high:.1f}) on {report.num_images:,} images"
        )
        if shown.note:
            output.say(f"  {shown.note}")


@app.command()
def diff(
    first: Annotated[int, typer.Argument(metavar="RUN", help="The run to compare with.")],
    second: Annotated[int, typer.Argument(metavar="RUN", help="The run to look at.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What differs between two runs in config, data and environment, and what the metrics did."""
    from forge_core.predictions.seeds import duels
    from forge_core.runs import comparison
    from forge_core.runs.comparing import environment_words, used_settings

    opened = opening.existing(workspace)
    found = comparison.compare_runs(opened, first, second)
    lines = comparison.summarise(found)
    duel = duels.find(opened, first, second)
    if duel is not None:
        lines += [line for line in (duels.answer(duel), duels.price(duel)) if line]
    if as_json:
        output.answer({"summary": lines, "comparison": found})
        return
    for line in lines:
        output.say(line)
    names = [f"run {first}", f"run {second}"]
    settings = used_settings.list_settings(opened, [found.first, found.second])
    used = [[each.title, *each.values] for each in settings if each.differs]
    places = [list(row) for row in environment_words.list_rows(found.environment)]
    for title, rows in (("What was used", used), ("Environment", places)):
        if rows:
            output.show_table(title, ["", *names], rows)
    for metric in found.metrics[:1]:
        moved = [move for move in metric.classes if move.recall.difference]
        if moved:
            output.show_table(
                f"Classes that moved on {metric.split} (share found)",
                ["class", *names, "points"],
                [
                    [
                        move.class_name,
                        output.percent(move.recall.first),
                        output.percent(move.recall.second),
                        f"{100 * move.recall.difference:+.1f}",
                    ]
                    for move in moved
                ],
            )


app.command()(runs_export_command.export)
app.command("seeds")(runs_seeds_command.add_seeds)


@app.command()
def assets(
    run_id: RunArgument,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "train",
    as_csv: Annotated[bool, typer.Option("--csv", help="Write a table of labels.")] = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Read each file and compare its bytes.")
    ] = True,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Exactly the images that a run uses of a split, with the labels they had then.

    Files that are gone or whose bytes are not those of the run are named, and the status is 1.
    """
    from forge_core.runs import run_data
    from forge_core.runs.starting import launch

    opened = opening.existing(workspace)
    found = launch.run_assets(opened, run_id, split)
    problems = run_data.find_changed_files(opened, found) if check else []
    if as_json:
        output.answer(found)
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        columns = ["file_path", "label_name", "split_type", "content_hash", "asset_id"]
        writer.writerow(columns)
        writer.writerows(
            [spreadsheet_cells.escape(str(getattr(asset, name) or "")) for name in columns]
            for asset in found
        )
    else:
        for asset in found:
            output.say(f"{asset.label_name}\t{asset.file_path}")
    for problem in problems:
        output.tell(problem.message)
    if problems:
        output.tell(f"{len(problems):,} of {len(found):,} images are not as the run saw them.")
        raise typer.Exit(1)


@app.command()
def log(
    run_id: RunArgument,
    lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = 200,
    workspace: WorkspaceOption = None,
) -> None:
    """The last lines of a run's log."""
    from forge_core.runs import logs

    output.say(logs.log_tail(opening.existing(workspace), run_id, lines))


@app.command()
def cancel(
    run_id: RunArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """End a run after its current step; what it learned is kept."""
    from forge_core.runs.starting import launch

    run = launch.cancel_run(opening.existing(workspace), run_id)
    if as_json:
        output.answer(run)
    elif run.status.is_finished():
        output.say(f"Run {run_id} is {state_words.name_of(run.status)}.")
    else:
        output.say(f"Run {run_id} is asked to stop.")


@app.command()
def pause(
    run_id: RunArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Stop a run after its current step, to go on from there with `forge runs resume`."""
    from forge_core.runs import pauses

    run = pauses.pause_run(opening.existing(workspace), run_id)
    if as_json:
        output.answer(run)
    elif run.status.is_finished():
        output.say(f"Run {run_id} is paused. Go on: forge runs resume {run_id}")
    else:
        output.say(f"Run {run_id} is asked to pause.")


@app.command()
def resume(
    run_id: RunArgument,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Watch the run, or only queue it.")
    ] = True,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on after the last saved step of a run that was paused, interrupted or cancelled."""
    from forge_core.cli import following
    from forge_core.runs import records
    from forge_core.runs.starting import launch

    opened = opening.existing(workspace)
    launch.resume_run(opened, run_id, actor=Actor.of_process(opened))
    run = records.get_run(opened, run_id)
    if wait:
        run = following.follow(opened, run_id, tends=True, as_json=as_json)
    if as_json:
        output.answer(run)
    else:
        output.say(run.message or f"Run {run_id} is queued again.")
    if wait:
        following.require_success(opened, run)


@app.command()
def extend(
    run_id: RunArgument,
    epochs: Annotated[int, typer.Option(min=1, help="How many epochs more.")] = 5,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a run more epochs, finished or not, with a new cosine behind its own."""
    from forge_core.runs.starting import extension

    opened = opening.existing(workspace)
    run = extension.extend_run(opened, run_id, epochs, actor=Actor.of_process(opened))
    if as_json:
        output.answer(run)
    else:
        output.say(f"Run {run_id} trains {epochs} epochs more.")


@app.command()
def delete(
    run_id: RunArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a run with its checkpoints and logs."""
    from forge_core.runs import removal

    opened = opening.existing(workspace)
    freed = output.size(removal.removal_preview(opened, run_id))
    former = removal.list_former_aliases(opened, run_id)
    if former:
        output.tell(
            f"Run {run_id} has answered as {', '.join(former)}; to it nothing can be rolled back "
            "then."
        )
    if not yes:
        typer.confirm(f"Remove run {run_id} for good and free {freed}?", abort=True, err=True)
    deleted = removal.delete_run(opened, run_id)
    if as_json:
        output.answer(deleted)
    else:
        output.say(f"Run {run_id} is removed; {output.size(deleted.freed_bytes)} are free again.")
        if deleted.left:
            output.tell(f"{deleted.left} It stays as it is.")
