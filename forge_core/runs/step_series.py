"""The training loss within epochs: thinned to points, written as series of a run, read again."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from db.run_records import SeriesPoint
from db.unit_of_work import UnitOfWork
from forge_core.training.reporting import StepLosses
from forge_core.workspace import Workspace

TRAIN_LOSS = "train_loss"
IMAGES_PER_SECOND = "images_per_second"
EPOCH = "epoch"
"""Epochs that were done at the step, with the part of the running one: 1.5 is within the second."""

POINT_SECONDS = 0.5
POINT_SHARE = 0.002
"""Two points lie at least so much of the run's time apart: ten hours are about 3,000 points."""
WRITE_SECONDS = 2.0


@dataclass(frozen=True)
class LossPoint:
    """The mean training loss of the steps behind the point before."""

    step: int
    """Optimiser steps of the whole run until then."""
    epoch: float
    train_loss: float | None
    images_per_second: float | None


class StepSeries:
    """Points of a run that are not in the database yet.

    Args:
        run_id: The run.
        clock: Gives seconds.
    """

    def __init__(self, run_id: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._run_id = run_id
        self._clock = clock
        self._began = clock()
        self._point_ended = self._asked = -math.inf
        self._points: list[LossPoint] = []
        self._last: int | None = None
        self._remove_after: int | None = None
        self._begin_point()

    def add(self, losses: StepLosses, images_per_second: float) -> None:
        """Take in the losses of some steps.

        Where they do not follow those before, the run began anew or was resumed: what lies behind
        is forgotten, in the database too.
        """
        before = (losses.epoch - 1) * losses.steps
        first, last = before + losses.first, before + losses.last
        if first != self._last:
            self._points = [point for point in self._points if point.step <= first]
            self._remove_after = first
            self._begin_point()
        self._last = last
        self._loss_sum += losses.mean * (last - first)
        self._num_steps += last - first
        self._epoch = losses.epoch - 1 + losses.last / losses.steps
        self._images_per_second = images_per_second
        now = self._clock()
        if now - self._point_ended >= max(POINT_SECONDS, (now - self._began) * POINT_SHARE):
            self.end_point()

    def end_point(self) -> None:
        """Make a point of the steps since the one before, if there were any."""
        if self._num_steps and self._last is not None:
            mean = self._loss_sum / self._num_steps
            self._points.append(LossPoint(self._last, self._epoch, mean, self._images_per_second))
            self._point_ended = self._clock()
        self._begin_point()

    @property
    def has_news(self) -> bool:
        """Whether there is something to write."""
        return bool(self._points)

    def is_due(self) -> bool:
        """Whether there is something to write, and the last time is long enough ago."""
        return self.has_news and self._clock() - self._asked >= WRITE_SECONDS

    def write(self, uow: UnitOfWork) -> None:
        """Write the points; `forget_written` follows when the transaction is through."""
        if self._remove_after is not None:
            uow.series.remove_after(self._run_id, self._remove_after)
        named = {
            TRAIN_LOSS: [SeriesPoint(point.step, point.train_loss) for point in self._points],
            EPOCH: [SeriesPoint(point.step, point.epoch) for point in self._points],
            IMAGES_PER_SECOND: [
                SeriesPoint(point.step, point.images_per_second) for point in self._points
            ],
        }
        uow.series.add(self._run_id, named)

    def forget_written(self) -> None:
        """The points are in the database."""
        self._points = []
        self._remove_after = None
        self.postpone()

    def postpone(self) -> None:
        """Be due a while from now."""
        self._asked = self._clock()

    def _begin_point(self) -> None:
        self._loss_sum = 0.0
        self._num_steps = 0
        self._epoch = 0.0
        self._images_per_second = 0.0


def list_points(
    workspace: Workspace, run_id: int, *, after_step: int, limit: int
) -> tuple[list[LossPoint], int]:
    """The next points of a run behind a step, in order, and the step of its last one; 0 if none."""
    with workspace.database.read() as uow:
        last_step = uow.series.find_last_step(run_id, TRAIN_LOSS) or 0
        if last_step <= after_step:
            return [], last_step
        losses, epochs, rates = (
            uow.series.list_after(run_id, name, step=after_step, limit=limit)
            for name in (TRAIN_LOSS, EPOCH, IMAGES_PER_SECOND)
        )
    epoch_of, rate_of = dict(epochs), dict(rates)
    return [
        LossPoint(step, epoch, loss, rate_of.get(step))
        for step, loss in losses
        if (epoch := epoch_of.get(step)) is not None
    ], last_step
