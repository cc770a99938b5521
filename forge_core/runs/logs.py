"""What the jobs of a run have written."""

from collections import deque
from pathlib import Path

from forge_core.jobs import kinds
from forge_core.runs import records
from forge_core.workspace import Workspace

LOG_TAIL_BYTES = 256 * 1024


def log_tail(workspace: Workspace, run_id: int, lines: int = 200) -> str:
    """The last lines of the run's log, those before a resumption included.

    Raises:
        NotFound: There is no such run.
    """
    records.get_run(workspace, run_id)
    kept: deque[str] = deque(maxlen=max(1, lines))
    for path in log_paths(workspace, run_id):
        kept.extend(_read_tail(path).splitlines())
    return "\n".join(kept)


def log_paths(workspace: Workspace, run_id: int) -> list[Path]:
    """Logs of the run's training jobs, oldest first."""
    with workspace.database.read() as uow:
        jobs = uow.jobs.list_of_run(run_id)
    names = [job.log_path for job in jobs if job.kind == kinds.TRAIN.name and job.log_path]
    return [path for name in names if (path := workspace.logs_folder / name).exists()]


def _read_tail(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LOG_TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace")
