"""`forge queue list | show | export`: images that wait for an answer, the most urgent first."""

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


def _entries(
    name: str, run: int | None, limit: int | None, workspace: Path | None
) -> Iterable[QueueEntry]:
    queue = queues.find_queue(name)
    return queues.list_entries(opening.existing(workspace), queue, run_id=run, limit=limit)
