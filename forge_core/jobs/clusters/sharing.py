"""What a process on another machine needs to work on this workspace, and whether it can have it.

It opens the same database and the same object stores, and has a folder of its own for all that can
be made again. Only Slurm's nodes share the files of the web app as well.
"""

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace

LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
OF_THE_PLACE = frozenset({"WORKSPACE", "CACHE_ROOT", "IMPORT_ROOTS", "ALLOWED_HOSTS"})
"""Settings that mean nothing on another machine."""
OF_THE_SUPERVISOR = frozenset({"EXECUTOR", "RAY_ADDRESS", "RAY_TOKEN", "SLURM_OPTIONS"})
"""Settings that a worker neither needs nor shall know."""
CREDENTIALS = ("AWS_",)
ALSO_HERE = ("TORCH_HOME", "XDG_CACHE_HOME", "PYTHONPATH", "PATH", "HOME", "LD_LIBRARY_PATH")
"""Variables that a process needs which has the files of this machine."""
ALWAYS = ("PYTHONUNBUFFERED", "PYTHONFAULTHANDLER", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")


def is_this_machine(address: str) -> bool:
    """Whether the host of an address is this machine by name."""
    host = urlsplit(address).hostname or ""
    return host in (*LOOPBACK, socket.gethostname(), socket.getfqdn())


def check_reachable(workspace: Workspace, cluster: str, *, shares_files: bool = False) -> None:
    """Refuse a workspace whose data no other machine can reach.

    Args:
        workspace: The workspace.
        cluster: What the other machines are, in words.
        shares_files: Whether they have the same folders.

    Raises:
        InvalidInput: It says what lies on this machine alone.
    """
    url = make_url(workspace.settings.resolved_database_url)
    here = []
    if workspace.database.is_sqlite:
        here.append("the database (SQLite: set FORGE_DATABASE_URL to a Postgres server)")
    elif (url.host or "localhost") in LOOPBACK:
        here.append(f"the address of the database ({url.host or 'a socket'} of this machine)")
    if workspace.store.local_root() is not None and not shares_files:
        here.append("the images (a folder: set FORGE_ASSET_ROOT to an object store)")
    if workspace.runs.local_root() is not None and not shares_files:
        here.append("the runs (a folder: set FORGE_RUNS_ROOT to an object store)")
    if here:
        raise InvalidInput(
            f"The nodes of {cluster} cannot reach {', '.join(here)}.",
            next_step="Move them to where every node reaches them (`forge db copy`, "
            "docs/clusters.md), or set FORGE_EXECUTOR=local.",
        )


def worker_environment(
    workspace: Workspace, environment: Mapping[str, str], *, shares_files: bool
) -> dict[str, str]:
    """The variables with which a worker of the cluster opens this workspace.

    Args:
        workspace: The workspace.
        environment: Those of a worker of this machine.
        shares_files: Whether the cluster has the folders of this machine, or is this machine.
    """
    hidden = OF_THE_SUPERVISOR if shares_files else OF_THE_SUPERVISOR | OF_THE_PLACE
    kept = {
        name: value
        for name, value in environment.items()
        if (name.startswith("FORGE_") and name.removeprefix("FORGE_") not in hidden)
        or name.startswith(CREDENTIALS)
        or name in ALWAYS
        or (shares_files and name in ALSO_HERE)
    }
    if not shares_files:
        kept["FORGE_WORKSPACE"] = f"~/.cache/vision-forge/{workspace.id}"
    return kept
