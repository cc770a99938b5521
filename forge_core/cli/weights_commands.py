"""`forge weights list | add`: ImageNet weights that lie here, for machines without a network."""

from pathlib import Path
from typing import Annotated

import typer

from forge_core.cli import output
from forge_core.cli.output import JsonOption

app = typer.Typer(
    help="See which ImageNet weights are here, and take in files of them.", no_args_is_help=True
)


@app.command("list")
def list_all(
    every: Annotated[
        bool, typer.Option("--all", help="Also those that are not here, with their address.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Which ImageNet weights are here, and where each comes from."""
    from forge_core.models import weights

    found = [each for each in weights.list_files() if every or each.is_here]
    if as_json:
        output.answer(found)
        return
    if not found:
        output.say(
            "No ImageNet weights are here. See `forge weights list --all` for their addresses, and "
            "take a file in with `forge weights add FILE`."
        )
        return
    output.show_table(
        "",
        ["network", "here", "file", "address"],
        [
            [each.architecture, "yes" if each.is_here else "no", each.path.name, each.url]
            for each in found
        ],
    )


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Files of weights, whatever they are called.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Take files of ImageNet weights in, each known by its SHA-256, for training to find."""
    from forge_core.models import weights

    added = [weights.add_file(file) for file in files]
    if as_json:
        output.answer(added)
        return
    for each in added:
        output.say(f"{each.architecture}: {each.path}")
