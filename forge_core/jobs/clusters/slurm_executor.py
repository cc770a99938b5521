"""The executor of a Slurm cluster, through submitit (the extra `slurm`).

Slurm's nodes and this machine share the folder of the workspace: submitit writes there what a node
is to run and what it prints, and the command its exit status. That record is what is believed of an
end; without it the node, or the time that Slurm gave, was lost.
"""

import contextlib
import logging
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forge_core import extras
from forge_core.errors import InvalidInput, JobFailed
from forge_core.jobs.executors import LOG_BYTES, CommandState, JobCommand, Standing, job_of

SEEN_SECONDS = 10.0
"""So long an answer about a job is taken as it was."""
STATES = {
    "PENDING": CommandState.QUEUED,
    "REQUEUED": CommandState.QUEUED,
    "RUNNING": CommandState.RUNNING,
    "COMPLETING": CommandState.RUNNING,
    "SUSPENDED": CommandState.RUNNING,
    "CANCELLED": CommandState.CANCELLED,
    "INTERRUPTED": CommandState.CANCELLED,
}
"""All others are an end that left no record."""
UNTOLD = ("UNKNOWN", "READY", "NO")
"""Where Slurm keeps no accounts, or has not heard of the job yet."""
RECORD = "exit-status"
NOT_TAKEN = (
    *(RuntimeError, OSError, subprocess.SubprocessError),
    *(NameError, ValueError, AssertionError),  # an option that submitit does not know
)
_SUBMITTED = "_submitted.pkl"
# Signals that end a step reach every process of it; this one has to write down what became of ours.
_SCRIPT = (
    "trap '' TERM INT USR2; record=$1; shift; \"$@\"; code=$?; "
    'echo $code > "$record.new" && mv "$record.new" "$record"; exit $code'
)
_log = logging.getLogger("forge.supervisor")


class SlurmExecutor:
    """Runs commands as jobs of Slurm.

    Args:
        folder: Shared with the nodes; each job has a folder there.
        options: For sbatch, as submitit names them: partition, time (in minutes), gres.
        cluster: Which executor of submitit: `slurm`, or `local` for processes of this machine.
    """

    name = "slurm"

    def __init__(
        self, folder: Path, options: Mapping[str, str | int], *, cluster: str = "slurm"
    ) -> None:
        self._folder = folder
        self._options = dict(options)
        self._cluster = cluster
        self._jobs: dict[str, Any] = {}
        self._seen: dict[str, tuple[float, Standing]] = {}
        """When a job was last asked about (monotonic seconds), and how it stood."""
        self._asked_at: dict[str, float] = {}
        """When a command was first asked to end."""

    def submit(self, command: JobCommand) -> str:
        """Start a command and return its handle; see `Executor`.

        Raises:
            JobFailed: Slurm does not take it, or there is none.
        """
        folder = self._folder_of(command.job_id)
        shutil.rmtree(folder, ignore_errors=True)  # of a job of this number in an earlier database
        folder.mkdir(parents=True, mode=0o700)
        script = ["/bin/sh", "-c", _SCRIPT, "sh", str(folder / RECORD), *command.arguments]
        try:
            submitit = _import()
            executor = submitit.AutoExecutor(folder=str(folder), cluster=self._cluster)
            executor.update_parameters(**self._parameters(command))
            started = executor.submit(
                submitit.helpers.CommandFunction(script, env=dict(command.environment))
            )
        except InvalidInput as error:
            raise JobFailed(error.message, next_step=error.next_step) from error
        except NOT_TAKEN as error:
            raise JobFailed(
                "Slurm did not take the job.",
                next_step="Correct FORGE_SLURM_OPTIONS, or start where sbatch and srun are.",
                detail=str(error),
            ) from error
        handle = f"{command.job_id}:{started.job_id}"
        self._jobs[handle] = started
        return handle

    def state(self, handle: str) -> Standing:
        """How it stands now, or stood a moment ago; see `Executor`."""
        now = time.monotonic()
        seen_at, last = self._seen.get(handle, (0.0, Standing(state=CommandState.QUEUED)))
        if last.state.is_over():
            return last
        recorded = self._recorded(handle)
        if recorded is not None:
            last = recorded
        elif now - seen_at < SEEN_SECONDS:
            return last
        else:
            last = self._asked(handle)
            if last.state.is_over():  # its record may have come while Slurm was asked
                last = self._recorded(handle) or last
        self._seen[handle] = now, last
        return last

    def logs(self, handle: str, offset: int) -> tuple[str, int]:
        """What it printed; see `Executor`."""
        try:
            with self._job(handle).paths.stdout.open("rb") as log:
                log.seek(offset)
                data = log.read(LOG_BYTES)
        except (FileNotFoundError, InvalidInput):  # it waits
            return "", offset
        text = data.decode("utf-8", errors="ignore")  # a character that is cut comes next time
        return text, offset + len(text.encode())

    def cancel(self, handle: str, *, grace_seconds: float) -> None:
        """Ask it to end; see `Executor`.

        A worker reads in its job's row that it shall end, so Slurm is told only when it has not
        ended after the grace, or has not begun.
        """
        first = self._asked_at.setdefault(handle, time.monotonic())
        is_waiting = self.state(handle).state == CommandState.QUEUED
        if not is_waiting and time.monotonic() - first <= grace_seconds:
            return
        with contextlib.suppress(OSError, InvalidInput):
            self._job(handle).cancel(check=False)
            _log.info("job %d: Slurm was asked to stop it", job_of(handle))

    def adopt(self) -> list[str]:
        """Those of the supervisor before us; see `Executor`."""
        found = []
        for path in sorted(self._folder.glob(f"job-*/*{_SUBMITTED}")):
            number = path.parent.name.removeprefix("job-")
            handle = f"{number}:{path.name.removesuffix(_SUBMITTED)}"
            if number.isdecimal() and not self.state(handle).state.is_over():
                found.append(handle)
        return found

    def forget(self, handle: str) -> None:
        """Remove the folder of a command that is over, whose log was read to its end."""
        shutil.rmtree(self._folder_of(job_of(handle)), ignore_errors=True)
        self._jobs.pop(handle, None)

    def _parameters(self, command: JobCommand) -> dict[str, Any]:
        own: dict[str, Any] = {"name": f"forge-{command.job_id}", "stderr_to_stdout": True}
        if self._cluster == "slurm":  # others take no options of sbatch
            own |= {f"slurm_{name}": value for name, value in self._options.items()}
            own["slurm_cpus_per_task"] = command.processors
            if command.gpus and "gres" not in self._options:
                own["slurm_gpus_per_node"] = command.gpus
        return own

    def _recorded(self, handle: str) -> Standing | None:
        try:
            status = int((self._folder_of(job_of(handle)) / RECORD).read_text())
        except (OSError, ValueError):
            return None
        return Standing(
            state=CommandState.FAILED if status else CommandState.SUCCEEDED,
            detail=f"exit status {status}",
            exit_status=status,
        )

    def _asked(self, handle: str) -> Standing:
        try:
            job = self._job(handle)
            job.get_info(mode="force")  # it would ask by itself after ten minutes
            word = str(job.state).upper().partition(" ")[0]
        except (OSError, InvalidInput, subprocess.SubprocessError) as error:
            _log.warning("Slurm does not answer: %s", error)
            return self._seen.get(handle, (0.0, Standing(state=CommandState.QUEUED)))[1]
        if word in UNTOLD:
            begun = job.paths.stdout.exists()
            return Standing(state=CommandState.RUNNING if begun else CommandState.QUEUED)
        state = STATES.get(word, CommandState.LOST)
        detail = f"Slurm says {word} and no node says how it ended" if state.is_over() else ""
        return Standing(state=state, detail=detail)

    def _job(self, handle: str) -> Any:
        """What submitit knows of a job, also of one that an earlier process submitted."""
        if handle not in self._jobs:
            submitit = _import()
            kind = submitit.SlurmJob if self._cluster == "slurm" else submitit.LocalJob
            folder = self._folder_of(job_of(handle))
            self._jobs[handle] = kind(folder=folder, job_id=handle.partition(":")[2])
        return self._jobs[handle]

    def _folder_of(self, job_id: int) -> Path:
        return job_folder(self._folder, job_id)


