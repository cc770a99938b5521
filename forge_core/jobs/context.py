"""What a handler is given: its job, a place for progress, and whether it shall end."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from db.boxes import JobProgress
from db.clock import utc_now
from db.enums import JobStatus
from db.failures import DATABASE_UNAVAILABLE
from db.records import Job
from forge_core import storable_values
from forge_core.progress import Advance, Progress
from forge_core.workspace import Workspace

HEARTBEAT_SECONDS = 2.0
PROGRESS_SECONDS = 0.5
PATIENCE_SECONDS = 300.0
_log = logging.getLogger("forge.worker")
ResultT = TypeVar("ResultT")


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
        self._progress = JobProgress()
        self._is_new = False
        self._beat_thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def should_stop(self) -> bool:
        """True when the job shall end soon: cancelled, told by a signal, or lost."""
        return self._stop.is_set()

    def ask_to_stop(self) -> None:
        """Make `should_stop` true; safe in a signal handler."""
        self._stop.set()

    def progress(self, *, counts_images: bool = True) -> Progress:
        """Of work that begins now: it is told in the job's row, and ends when the job shall.

        Args:
            counts_images: The parts of the work are images, which are told with their rate;
                otherwise only the share that is done, the words and the time left.
        """

        def tell(advance: Advance) -> None:
            left = advance.seconds_left
            values: dict[str, Any] = {
                "fraction": advance.fraction,
                "message": advance.message,
                "eta_seconds": None if left is None else round(left, 1),
            }
            if counts_images:
                values |= {"done": advance.done, "total": advance.total}
                values["images_per_second"] = round(advance.per_second, 1)
            if advance.resume_after:
                values["after"] = advance.resume_after
            self.set_progress(**values)

        return Progress(tell, should_stop=self.should_stop)

    def set_progress(self, **values: Any) -> None:
        """Say how far the job is; written a moment later, at most twice a second.

        Args:
            values: Fields of `JobProgress`; what is not given stays as it was told last.
        """
        with self._lock:
            self._progress = replace(self._progress, **values)
            self._is_new = True

    def log(self, text: str) -> None:
        """Write a line to the job's log."""
        _log.info("job %d %s", self.job.job_id, text)

    def write(
        self, work: Callable[[Any], ResultT], *, patience_seconds: float = PATIENCE_SECONDS
    ) -> ResultT:
        """Do some writing in one transaction, but only while the job is still ours.

        Args:
            work: Gets the unit of work.
            patience_seconds: So long a database that does not answer is asked again.

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

        return retry_while_unavailable(guarded, seconds=patience_seconds)

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

    def _take_progress(self) -> JobProgress | None:
        with self._lock:
            if not self._is_new:
                return None
            self._is_new = False
            return self._progress

    def _write_beat(self, progress: JobProgress | None) -> None:
        values = {} if progress is None else {"progress": storable_values.readable(progress)}
        with self.workspace.database.write() as uow:
            is_ours = uow.jobs.update_if(
                self.job.job_id, (JobStatus.RUNNING,), heartbeat_at=utc_now(), **values
            )
            job = uow.jobs.find(self.job.job_id)
        if not is_ours:
            _log.warning("job %d was ended by somebody else", self.job.job_id)
            self._lost.set()
            self._stop.set()
        elif job is not None and job.is_ending():
            self._stop.set()


def retry_while_unavailable(
    work: Callable[[], ResultT], *, seconds: float = PATIENCE_SECONDS
) -> ResultT:
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
