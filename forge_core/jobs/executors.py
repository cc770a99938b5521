"""Where the processes of jobs run: five calls on a command line, the same everywhere.

A worker is a command line, `forge worker --job ID --workspace-id ID`: it reads what to do from the
jobs table of that workspace and reports there, so an executor carries no data at all. It starts a
command, says how it stands, reads its log, ends it, and knows after a restart which ones still
live. This machine's own is `local_executor`; a cluster's is as small (Ray Jobs, Slurm).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

LOCAL = "local"
"""Name of the executor of this machine."""
LOG_BYTES = 64 * 1024
"""Most bytes of a log that one call reads."""
REFUSED_STATUS = 4
"""Exit status of a worker that does not begin its job; its log says why behind `REFUSAL`."""
UNRECORDED_STATUS = 5
"""Exit status of a worker that could not write into the database how its job ended."""
REFUSAL = "refused: "


class CommandState(enum.StrEnum):
    """How a command stands."""

    QUEUED = "queued"
    RUNNING = "running"
    ENDING = "ending"  # it is over, and processes that it started are not
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # gone, and nobody was told how

    def is_over(self) -> bool:
        """Whether nothing of it is left: what it was given can be given to another."""
        return self not in (CommandState.QUEUED, CommandState.RUNNING, CommandState.ENDING)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a command stands, and what is known of its end."""

    state: CommandState
    detail: str = ""
    """For example the signal that killed it; empty before its end."""
    exit_status: int | None = None
    """Of its first process; None before its end, or where nobody was told."""


@dataclass(frozen=True, kw_only=True)
class JobCommand:
    """What an executor is asked to run."""

    job_id: int
    arguments: Sequence[str]
    """The command line."""
    environment: Mapping[str, str]
    """All variables of its processes."""
    processors: int = 1
    """That a cluster reserves for it."""
    gpus: int = 0
    """The same."""
    is_warm: bool = False
    """Whether a process that has imported its libraries already may take it."""


class Executor(Protocol):
    """Runs commands.

    A handle is text that the jobs table keeps, the job's number and a colon before all else: it
    outlives both processes.
    """

    name: str
    """As the jobs table has it."""

    def submit(self, command: JobCommand) -> str:
        """Start a command and return its handle.

        Raises:
            OSError: It cannot be started.
            JobFailed: The same, in words.
        """
        ...

    def state(self, handle: str) -> Standing:
        """How it stands now."""
        ...

    def logs(self, handle: str, offset: int) -> tuple[str, int]:
        """What it printed from this byte on, at most `LOG_BYTES`, and where to go on."""
        ...

    def cancel(self, handle: str, *, grace_seconds: float) -> None:
        """Ask it to end; asked again after the grace, end it. Returns at once."""
        ...

    def adopt(self) -> list[str]:
        """Handles of commands that an earlier process submitted and that are not over."""
        ...


def job_of(handle: str) -> int:
    """The job of a handle, whichever executor gave it."""
    return int(handle.partition(":")[0])


def log_name(job_id: int) -> str:
    """File of a job's log in the logs folder, wherever it runs."""
    return f"job-{job_id}.log"
