"""`forge queue list | show | export | take-shadow`: images that wait for a person's answer."""

from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from typing import Annotated

import typer

from forge_core.catalog.listing import queues
from forge_core.catalog.listing.queues import QueueEntry
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor

app = typer.Typer(help="Queues of images that wait for an answer.", no_args_is_help=True)

QueueArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(queues.QUEUES)}.")]
RunOption = Annotated[
    int | None,
    typer.Option(help="Whose network is meant; the newest run that has scored images if left out."),
]
COLUMNS = [field.name for field in fields(QueueEntry)]


@app.command("list")
def list_queues(
    run: RunOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """The queues with their numbers of images."""
    found = queues.list_states(opening.existing(workspace), run_id=run)
    if as_json:
        output.answer(
            [
                {
                    "name": state.queue.name,
                    "words": state.queue.words,
                    "num_images": state.num_images,
                    "query": state.query,
                }
                for state in found
            ]
        )
        return
    output.show_table(
        "",
        ["queue", "images", "what"],
        [
            [
                state.queue.name,
                state.num_images,
                state.queue.reason if state.num_images else state.empty_words,
            ]
            for state in found
        ],
    )


@app.command()
def show(
    name: QueueArgument,
    limit: Annotated[int, typer.Option(min=1, help="Images at most.")] = 20,
    run: RunOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The first images of a queue, with what they are said to be."""
    entries = _entries(name, run, limit, workspace)
    found = list(entries)
    if as_json:
        output.answer(found)
        return
    if not found:
        output.say("The queue is empty.")
        return
    output.show_table(
        "",
        ["rank", "path", "label", "looks like", "score"],
        [
            [
                entry.rank,
                entry.path,
                entry.label or "-",
                entry.suggestion or "-",
                "-" if entry.score is None else f"{entry.score:.3f}",
            ]
            for entry in found
        ],
    )


@app.command()
def export(
    name: QueueArgument,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Images at most; all if left out.")
    ] = None,
    run: RunOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a queue to stdout, ranked, as CSV for a spreadsheet or with --json."""
    entries = _entries(name, run, limit, workspace)
    if as_json:
        output.answer(list(entries))
        return
    output.write_csv(COLUMNS, map(astuple, entries))


@app.command("take-shadow")
def take_shadow(
    log: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LOG]", help="Folder of a log of traffic; the workspace's own if left out."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Images at most, up to 500; drawn by chance.")
    ] = 500,
    by_rule: Annotated[
        bool,
        typer.Option(
            "--by-rule",
            help="Let the rule for new images choose their splits; without it they go into train.",
        ),
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the pictures that the shadow of a service answered otherwise into the queue shadow.

    The service keeps them with `--shadow`, `--traffic-log` and `--keep-disagreements`. They are no
    fair sample: what is measured with them is marked as biased.
    """
    from forge_core.drift import disagreements

    opened = opening.existing(workspace)
    found = disagreements.read(opened, log)
    actor = Actor.of_process(opened)
    taken = disagreements.take_for_review(
        opened, found, limit=limit, asks_rule=by_rule, actor=actor
    )
    if as_json:
        output.answer(taken)
        return
    output.say(
        f"{taken.num_images:,} of {taken.num_waiting:,} images that waited are in the queue shadow."
    )
    if found.num_without_picture:
        output.tell(f"Of {found.num_without_picture:,} more no picture is kept.")


def _entries(
    name: str, run: int | None, limit: int | None, workspace: Path | None
) -> Iterable[QueueEntry]:
    queue = queues.find_queue(name)
    return queues.list_entries(opening.existing(workspace), queue, run_id=run, limit=limit)
