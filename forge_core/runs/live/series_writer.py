"""Writes the series of a running run from a thread of its own: the training never waits for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from db.failures import DATABASE_UNAVAILABLE
from forge_core.jobs.context import JobContext, JobLost
from forge_core.runs.live.step_series import StepSeries, Unwritten

WRITE_SECONDS = 1.0
"""Between two transactions."""


class SeriesWriter:
    """Brings a run's series into the database, about once a second.

    Args:
        context: The job of the run.
        series: Of the run.
    """

    def __init__(self, context: JobContext, series: StepSeries) -> None:
        self._context = context
        self._series = series
        self._writing = threading.Lock()
        self._ended = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Write meanwhile, and the rest at the end, however that comes.

        Raises:
            JobLost: The job was ended by somebody else.
        """
        thread = threading.Thread(target=self._run, name="series", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            self._series.end_point()
            self.write()

    def write(self) -> None:
        """Write what there is; a database that does not answer gets it the next time.

        Raises:
            JobLost: The job was ended by somebody else.
        """
        try:
            with self.taken() as taken:
                if taken is not None:
                    self._context.write(taken.write, patience_seconds=0.0)
        except DATABASE_UNAVAILABLE:
            return

    @contextmanager
    def taken(self) -> Iterator[Unwritten | None]:
        """What is to be written; it is kept for the next time where the body raises."""
        with self._writing:
            taken = self._series.take()
            try:
                yield taken
            except BaseException:
                if taken is not None:
                    self._series.put_back(taken)
                raise

    def _run(self) -> None:
        while not self._ended.wait(WRITE_SECONDS):
            try:
                self.write()
            except JobLost:  # the heartbeat finds that out too, and stops the run
                return
