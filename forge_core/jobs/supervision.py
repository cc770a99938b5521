"""The supervisor of this machine as others see it: started when there is work, found, stopped."""

import contextlib
import hashlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock

import forge_core
from db.enums import JobStatus
from db.records import Job
from forge_core import local_files
from forge_core.errors import ForgeError, JobFailed
from forge_core.jobs import processes
from forge_core.jobs.clusters import cluster
from forge_core.jobs.processes import ProcessIdentity
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

SUPERVISOR_MODULE = "forge_core.jobs.supervisor"
REPLACE_SECONDS = 10.0
START_SECONDS = 15.0
SPIN_COUNT = "1000"
"""Turns that a waiting OpenMP thread makes before it sleeps. libgomp's own 300,000 are burnt
while another process has the core: a small network on 2 cores that were busy with other work did
51 steps a second with this value and 8 with the default."""
_INHERITED = (  # variables that change what a job does; another value asks for a new supervisor
    "CUDA_VISIBLE_DEVICES",
    "TORCH_HOME",
    "XDG_CACHE_HOME",
    "HTTPS_PROXY",
    "https_proxy",
    "OMP_NUM_THREADS",
)


HALTED = "Halted: its process was stopped from outside. It goes on once it is let (kill -CONT)."
"""What is told of a job for which `is_halted` is true."""
_log = logging.getLogger("forge.jobs")

# Supervisors that this process started and that may not have written their record yet.
_started: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}
_start_lock = threading.Lock()


@dataclass(frozen=True)
class SupervisorRecord:
    """What a supervisor writes beside its lock: who it is, and which slots its jobs hold."""

    identity: ProcessIdentity
    fingerprint: str
    """Changes with every setting that its jobs would see."""
    held: dict[str, tuple[int, ProcessIdentity]] = field(default_factory=dict)
    """Slot name to job number and leader of the job's process group."""


def host_name() -> str:
    """This machine, as jobs remember it."""
    return socket.gethostname()


def lock_of(workspace: Workspace) -> FileLock:
    """The lock that a supervisor of this machine holds as long as it lives."""
    path = workspace.folder / f"supervisor-{host_name()}.lock"
    return FileLock(path, mode=local_files.PRIVATE_FILE)


def ensure_supervisor(
    workspace: Workspace, *, replace: bool = True, module: str = SUPERVISOR_MODULE
) -> None:
    """Start a supervisor unless one runs; returns before it is ready. Idempotent and cheap.

    One that was halted (SIGSTOP) goes on: nothing would be tended as long as it stood.

    Args:
        workspace: The workspace.
        replace: Let a supervisor that was started with other settings go, and start one with
            ours; jobs that it started run on and are adopted.
        module: The module that the supervisor runs.

    Raises:
        InvalidInput: The executor of the settings is not known, or cannot reach the data.
        JobFailed: The process cannot be started.
    """
    cluster.check(workspace)
    environment = job_environment(workspace)
    with _start_lock:
        record = read_record(workspace)
        if record is not None and processes.is_alive(record.identity):
            if processes.wake(record.identity):
                _log.warning("the supervisor %d was halted; it goes on", record.identity.pid)
            if not replace or record.fingerprint == fingerprint_of(environment):
                return
            stop_supervisor(workspace)
            _started.pop(workspace.folder, None)
        # Whatever record there is now is a dead one's: the one we started has yet to write its own.
        child, since = _started.get(workspace.folder, (None, 0.0))
        is_starting = time.monotonic() - since < START_SECONDS
        if child is not None and is_starting and child.poll() is None:
            _wake(child.pid)
            return
        child = _start(workspace, module, environment)
        _started[workspace.folder] = (child, time.monotonic())


def _wake(pid: int) -> None:
    identity = processes.identify(pid)
    if identity is not None:
        processes.wake(identity)


def is_halted(job: Job) -> bool:
    """Whether a running job of this machine does nothing, because its process was halted."""
    if job.status != JobStatus.RUNNING or job.host != host_name():
        return False
    if job.pid is None or job.pid_started is None:
        return False
    return processes.is_halted(ProcessIdentity(job.pid, job.pid_started))


def prepare_for_jobs(workspace: Workspace) -> None:
    """Have a supervisor with a spare process soon, because a person may start a run soon."""
    if workspace.settings.keep_spare_worker:
        with contextlib.suppress(ForgeError):  # whoever starts a job is told
            ensure_supervisor(workspace, replace=False)


