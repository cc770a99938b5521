"""`forge db upgrade | doctor`, and `forge worker`, which executors start."""

import os
import platform
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated

import typer

from db import migrate
from db.failures import DATABASE_UNAVAILABLE
from db.session import Database
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import ForgeError, JobFailed
from forge_core.settings import Settings
from forge_core.storage import AssetStore

LOW_DISK_BYTES = 2 * 10**9
LOW_MEMORY_BYTES = 2 * 10**9
OK, WARN, FAIL = "ok", "warn", "fail"
db_app = typer.Typer(help="The database of the catalog.", no_args_is_help=True)


@dataclass(frozen=True)
class Finding:
    """What one check of `forge doctor` found."""

    check: str
    state: str
    """ok, warn or fail."""
    found: str
    next_step: str = ""


@db_app.command()
def upgrade(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Bring the database to this version's schema. Safe to repeat; make a backup first."""
    database = Database(opening.chosen_settings(workspace).resolved_database_url)
    before = migrate.current_version(database.engine)
    database.upgrade()
    after = migrate.current_version(database.engine)
    database.dispose()
    if as_json:
        output.answer({"before": before, "after": after})
    elif before == after:
        output.say(f"The schema is the newest one already ({after}).")
    else:
        output.say(f"The schema went from {before or 'nothing'} to {after}.")


def doctor(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Check what this machine and workspace need; fails when something is broken."""
    chosen = opening.chosen_settings(workspace)
    findings = [finding for check in CHECKS for finding in _safely(check, chosen)]
    if as_json:
        output.answer({"findings": findings})
    else:
        for finding in findings:
            output.say(f"{finding.state:<5} {finding.check}: {finding.found}")
            if finding.next_step:
                output.say(f"      {finding.next_step}")
    broken = [finding.check for finding in findings if finding.state == FAIL]
    if broken:
        raise JobFailed(f"{len(broken)} of {len(findings)} checks failed: {', '.join(broken)}.")


def _versions(chosen: Settings) -> list[Finding]:
    names = ("vision-forge", "torch", "torchvision", "streamlit", "sqlalchemy", "pillow", "numpy")
    found = []
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            step = "Install the whole package again."
            return [Finding("versions", FAIL, f"{name} is not installed", step)]
    return [Finding("versions", OK, f"python {platform.python_version()}, {', '.join(found)}")]


def _workspace(chosen: Settings) -> list[Finding]:
    folder = chosen.workspace_folder
    if folder.is_dir():
        return [Finding("workspace", OK, str(folder))]
    return [Finding("workspace", WARN, f"{folder} does not exist", "Make it: forge init")]


def _database(chosen: Settings) -> list[Finding]:
    if not chosen.database_url and not chosen.workspace_folder.is_dir():
        return [Finding("database", WARN, "there is none yet", "Make it: forge init")]
    database = Database(chosen.resolved_database_url)
    shown = database.url.render_as_string(hide_password=True)
    try:
        version = migrate.current_version(database.engine)
    except DATABASE_UNAVAILABLE as error:
        words = str(error.orig).strip().splitlines()
        return [
            Finding(
                "database",
                FAIL,
                f"{shown} does not answer: {words[0] if words else 'no reason given'}",
                "Start it, or correct FORGE_DATABASE_URL.",
            )
        ]
    finally:
        database.dispose()
    if version == migrate.head_version():
        return [Finding("database", OK, f"{shown}, schema {version}")]
    state = WARN if database.is_sqlite else FAIL
    return [
        Finding(
            "database",
            state,
            f"{shown} has schema {version or 'none'}, this version wants {migrate.head_version()}",
            "Run: forge db upgrade",
        )
    ]


def _assets(chosen: Settings) -> list[Finding]:
    store = AssetStore(chosen.resolved_asset_root)
    local = store.local_root()
    shown = str(local or chosen.resolved_asset_root)
    if local is not None and not local.is_dir():
        return [Finding("asset root", WARN, f"{shown} does not exist", "Make it: forge init")]
    key = f"forge-doctor-{uuid.uuid4().hex}"
    try:
        store.check()
        store.write(key, b"forge")
        is_same = store.read(key) == b"forge"
        store.remove(key)
    except (OSError, ForgeError) as error:
        step = getattr(error, "next_step", "")
        return [
            Finding(
                "asset root",
                FAIL,
                error.message if isinstance(error, ForgeError) else f"{shown}: {error}",
                step or "Correct its permissions, or FORGE_ASSET_ROOT.",
            )
        ]
    if not is_same:
        return [Finding("asset root", FAIL, f"{shown} does not give back what was written")]
    return [Finding("asset root", OK, f"{shown} can be read and written")]


def _disk(chosen: Settings) -> list[Finding]:
    folder = chosen.workspace_folder
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{output.size(free)} free at {folder}"
    if free < LOW_DISK_BYTES:
        return [Finding("disk", WARN, found, "Free some space: the cache folder may be deleted.")]
    return [Finding("disk", OK, found)]


def _devices(chosen: Settings) -> list[Finding]:
    from forge_core.models import devices

    findings = []
    for device in devices.list_devices():
        found = f"{device.name}, {output.size(device.free_bytes)} of "
        found += f"{output.size(device.total_bytes)} free"
        is_low = device.free_bytes < LOW_MEMORY_BYTES
        findings.append(
            Finding(
                f"device {device.id}",
                WARN if is_low else OK,
                found,
                "Close what uses its memory, or train with a smaller batch." if is_low else "",
            )
        )
    return findings


def _weights(chosen: Settings) -> list[Finding]:
    from forge_core.models import weights

    cached = weights.cached_architectures()
    if cached:
        return [Finding("pretrained weights", OK, f"cached: {', '.join(cached)}")]
    return [
        Finding(
            "pretrained weights",
            WARN,
            "none are cached",
            "They are downloaded when a run needs them; without a network set TORCH_HOME to a "
            "folder that has them.",
        )
    ]


def _supervisor(chosen: Settings) -> list[Finding]:
    if not (chosen.workspace_folder / "forge.db").exists() and not chosen.database_url:
        return []
    from forge_core.jobs import queue, supervision
    from forge_core.workspace import open_workspace

    workspace = open_workspace(chosen)
    with workspace.database.read() as uow:
        waiting = len(uow.jobs.list_by_status(queue.ACTIVE))
    found = supervision.find_supervisor(workspace)
    words = f"process {found.pid}" if found else "not running, it starts with the next job"
    if waiting and not found:
        return [
            Finding(
                "jobs",
                WARN,
                f"{waiting} unfinished jobs and no supervisor",
                "Open the app, or start any job; either starts it.",
            )
        ]
    return [Finding("jobs", OK, f"{waiting} unfinished; supervisor: {words}")]


def _probabilities(chosen: Settings) -> list[Finding]:
    if not (chosen.workspace_folder / "forge.db").exists() and not chosen.database_url:
        return []
    from forge_core.runs.probabilities import kept
    from forge_core.workspace import open_workspace

    found = kept.list_problems(open_workspace(chosen))
    if not found:
        return [Finding("class probabilities", OK, "the files of scored images are as written")]
    return [
        Finding(
            "class probabilities",
            WARN,
            f"of run {run_id}: {problems[0]}" + (f" And {more} more." if more else ""),
            f"Score its images: forge score {run_id}. It computes what is missing.",
        )
        for run_id, problems in found.items()
        for more in [len(problems) - 1]
    ]


def _system(chosen: Settings) -> list[Finding]:
    return [Finding("system", OK, f"{platform.platform()}, {os.cpu_count()} processors")]


CHECKS: tuple[Callable[[Settings], list[Finding]], ...] = (
    _versions,
    _system,
    _workspace,
    _database,
    _assets,
    _disk,
    _devices,
    _weights,
    _supervisor,
    _probabilities,
)


def _safely(check: Callable[[Settings], list[Finding]], chosen: Settings) -> list[Finding]:
    """One broken check must not hide the others."""
    try:
        return check(chosen)
    except (ForgeError, OSError, ImportError, *DATABASE_UNAVAILABLE) as error:
        name = check.__name__.strip("_")
        message = error.message if isinstance(error, ForgeError) else str(error)
        return [Finding(name, FAIL, message, getattr(error, "next_step", ""))]


def worker(
    job: Annotated[int, typer.Option(help="Number of a job that an executor was given.")],
    workspace_id: Annotated[str, typer.Option(help="The workspace that the job is of.")] = "",
    device: Annotated[str, typer.Option(help="What the job calls its device.")] = "",
) -> None:
    """Run one job to its end; executors start it."""
    from forge_core.handlers import worker as process

    arguments = ["--job", str(job), "--workspace-id", workspace_id, "--device", device]
    raise typer.Exit(process.main(arguments))
