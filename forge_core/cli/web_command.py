"""`forge web`: the app in a browser, started from any folder."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import forge_core
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.errors import NotFound
from forge_core.serving import listening

APP_FOLDER = "vision_forge_app"
"""Where an installed app lies, beside forge_core; setup.py puts it there (ADR 0019)."""
NUM_ARENAS = "2"
"""Of glibc's allocator, each of which keeps what the threads of a visit have freed. Measured over
forty visits of all pages: 573 MB before and 571 after, with as many arenas as it likes 18 more."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def web(
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port to listen on; the first free one from 8501 if left out."
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on instead of 127.0.0.1; 0.0.0.0 for all."),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Start the app and print its address; Ctrl+C ends it. A workspace is made where there is none.

    This process becomes the web server: it keeps its number, and signals go to the server.
    """
    if port:
        check_port(port, host or "127.0.0.1")
    opened = opening.create(workspace)  # what is wrong with it is said here, in words
    output.tell(f"Workspace {opened.folder}")
    if host not in (None, *LOOPBACK):
        names = opened.settings.allowed_hosts
        output.tell(f"It answers to the names {names}: add this server's to FORGE_ALLOWED_HOSTS.")
    opened.database.dispose()
    environment = server_environment(os.environ) | {"FORGE_WORKSPACE": str(opened.folder)}
    _become(server_command(port, host), environment)


def check_port(port: int, host: str) -> None:
    """Whether a server can listen there; a moment later another may have taken it all the same.

    Raises:
        Conflict: Another program listens there.
        InvalidInput: The port or the address cannot be used by this user on this machine.
    """
    listening.bind(host, port).close()


def server_command(port: int | None = None, host: str | None = None) -> list[str]:
    """The command line of the web server; what is left out is as `.streamlit/config.toml` says.

    Streamlit reads that file from the folder of app.py, wherever it is started. `-P` keeps Python
    files of the folder in which a person stands out of the server.

    Raises:
        NotFound: Only a part of the product is installed.
    """
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(find_app())]
    if port is not None:
        command += ["--server.port", str(port)]
    if host is not None:
        command += ["--server.address", host]
    return command


def server_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of the web server: the given ones, and few arenas unless they say otherwise."""
    return {"MALLOC_ARENA_MAX": NUM_ARENAS, **inherited}


def find_app() -> Path:
    """The script of the web app: the installed one, or the one of this checkout.

    Raises:
        NotFound: There is none beside forge_core.
    """
    beside = Path(forge_core.__file__).parents[1]
    for folder in (beside / APP_FOLDER, beside):
        if (folder / "pages" / "shell.py").is_file():
            return folder / "app.py"
    raise NotFound(
        f"The web app does not lie beside {beside / 'forge_core'}.",
        next_step="Install the whole package: uv tool install vision-forge, or pip install it.",
    )


def _become(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, environment)