def _start(
    workspace: Workspace, module: str, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    try:
        with local_files.open_private(workspace.logs_folder / "supervisor.log", "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )
    except OSError as error:
        raise JobFailed(
            "The background process that runs jobs could not be started.",
            next_step="Check free memory and disk, then try again.",
            detail=str(error),
        ) from error
    # It outlives us; but as long as we live somebody has to take its exit status.
    threading.Thread(target=child.wait, name="supervisor-reaper", daemon=True).start()
    return child


def stop_supervisor(workspace: Workspace) -> bool:
    """End the supervisor of this machine; its jobs run on. Says whether there was one."""
    record = read_record(workspace)
    if record is None or not processes.is_alive(record.identity):
        return False
    os.kill(record.identity.pid, signal.SIGTERM)
    deadline = time.monotonic() + REPLACE_SECONDS
    while processes.is_alive(record.identity) and time.monotonic() < deadline:
        time.sleep(0.05)
    if processes.is_alive(record.identity):
        os.kill(record.identity.pid, signal.SIGKILL)
    return True


def find_supervisor(workspace: Workspace) -> ProcessIdentity | None:
    """The living supervisor of this machine and workspace, or None."""
    record = read_record(workspace)
    return record.identity if record and processes.is_alive(record.identity) else None


def has_leftovers(workspace: Workspace) -> bool:
    """Whether processes still run of which the supervisor that was to end them is gone."""
    record = read_record(workspace)
    if record is None or not record.held or processes.is_alive(record.identity):
        return False
    return any(processes.is_group_alive(leader) for _, leader in record.held.values())


def read_record(workspace: Workspace) -> SupervisorRecord | None:
    """What the newest supervisor of this machine wrote about itself, dead or alive."""
    try:
        values = json.loads(_record_file(workspace).read_text("utf-8"))
        return SupervisorRecord(
            ProcessIdentity(**values["identity"]),
            values["fingerprint"],
            {
                name: (int(job_id), ProcessIdentity(**leader))
                for name, (job_id, leader) in values["held"].items()
            },
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(workspace: Workspace, record: SupervisorRecord) -> None:
    """Replace the record; a reader sees the old or the new one, never half of it."""
    local_files.replace(_record_file(workspace), json.dumps(asdict(record)).encode())


def remove_record(workspace: Workspace) -> None:
    """Forget the supervisor: whoever looks now starts a new one."""
    _record_file(workspace).unlink(missing_ok=True)


def job_environment(workspace: Workspace) -> dict[str, str]:
    """The environment in which a child opens this very workspace from any folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FORGE_")}
    for name, value in workspace.settings.model_dump(mode="json").items():
        environment[f"FORGE_{name.upper()}"] = str(value)
    local_assets, local_runs = workspace.store.local_root(), workspace.runs.local_root()
    database = workspace.database
    environment |= {
        "FORGE_WORKSPACE": str(workspace.folder),
        "FORGE_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "FORGE_ASSET_ROOT": str(local_assets.resolve()) if local_assets else workspace.store.root,
        "FORGE_RUNS_ROOT": str(local_runs.resolve()) if local_runs else workspace.runs.root,
        "FORGE_CACHE_ROOT": str(workspace.cache_folder.resolve()),
        "FORGE_USER": Actor.of_process(workspace).name,
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
    }
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    if database.is_sqlite and database.url.database:
        path = Path(database.url.database).resolve()
        environment["FORGE_DATABASE_URL"] = f"sqlite:///{path}"
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):  # a relative one means: from our folder
        if environment.get(name):
            environment[name] = str(Path(environment[name]).expanduser().resolve())
    source_folder = str(Path(forge_core.__file__).parents[1])
    search_path = [source_folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(search_path)
    return environment


def fingerprint_of(environment: dict[str, str]) -> str:
    """Changes with every variable that changes what a job does, and with the interpreter."""
    relevant = {
        name: value
        for name, value in environment.items()
        if (name.startswith("FORGE_") and name != "FORGE_USER") or name in _INHERITED
    }
    text = json.dumps([sys.executable, relevant], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _record_file(workspace: Workspace) -> Path:
    return workspace.folder / f"supervisor-{host_name()}.json"
