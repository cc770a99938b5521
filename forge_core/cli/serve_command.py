"""`forge serve | serve-key`: a checkpoint behind HTTP."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from forge_core.cli import opening, output
from forge_core.cli.model_commands import DeviceOption, KindOption, TargetArgument
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption


def serve(
    target: TargetArgument,
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 for a free one.", min=0, max=65535)
    ] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    kind: KindOption = None,
    device: DeviceOption = "auto",
    keys: Annotated[
        Path | None, typer.Option(help="File of API keys, made by `forge serve-key`.")
    ] = None,
    cors: Annotated[
        str | None,
        typer.Option(help="Origins of web pages that may ask, separated by commas; * for any."),
    ] = None,
    shadow: Annotated[
        str | None,
        typer.Option(help="Run, alias or file of a second checkpoint, which answers nobody."),
    ] = None,
    shadow_log: Annotated[
        Path | None, typer.Option(help="File for what the shadow answers otherwise; no pictures.")
    ] = None,
    traffic_log: Annotated[
        Path | None,
        typer.Option(help="Folder to log every answer to, for `forge drift`; without it none is."),
    ] = None,
    keep_pictures: Annotated[
        bool, typer.Option("--keep-pictures", help="Keep the pictures in that log too.")
    ] = False,
    keep_disagreements: Annotated[
        bool,
        typer.Option(
            "--keep-disagreements",
            help="Keep there the pictures that the shadow answers otherwise, and no others.",
        ),
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Answer predictions over HTTP: POST /predict, GET /health, /ready, /model, /metrics, /docs.

    What the alias or the file means is looked at every few seconds, and taken into use without a
    dropped request. Bounds are set by the environment: see docs/serving.md.
    """
    from forge_core.imaging.decode import DecodeLimits
    from forge_core.serving import http
    from forge_core.serving import options as serve_options

    named = {
        "keys": keys,
        "cors": cors,
        "shadow_log": shadow_log,
        "traffic_log": traffic_log,
        "traffic_log_pictures": (
            "yes" if keep_pictures else "disagreements" if keep_disagreements else None
        ),
    }
    chosen: dict[str, Any] = {key: str(value) for key, value in named.items() if value is not None}
    options = replace(
        serve_options.from_environment(os.environ),
        limits=DecodeLimits.from_settings(opening.chosen_settings(workspace)),
        **chosen,
    )
    http.run(
        opening.checkpoint_source(target, workspace, kind),
        host=host,
        port=port,
        device=device,
        options=options,
        shadow=None if shadow is None else opening.checkpoint_of(shadow, workspace),
        tell=output.tell,
    )


def serve_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the client, for the log.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="predict, read or admin; may be given more than once."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Most requests a second, on average; without it any.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--keys", help="File of keys to add it to, made if need be.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make an API key for `forge serve`. It is shown once; only its hash is kept."""
    from forge_core.serving.requests import keys

    key, line = keys.make_key(name, scope or ["predict"], rate)
    if file is not None:
        keys.add_line(file, line)
    if as_json:
        output.answer({"key": key, "line": line})
        return
    output.tell("The key, for the client:")
    output.say(key)
    if file is None:
        output.tell("Its line, for the file of keys:")
        output.say(line)
