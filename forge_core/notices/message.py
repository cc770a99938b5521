"""What a notice says: what became of the run, how long it took, where to look, why it died."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from db.boxes import JobError
from db.enums import JobStatus
from db.records import Job, Run
from forge_core.errors import NotFound
from forge_core.evaluation.sampling import shown
from forge_core.notices import state_words
from forge_core.workspace import Workspace

LOG_LINES = 20
LOG_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Message:
    """One notice in words."""

    key: str
    """The same for each attempt, so that a receiver can tell a repetition."""
    title: str
    """One line."""
    lines: tuple[str, ...]
    """What there is to say, a sentence each; where to look is the last."""
    log_tail: str
    """The end of the log of a run that died; else empty."""
    facts: dict[str, Any]
    """The same for programs, as JSON values."""

    @property
    def text(self) -> str:
        """All of it but the log."""
        return "\n".join([self.title, *self.lines])


def compose(workspace: Workspace, job_id: int) -> Message:
    """The notice of the end of a job.

    Raises:
        NotFound: There is no such job.
    """
    with workspace.database.read() as uow:
        job = uow.jobs.find(job_id)
        run = None if job is None or job.run_id is None else uow.runs.find(job.run_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    error = job.error or JobError()
    is_dead = job.status in (JobStatus.FAILED, JobStatus.INTERRUPTED)
    accuracy = run.best_val_accuracy if run else None
    seconds = _seconds(job)
    lines = [] if not is_dead else [" ".join(filter(None, (error.message, error.next_step)))]
    facts = [] if accuracy is None else [f"best validation accuracy {100 * accuracy:.1f} %"]
    facts += [] if seconds is None else [_duration(seconds)]
    lines += [", ".join(facts)] if facts else []
    note = shown.describe_unweighted(**run.val_sample) if run and run.val_sample else ""
    lines += [note] if note and accuracy is not None else []
    where = _where(workspace, job)
    return Message(
        key=f"{workspace.id}-{job_id}",
        title=_one_line(f"{_subject(job, run)}: {state_words.name_of(job.status)}"),
        lines=(*(_one_line(line) for line in lines if line), where),
        log_tail=_log_tail(workspace, job) if is_dead else "",
        facts={
            "workspace": workspace.name,
            "job_id": job_id,
            "run_id": job.run_id,
            "state": str(job.status),
            "best_val_accuracy": accuracy,
            "note": note,
            "duration_seconds": seconds,
            "look_at": where,
        },
    )


def compose_test(workspace: Workspace) -> Message:
    """A notice that is sent to see whether it arrives."""
    return Message(
        key=f"{workspace.id}-test",
        title=f"Vision Forge, {_one_line(workspace.name)}: this is a test",
        lines=("Notices of runs that end will arrive here.",),
        log_tail="",
        facts={"workspace": workspace.name, "state": "test"},
    )


def _subject(job: Job, run: Run | None) -> str:
    if run is None:
        return job.title
    return f"Run {run.run_id} ({run.name})" if run.name else f"Run {run.run_id}"


def _where(workspace: Workspace, job: Job) -> str:
    base = workspace.settings.public_url.rstrip("/")
    if job.run_id is None:
        return base or "forge doctor"
    if not base:
        return f"forge runs show {job.run_id}"
    query = urlencode({"run": job.run_id, "workspace": workspace.id})
    return f"{base}/runs?{query}"


def _seconds(job: Job) -> float | None:
    """By the two times that the database wrote."""
    if job.started_at is None or job.finished_at is None:
        return None
    return max(0.0, round((job.finished_at - job.started_at).total_seconds(), 1))


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _log_tail(workspace: Workspace, job: Job) -> str:
    path = workspace.logs_folder / job.log_path
    if not job.log_path or not path.is_file():
        return ""
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - LOG_BYTES))
        lines = log.read().decode("utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:])


def _one_line(text: str) -> str:
    return " ".join(text.split())