def job_folder(folder: Path, job_id: int) -> Path:
    """Where Slurm is handed a job and leaves what it prints, in the folder of all."""
    return folder / f"job-{job_id}"


def read_options(text: str) -> dict[str, str | int]:
    """The options of sbatch in `FORGE_SLURM_OPTIONS`, such as `partition=gpu time=4:00:00`.

    Raises:
        InvalidInput: A word is no option, or no time is given.
    """
    options: dict[str, str | int] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not (name.isidentifier() and equals and value):
            raise InvalidInput(
                f"{word!r} in FORGE_SLURM_OPTIONS is no option.",
                next_step="Write it as partition=gpu time=4:00:00 gres=gpu:1.",
            )
        options[name] = int(value) if value.isdecimal() else value
    if "time" not in options:
        raise InvalidInput(
            "FORGE_SLURM_OPTIONS does not say how long a run may take.",
            next_step="Add time=4:00:00 to it; what is not done then can be resumed.",
        )
    return {**options, "time": _minutes(str(options["time"]))}


def _minutes(time_: str) -> int:
    """As sbatch reads a time: minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S."""
    days, dash, rest = time_.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdecimal() for part in [*parts, days or "0"]) or len(parts) > 3:
        raise InvalidInput(
            f"{time_!r} is no time of Slurm.", next_step="Write it as 90 or 4:00:00 or 1-12:00:00."
        )
    numbers = [int(part) for part in parts]
    if dash:
        hours, minutes, seconds = [*numbers, 0, 0][:3]
    elif len(numbers) == 3:
        hours, minutes, seconds = numbers
    else:
        hours, (minutes, seconds) = 0, [*numbers, 0][:2]
    return int(days or 0) * 1440 + hours * 60 + minutes + (1 if seconds else 0)


def _import() -> Any:
    return extras.load("submitit", extra="slurm", purpose="FORGE_EXECUTOR=slurm")
