"""What the jobs of a run have written."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.records import Run
from forge_core import run_store
from forge_core.jobs import kinds
from forge_core.jobs.clusters import cluster
from forge_core.runs import records
from forge_core.runs.files import folders
from forge_core.workspace import Workspace

LOG_TAIL_BYTES = 256 * 1024


def log_tail(workspace: Workspace, run_id: int, lines: int = 200) -> str:
    """The last lines of the run's log, those before a resumption included.

    Raises:
        NotFound: There is no such run.
    """
    run = records.get_run(workspace, run_id)
    kept: deque[str] = deque(maxlen=max(1, lines))
    for name in _log_names(workspace, run_id):
        path = workspace.logs_folder / name
        text = _read_tail(path) if path.exists() else _read_published(workspace, run, name)
        kept.extend(text.splitlines())
    return "\n".join(kept)


@dataclass(frozen=True)
class FoundLines:
    """Lines of a log that hold some words."""

    lines: tuple[str, ...]
    """The last of them, each after its number in the log."""
    num_found: int
    num_lines: int
    """Of the whole log."""


def find_lines(workspace: Workspace, run_id: int, words: str, *, limit: int = 200) -> FoundLines:
    """Lines of the run's whole log that hold these words as they stand, in upper or lower case.

    Raises:
        NotFound: There is no such run.
    """
    run = records.get_run(workspace, run_id)
    wanted = words.strip().lower()
    kept: deque[str] = deque(maxlen=max(1, limit))
    num_found = num_lines = 0
    for name in _log_names(workspace, run_id):
        for line in _read_lines(workspace, run, name):
            num_lines += 1
            if wanted in line.lower():
                num_found += 1
                kept.append(f"{num_lines:>6}  {line}")
    return FoundLines(tuple(kept), num_found, num_lines)


def _read_lines(workspace: Workspace, run: Run, log_name: str) -> Iterator[str]:
    path = workspace.logs_folder / log_name
    if not path.exists():
        yield from _read_published(workspace, run, log_name).splitlines()
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line.rstrip("\n")


def log_paths(workspace: Workspace, run_id: int) -> list[Path]:
    """Logs of the run's training jobs that are on this machine, oldest first."""
    paths = [workspace.logs_folder / name for name in _log_names(workspace, run_id)]
    return [path for path in paths if path.exists()]


def slurm_folders(workspace: Workspace, run_id: int) -> list[Path]:
    """What Slurm left of the run's jobs, where no supervisor saw their end, oldest first."""
    with workspace.database.read() as uow:
        jobs = uow.jobs.list_of_run(run_id)
    found = [cluster.slurm_folder(workspace, job.job_id) for job in jobs]
    return [folder for folder in found if folder.is_dir()]


def _log_names(workspace: Workspace, run_id: int) -> list[str]:
    with workspace.database.read() as uow:
        jobs = uow.jobs.list_of_run(run_id)
    return [job.log_path for job in jobs if job.kind == kinds.TRAIN.name and job.log_path]


def _read_published(workspace: Workspace, run: Run, log_name: str) -> str:
    """What a job on another machine has put beside the run's files; empty while it has not."""
    if workspace.runs.local_root() is not None:
        return ""
    name = folders.find(workspace, run)
    key = run_store.log_key(name or "", log_name)
    if name is None or not workspace.runs.exists(key):
        return ""
    return workspace.runs.files.read(key)[-LOG_TAIL_BYTES:].decode("utf-8", errors="replace")


def _read_tail(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LOG_TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace")
