"""`forge weights list | add`: ImageNet weights that lie here, for machines without a network."""

from pathlib import Path
from typing import Annotated

import typer

from forge_core.cli import output
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput

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
    network: Annotated[
        str | None,
        typer.Option(help="The network of timm that the file is of, such as timm/resnet10t."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take files of ImageNet weights in, each known by its SHA-256, for training to find.

    Of a network of timm one file by `--network`: it is proven on the network before it is taken.
    """
    from forge_core.models import weights

    if network is not None:
        _add_of_timm(files, network, as_json=as_json)
        return
    added = [weights.add_file(file) for file in files]
    if as_json:
        output.answer(added)
        return
    for each in added:
        output.say(f"{each.architecture}: {each.path}")


def _add_of_timm(files: list[Path], network: str, *, as_json: bool) -> None:
    from forge_core.models.networks import timm_backbones

    if len(files) != 1:
        raise InvalidInput(
            f"{len(files)} files were given for one network.", next_step="Take in one at a time."
        )
    path = timm_backbones.add_weights(files[0], network)
    if as_json:
        output.answer({"architecture": network, "path": str(path)})
        return
    output.say(f"{network}: {path}")
