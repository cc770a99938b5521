"""What the training loop tells whoever started it; the loop never knows who listens."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from db.records import EpochMetrics
from forge_core.progress import Cancelled

PROGRESS_SECONDS = 0.25
"""Shortest time between two reports of progress within an epoch."""


@dataclass(frozen=True, kw_only=True)
class StepLosses:
    """What neighbouring training steps of one epoch came to."""

    epoch: int
    """From 1."""
    first: int
    """Steps of the epoch before them."""
    last: int
    """Steps of the epoch with them."""
    steps: int
    """Training steps of the whole epoch."""
    values: tuple[float, ...]
    """Loss of each of them, in order: `last` - `first` numbers."""
    learning_rate: float | None = None
    """Of the last one; the highest of the parameter groups."""
    gradient_norm: float | None = None
    """The longest gradient over all weights, before clipping, of those that were measured; None
    where none was, or none was finite."""

    @property
    def mean(self) -> float:
        """Of their losses."""
        return sum(self.values) / len(self.values)


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

    def on_losses(self, losses: StepLosses) -> None:
        """The training loss since it was told last, right after `on_progress`.

        On a GPU this lags behind it, by up to 25 steps or a second. All steps of an epoch are told
        by its end. A run that begins anew or is resumed tells from the step on where it begins.
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
        self._losses: list[float] = []
        self._norms: list[float] = []
        self._learning_rate: float | None = None
        self._num_training_steps = (0, 0)

    def tell(self, text: str) -> None:
        """Say a sentence for the log."""
        self._reporter.on_message(text)

    def check(self) -> None:
        """Raise `Cancelled` when the run shall end."""
        if self._reporter.should_stop():
            raise Cancelled

    def add_losses(
        self,
        losses: Sequence[float],
        *,
        done: int,
        steps: int,
        learning_rate: float | None = None,
        norms: Sequence[float] = (),
    ) -> None:
        """Keep losses for the next report.

        Args:
            losses: Of the steps behind those that were given before.
            done: Training steps of the epoch that are done with them.
            steps: Training steps of the epoch.
            learning_rate: Of the last of them.
            norms: Lengths of the gradients of some of them; of float16 some may not be finite.
        """
        self._losses.extend(losses)
        self._norms.extend(norm for norm in norms if math.isfinite(norm))
        self._learning_rate = learning_rate
        self._num_training_steps = (done, steps)

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
        if self._losses:
            done, steps = self._num_training_steps
            losses = StepLosses(
                epoch=self._epoch,
                first=done - len(self._losses),
                last=done,
                steps=steps,
                values=tuple(self._losses),
                learning_rate=self._learning_rate,
                gradient_norm=max(self._norms, default=None),
            )
            self._losses, self._norms = [], []
            self._reporter.on_losses(losses)
