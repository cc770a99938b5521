"""`forge doctor`: what this machine and workspace need, checked one by one."""

import os
import platform
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from db.failures import DATABASE_UNAVAILABLE
from db.session import driver_url
from db.soundness import health
from db.soundness.health import Condition
from forge_core import database_health
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import ForgeError, JobFailed
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import SECRET_BYTES, run_store_of

LOW_DISK_BYTES = 2 * 10**9
LOW_MEMORY_BYTES = 2 * 10**9
OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """What one check of `forge doctor` found."""

    check: str
    state: str
    """ok, warn or fail."""
    found: str
    next_step: str = ""


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
    url = driver_url(chosen.resolved_database_url)
    shown = url.render_as_string(hide_password=True)
    found = health.examine(url, thoroughly=True)
    trouble = database_health.trouble(found, shown)
    if trouble is None:
        return [Finding("database", OK, f"{shown}, schema {found.detail}")]
    is_new = found.condition in (Condition.MISSING, Condition.EMPTY)
    if is_new and not database_health.prevents_opening(found, chosen):
        return [Finding("database", WARN, "there is none yet", "Make it: forge init")]
    is_sqlite = url.get_backend_name() == "sqlite"
    state = WARN if found.condition == Condition.OLDER and is_sqlite else FAIL
    return [Finding("database", state, trouble.message, trouble.next_step)]


def _has_catalog(chosen: Settings) -> bool:
    """Whether there is a database that can be asked; what is wrong with it was said before."""
    found = health.examine(driver_url(chosen.resolved_database_url))
    return found.condition == Condition.GOOD


def _folders(chosen: Settings) -> list[Finding]:
    """Whether the folders can be written."""
    if not chosen.workspace_folder.is_dir():
        return []
    findings = []
    runs = run_store_of(chosen).local_root()
    for folder in (chosen.workspace_folder, runs, chosen.cache_folder):
        if folder is None or not folder.exists():
            continue  # it is made when the workspace is opened
        name = folder / f"forge-doctor-{uuid.uuid4().hex}"
        try:
            name.write_bytes(b"forge")
            name.unlink()
        except OSError as error:
            step = "Give the user who runs Vision Forge the right to write there."
            found = f"{folder} cannot be written: {error.strerror}"
            findings.append(Finding("folders", FAIL, found, step))
    return findings or [Finding("folders", OK, "can be written")]


def _secrets(chosen: Settings) -> list[Finding]:
    folder = chosen.workspace_folder / "secrets"
    if not folder.is_dir():
        return []
    weak = sorted(
        p.name for p in folder.iterdir() if p.is_file() and p.stat().st_size < SECRET_BYTES
    )
    if not weak:
        return []
    words = f"{', '.join(weak)} in secrets/ is empty or too short"
    step = "It is made anew when it is next needed; open pages have to be reloaded then."
    return [Finding("secrets", WARN, words, step)]


def _images(chosen: Settings) -> list[Finding]:
    """Whether every image of the catalog has its file."""
    if not _has_catalog(chosen):
        return []
    from forge_core.catalog.files import verification
    from forge_core.workspace import open_workspace

    with verification.survey_of(open_workspace(chosen)) as survey:
        num_images, _ = survey.counts()
        missing = [file.key for part in survey.missing() for file in part]
    if not missing:
        return [Finding("images", OK, f"{num_images:,}, each has its file")]
    found = f"{len(missing):,} of {num_images:,} have no file, for example {missing[0]}"
    step = "Is the disk mounted? `forge verify` lists them, `forge relink` finds moved files."
    return [Finding("images", FAIL, found, step)]


def _checkpoints(chosen: Settings) -> list[Finding]:
    """Whether the checkpoints of all runs are there, at the size that was written."""
    if not _has_catalog(chosen):
        return []
    from db.enums import CheckpointKind
    from forge_core.workspace import open_workspace

    workspace = open_workspace(chosen)
    with workspace.database.read() as uow:
        known = [file for kind in CheckpointKind for file in uow.checkpoints.list_of_kind(kind)]
    broken = []
    for file in known:
        stored = workspace.runs.files.find(file.file_path)
        size = stored.size_bytes if stored else None
        if size != file.size_bytes:
            words = "is not there" if size is None else "is empty" if size == 0 else "was changed"
            broken.append(f"{file.kind} of run {file.run_id} {words}")
    if not broken:
        return [Finding("checkpoints", OK, f"{len(known)}, each as it was written")]
    more = f", and {len(broken) - 5} more" if len(broken) > 5 else ""
    step = "Put the files back from a backup, or train again."
    return [Finding("checkpoints", FAIL, ", ".join(broken[:5]) + more, step)]


def _assets(chosen: Settings) -> list[Finding]:
    return [_check_root(AssetStore(chosen.resolved_asset_root), "FORGE_ASSET_ROOT")]


def _runs(chosen: Settings) -> list[Finding]:
    """Whether a runs root that is no folder answers; a folder is looked at with the others."""
    runs = run_store_of(chosen)
    return [] if runs.local_root() else [_check_root(runs.files, "FORGE_RUNS_ROOT")]


def _check_root(store: AssetStore, setting: str) -> Finding:
    """Whether a file can be written below a root, read again, and removed."""
    local = store.local_root()
    shown = str(local or store.root)
    if local is not None and not local.is_dir():
        return Finding(store.place, WARN, f"{shown} does not exist", "Make it: forge init")
    key = f"forge-doctor-{uuid.uuid4().hex}"
    try:
        store.check()
        store.write(key, b"forge")
        is_same = store.read(key) == b"forge"
        store.remove(key)
    except (OSError, ForgeError) as error:
        step = getattr(error, "next_step", "")
        return Finding(
            store.place,
            FAIL,
            error.message if isinstance(error, ForgeError) else f"{shown}: {error}",
            step or f"Correct its permissions, or {setting}.",
        )
    if not is_same:
        return Finding(store.place, FAIL, f"{shown} does not give back what was written")
    return Finding(store.place, OK, f"{shown} can be read and written")


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
    if not _has_catalog(chosen):
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
    if not _has_catalog(chosen):
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
    _folders,
    _secrets,
    _assets,
    _runs,
    _images,
    _checkpoints,
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
