"""The cluster that the settings name, as the supervisor uses it.

Only trainings go there. What a person waits for at a page, what reads files that were uploaded to
this machine and what writes into its caches stays here.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from db.clock import utc_now
from db.enums import JobStatus
from db.records import Job
from forge_core import local_files
from forge_core.errors import InvalidInput
from forge_core.jobs import kinds
from forge_core.jobs.clusters import sharing, slurm_executor
from forge_core.jobs.clusters.ray_executor import RayExecutor
from forge_core.jobs.clusters.slurm_executor import SlurmExecutor
from forge_core.jobs.executors import (
    LOCAL,
    CommandState,
    Executor,
    JobCommand,
    job_of,
    log_name,
)
from forge_core.jobs.slots import CPU, Slot
from forge_core.settings import Settings
from forge_core.workspace import Workspace

RAY, SLURM = "ray", "slurm"
SLURM_FOLDER = "slurm"
"""In the workspace: what Slurm is handed and what its jobs print."""
STALE_SECONDS = 60.0
"""A worker that was silent for so long is gone, whatever the cluster says of it."""
WORKER = ("-P", "-m", "forge_core", "worker")


class Cluster:
    """Where trainings run.

    Args:
        workspace: The workspace.
        executor: Of the cluster.
        environment: Of a worker of this machine.
        shares_files: Whether the cluster has the folders of this machine, or is this machine.
    """

    def __init__(
        self,
        workspace: Workspace,
        executor: Executor,
        *,
        environment: Mapping[str, str],
        shares_files: bool,
    ) -> None:
        self.executor = executor
        self._workspace = workspace
        self._settings = workspace.settings
        self._environment = sharing.worker_environment(
            workspace, environment, shares_files=shares_files
        )
        self._python = self._settings.cluster_python or (
            sys.executable if shares_files else "python3"
        )

    def takes(self, job: Job) -> bool:
        """Whether a job runs there."""
        return kinds.find(job.kind).place == "training"

    def find_slot(self, taken: Iterable[str]) -> Slot | None:
        """Room for one more job there; None while as many run or wait there as shall."""
        names = (f"{self.executor.name}-{n}" for n in range(1, self._settings.cluster_jobs + 1))
        name = next((name for name in names if name not in set(taken)), None)
        return None if name is None else Slot(name, "training")

    def command(self, job: Job) -> JobCommand:
        """What the cluster is asked to run."""
        processes = int(job.payload.get("processes", 1))
        is_on_cpu = str(job.payload.get("device", "auto")) == CPU
        gpus = 0 if is_on_cpu else self._settings.cluster_gpus * processes
        arguments = [self._python, *WORKER, "--job", str(job.job_id)]
        arguments += ["--workspace-id", self._workspace.id]
        if gpus:  # the cluster shows a job its own GPUs alone
            arguments += ["--device", "cuda" if processes > 1 else "cuda:0"]
        return JobCommand(
            job_id=job.job_id,
            arguments=arguments,
            environment=self._environment,
            processors=self._settings.cluster_cpus * processes,
            gpus=gpus,
        )

    def find_handle(self, job: Job) -> str | None:
        """What the cluster calls a job that another supervisor handed over; None if it does not."""
        if job.handle is not None:
            return job.handle
        return next((each for each in self.executor.adopt() if job_of(each) == job.job_id), None)

    def follow(self, job: Job, handle: str, state: CommandState, *, silent_seconds: float) -> bool:
        """Copy what a job printed, and see that it is not taken for dead while it waits there.

        Args:
            job: As its row is.
            handle: What the cluster calls it.
            state: What the cluster says of it.
            silent_seconds: For how long its row was watched without a new heartbeat.

        Returns:
            Whether its process began, and has given no sign of life for long.
        """
        self.copy_log(handle)
        if job.pid is None:
            if state in (CommandState.QUEUED, CommandState.RUNNING):
                with self._workspace.database.write() as uow:
                    uow.jobs.update_if(job.job_id, (JobStatus.RUNNING,), heartbeat_at=utc_now())
            return False
        return silent_seconds > STALE_SECONDS

    def copy_log(self, handle: str) -> None:
        """Append to the job's log here what it printed there since."""
        log_path = self._workspace.logs_folder / log_name(job_of(handle))
        offset = log_path.stat().st_size if log_path.exists() else 0
        while True:
            text, end = self.executor.logs(handle, offset)
            if end == offset:
                return
            with local_files.open_private(log_path, "ab") as log:
                log.write(text.encode())
            offset = end

    def leave(self, handle: str, *, is_told: bool) -> None:
        """Copy the rest of what a command printed that is over, and remove what is left of it.

        Args:
            handle: What the cluster calls it.
            is_told: Its job's row says how it ended; until then its exit status is looked for.
        """
        self.copy_log(handle)
        if is_told and isinstance(self.executor, SlurmExecutor):
            self.executor.forget(handle)


def slurm_folder(workspace: Workspace, job_id: int) -> Path:
    """Of a job that runs in Slurm; it goes when the job is over, and with its run."""
    return slurm_executor.job_folder(workspace.folder.resolve() / SLURM_FOLDER, job_id)


def check(workspace: Workspace) -> None:
    """Refuse settings that name no cluster, or one that cannot reach the data.

    Raises:
        InvalidInput: With what to set.
    """
    settings = workspace.settings
    if settings.executor == LOCAL:
        return
    if settings.executor == SLURM:
        slurm_executor.read_options(settings.slurm_options)
        sharing.check_reachable(workspace, "the Slurm cluster", shares_files=True)
        return
    if settings.executor != RAY:
        raise InvalidInput(
            f"The executor {settings.executor!r} is not known.",
            next_step="Set FORGE_EXECUTOR to local, ray or slurm, or leave it out.",
        )
    if not settings.ray_address.startswith(("http://", "https://")):
        raise InvalidInput(
            f"FORGE_RAY_ADDRESS is {settings.ray_address!r}, which is no address of a Ray head.",
            next_step="Set it to that of the head's dashboard, such as http://head:8265.",
        )
    if not _is_here(settings):
        sharing.check_reachable(workspace, "the Ray cluster")


def of_settings(workspace: Workspace, environment: Mapping[str, str]) -> Cluster | None:
    """The cluster that the settings name; None where trainings run on this machine.

    Raises:
        InvalidInput: See `check`.
    """
    check(workspace)
    settings = workspace.settings
    if settings.executor == LOCAL:
        return None
    if settings.executor == SLURM:
        options = slurm_executor.read_options(settings.slurm_options)
        slurm = SlurmExecutor(workspace.folder.resolve() / SLURM_FOLDER, options)
        return Cluster(workspace, slurm, environment=environment, shares_files=True)
    ray = RayExecutor(settings.ray_address, token=settings.ray_token, workspace_id=workspace.id)
    return Cluster(workspace, ray, environment=environment, shares_files=_is_here(settings))


def _is_here(settings: Settings) -> bool:
    return sharing.is_this_machine(settings.ray_address)
