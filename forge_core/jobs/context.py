"""What a handler is given: its job, a place for progress, and whether it shall stop."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from db.clock import utc_now
from db.enums import JobStatus
from db.failures import DATABASE_UNAVAILABLE
from db.records import Job
from forge_core.workspace import Workspace

HEARTBEAT_SECONDS = 2.0
PROGRESS_SECONDS = 0.5
PATIENCE_SECONDS = 300.0
_log = logging.getLogger("forge.worker")
ResultT = TypeVar("ResultT")


class JobStopped(Exception):
    """Raised by a handler that ended early because `should_stop` said so."""


class JobLost(Exception):
    """The row says that this job is over: whatever this process knows must not be written."""


class JobContext:
    """One running job, as its handler sees it.

    Args:
        workspace: The workspace.
        job: The job as it was when this process began.
        device: What this process calls the device of its slot; empty where it may choose.
    """

    def __init__(self, workspace: Workspace, job: Job, *, device: str = "") -> None:
        self.workspace = workspace
        self.job = job
        self.device = device
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._progress: dict[str, Any] = {}
        self._is_new = False
        self._beat_thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def should_stop(self) -> bool:
        """True when the job shall end soon: cancelled, told by a signal, or lost."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise `JobStopped` when the job shall end."""
        if self.should_stop():
            raise JobStopped

    def ask_to_stop(self) -> None:
        """Make `should_stop` true; safe in a signal handler."""
        self._stop.set()

    def set_progress(self, **values: Any) -> None:
        """Say how far the job is; written a moment later, at most twice a second.

        Args:
            values: JSON values; `fraction` (0 to 1), `message` and `eta_seconds` are shown for
                every kind of job, others belong to the kind.
        """
        with self._lock:
            self._progress = {**self._progress, **values}
            self._is_new = True

    def stopwatch(self) -> "Stopwatch":
        """Tells the progress of work that begins now, with the time left at its pace."""
        return Stopwatch(self)

    def log(self, text: str) -> None:
        """Write a line to the job's log."""
        _log.info("job %d %s", self.job.job_id, text)

    def write(self, work: Callable[[Any], ResultT]) -> ResultT:
        """Do some writing in one transaction, but only while the job is still ours.

        A database that does not answer is asked again for five minutes.

        Args:
            work: Gets the unit of work.

        Raises:
            JobLost: The job was ended by somebody else.
        """

        def guarded() -> ResultT:
            with self.workspace.database.write() as uow:
                if not uow.jobs.update_if(
                    self.job.job_id, (JobStatus.RUNNING,), heartbeat_at=utc_now()
                ):
                    raise JobLost
                return work(uow)

        return patiently(guarded)

    # The heartbeat

    def begin(self) -> None:
        """Start the heartbeat."""
        self._beat_thread.start()

    def end(self) -> None:
        """Stop the heartbeat and write the last progress, so that the row ends complete."""
        self._done.set()
        if self._beat_thread.is_alive():
            self._beat_thread.join()
        if not self._lost.is_set():
            self._write_beat(self._take_progress())

    @property
    def is_lost(self) -> bool:
        """Whether somebody else ended this job."""
        return self._lost.is_set()

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._done.wait(PROGRESS_SECONDS):
            if not self.workspace.folder.is_dir():  # removed under us: nobody wants the result
                _log.warning("job %d: the workspace is gone", self.job.job_id)
                self._lost.set()
                self._stop.set()
                return
            progress = self._take_progress()
            if progress is None and time.monotonic() - last < HEARTBEAT_SECONDS:
                continue
            try:
                self._write_beat(progress)
            except DATABASE_UNAVAILABLE as error:
                _log.warning("job %d heartbeat: %s", self.job.job_id, error)
                continue
            last = time.monotonic()
            if self._lost.is_set():
                return

    def _take_progress(self) -> Mapping[str, Any] | None:
        with self._lock:
            if not self._is_new:
                return None
            self._is_new = False
            return dict(self._progress)

    def _write_beat(self, progress: Mapping[str, Any] | None) -> None:
        values = {} if progress is None else {"progress": progress}
        with self.workspace.database.write() as uow:
            is_ours = uow.jobs.update_if(
                self.job.job_id, (JobStatus.RUNNING,), heartbeat_at=utc_now(), **values
            )
            job = uow.jobs.find(self.job.job_id)
        if not is_ours:
            _log.warning("job %d was ended by somebody else", self.job.job_id)
            self._lost.set()
            self._stop.set()
        elif job is not None and job.cancel_requested:
            self._stop.set()


class Stopwatch:
    """Progress of one piece of work; see `JobContext.stopwatch`."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._began = time.monotonic()

    def tell(self, done: float, total: float, message: str, /, **values: Any) -> None:
        """Say that `done` of `total`, both above 0, are done; more values as in `set_progress`."""
        elapsed = time.monotonic() - self._began
        self._context.set_progress(
            fraction=done / total,
            message=message,
            eta_seconds=round(elapsed / done * (total - done), 1),
            **values,
        )

    def tell_count(self, done: int, total: int, message: str, /, **values: Any) -> None:
        """`tell` of things that are counted, with their rate."""
        elapsed = max(time.monotonic() - self._began, 1e-6)
        rate = round(done / elapsed, 1)
        self.tell(done, total, message, done=done, total=total, images_per_second=rate, **values)


def patiently(work: Callable[[], ResultT], *, seconds: float = PATIENCE_SECONDS) -> ResultT:
    """What `work` returns; while the database does not answer it is done again for `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except DATABASE_UNAVAILABLE as error:
            if time.monotonic() > deadline:
                raise
            _log.warning("the database does not answer, trying again: %s", error)
            time.sleep(1.0)
