"""What the training loop tells whoever started it; the loop never knows who listens."""

import time
from typing import Protocol

from db.records import EpochMetrics
from forge_core.progress import Cancelled

PROGRESS_SECONDS = 0.25
"""Shortest time between two reports of progress within an epoch."""


class Reporter(Protocol):
    """Listens to a run. Called from the training thread, so each method must be quick."""

    def on_message(self, text: str) -> None:
        """A sentence for the log: what was found, chosen or left out."""

    def on_progress(
        self, stage: str, epoch: int, step: int, steps: int, images_per_second: float
    ) -> None:
        """Where the run is, at most a few times a second.

        Args:
            stage: Name of the stage, or `pack` while images are decoded.
            epoch: Number of the epoch from 1; 0 while images are decoded.
            step: Steps done of this epoch.
            steps: Steps of this epoch.
            images_per_second: Mean rate since the epoch began.
        """

    def on_epoch(self, metrics: EpochMetrics) -> None:
        """An epoch is finished, and its checkpoint and resume state are on disk.

        A resumed run tells its last finished epoch again, in case that the process died between
        writing and telling: keep one entry an epoch.
        """

    def should_stop(self) -> bool:
        """True when the run shall end now; asked before every step."""
        ...


class ProgressMeter:
    """Counts steps for a reporter, and asks it before each one whether to go on."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.begin("", 0, 0)

    def begin(self, stage: str, epoch: int, steps: int, *, done: int = 0) -> None:
        """Start to count the `steps` of an epoch, of which `done` were done before."""
        self._stage, self._epoch, self._steps = stage, epoch, steps
        self._step = done
        self._num_images = 0
        self._began = time.perf_counter()
        self._last_report = -PROGRESS_SECONDS

    def tell(self, text: str) -> None:
        """Say a sentence for the log."""
        self._reporter.on_message(text)

    def check(self) -> None:
        """Raise `Cancelled` when the run shall end."""
        if self._reporter.should_stop():
            raise Cancelled

    def advance(self, num_images: int) -> None:
        """Count a step of so many images, and raise `Cancelled` when the run shall end."""
        self._step += 1
        self._num_images += num_images
        now = time.perf_counter() - self._began
        is_due = now - self._last_report >= PROGRESS_SECONDS or self._step == self._steps
        if is_due:
            self._report(now)
        if self._reporter.should_stop():
            if not is_due:
                self._report(now)  # whoever stopped it reads where it stands
            raise Cancelled

    def _report(self, now: float) -> None:
        self._last_report = now
        rate = self._num_images / max(now, 1e-9)
        self._reporter.on_progress(self._stage, self._epoch, self._step, self._steps, rate)
