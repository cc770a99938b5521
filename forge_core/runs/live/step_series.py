"""What a run tells of its steps: every loss, and the other numbers thinned to points."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from db.run_records import SeriesColumn, SeriesPoint
from db.unit_of_work import UnitOfWork
from forge_core.runs.live.device_use import DeviceUse
from forge_core.training.reporting import StepLosses
from forge_core.workspace import Workspace

STEP_LOSS = "step_loss"
"""Loss of every single step."""
TRAIN_LOSS, LOSS_LOW, LOSS_HIGH = "train_loss", "train_loss_low", "train_loss_high"
"""Mean, lowest and highest loss of the steps of a point."""
EPOCH = "epoch"
"""Epochs that were done at the step, with the part of the running one: 1.5 is within the second."""
IMAGES_PER_SECOND = "images_per_second"
LEARNING_RATE = "learning_rate"
GRADIENT_NORM = "gradient_norm"
PROCESS_BYTES, GPU_BYTES, GPU_SHARE = "process_bytes", "gpu_bytes", "gpu_share"

POINT_SECONDS = 0.5
POINT_SHARE = 0.002
"""Two points lie at least so much of the run's time apart: ten hours are about 3,000 points."""
MAX_UNWRITTEN = 200_000
"""Losses of single steps that are kept while no database takes them; the oldest go first."""


@dataclass(frozen=True, kw_only=True)
class StepPoint:
    """What the steps behind the point before came to. A field is a series, `step` their key."""

    step: int
    """Optimiser steps of the whole run until then."""
    epoch: float
    train_loss: float | None
    """Mean of the steps."""
    train_loss_low: float | None = None
    train_loss_high: float | None = None
    images_per_second: float | None = None
    learning_rate: float | None = None
    """Highest of the parameter groups."""
    gradient_norm: float | None = None
    """The longest that was measured."""
    process_bytes: float | None = None
    gpu_bytes: float | None = None
    gpu_share: float | None = None


POINT_SERIES = (
    *(EPOCH, TRAIN_LOSS, LOSS_LOW, LOSS_HIGH, IMAGES_PER_SECOND, LEARNING_RATE, GRADIENT_NORM),
    *(PROCESS_BYTES, GPU_BYTES, GPU_SHARE),
)


@dataclass
class Unwritten:
    """A part of the series on its way into the database."""

    run_id: int
    remove_after: int | None = None
    """What lies behind this step there is of an attempt that was given up."""
    points: list[StepPoint] = field(default_factory=list)
    losses: list[SeriesPoint] = field(default_factory=list)

    def write(self, uow: UnitOfWork) -> None:
        """Write it; a second time changes nothing."""
        if self.remove_after is not None:
            uow.series.remove_after(self.run_id, self.remove_after)
        named = {
            name: [
                SeriesPoint(point.step, value)
                for point in self.points
                if (value := getattr(point, name)) is not None
            ]
            for name in POINT_SERIES
        }
        uow.series.add(self.run_id, {**named, STEP_LOSS: self.losses})

    def forget_after(self, step: int) -> None:
        """Let go of what lies behind a step."""
        self.points = [point for point in self.points if point.step <= step]
        self.losses = [loss for loss in self.losses if loss.step <= step]
        self.remove_after = step if self.remove_after is None else min(self.remove_after, step)


class StepSeries:
    """Takes in what the training tells, and hands on what the database does not have yet.

    One thread adds, another takes: adding never waits for a database.

    Args:
        run_id: The run.
        measure: Gives the memory and the use of the device, once a point.
        clock: Gives seconds.
    """

    def __init__(
        self,
        run_id: int,
        *,
        measure: Callable[[], DeviceUse],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_id = run_id
        self._measure = measure
        self._clock = clock
        self._began = clock()
        self._point_ended = -math.inf
        self._last: int | None = None
        self._lock = threading.Lock()
        self._unwritten = Unwritten(run_id)
        self._told: list[StepLosses] = []
        self._images_per_second = 0.0

    def add(self, losses: StepLosses, images_per_second: float) -> None:
        """Take in the losses of some steps.

        Where they do not follow those before, the run began anew or was resumed: what lies behind
        is forgotten, in the database too.
        """
        first = (losses.epoch - 1) * losses.steps + losses.first
        if first != self._last:
            self._told = []
        self._told.append(losses)
        self._images_per_second = images_per_second
        now = self._clock()
        is_due = now - self._point_ended >= max(POINT_SECONDS, (now - self._began) * POINT_SHARE)
        with self._lock:
            if first != self._last:
                self._unwritten.forget_after(first)
            self._last = first + losses.last - losses.first
            kept = self._unwritten.losses
            kept += map(SeriesPoint, range(first + 1, self._last + 1), losses.values)
            del kept[:-MAX_UNWRITTEN]
        if is_due:
            self.end_point()

    def end_point(self) -> None:
        """Make a point of the steps since the one before, if there were any."""
        if not self._told or self._last is None:
            return
        point = _make_point(self._last, self._told, self._images_per_second, self._measure())
        self._told = []
        self._point_ended = self._clock()
        with self._lock:
            self._unwritten.points.append(point)

    def take(self) -> Unwritten | None:
        """What is not in the database yet, if anything; it is the taker's now."""
        with self._lock:
            if not self._unwritten.points:
                return None
            taken, self._unwritten = self._unwritten, Unwritten(self._run_id)
            return taken

    def put_back(self, taken: Unwritten) -> None:
        """It could not be written: keep it for the next time."""
        with self._lock:
            behind = self._unwritten
            if behind.remove_after is not None:  # the run began anew meanwhile
                taken.forget_after(behind.remove_after)
            taken.points += behind.points
            taken.losses = [*taken.losses, *behind.losses][-MAX_UNWRITTEN:]
            self._unwritten = taken


RAW_STEPS = 100_000
"""Steps in view up to which every single loss is looked at; the points of more hold their lowest
and highest one."""


def list_columns(
    workspace: Workspace, run_id: int, *, first: int, last: int, columns: int
) -> dict[str, list[SeriesColumn]]:
    """The series of a run from step `first` to `last`, as columns of a chart, by their names.

    The loss is `TRAIN_LOSS`; of an earlier version it is what its points were. Series without a
    point there are left out.
    """
    part: dict[str, int] = {"first": first, "last": last, "columns": columns}
    is_near = last - first < RAW_STEPS
    with workspace.database.read() as uow:
        found = {name: uow.series.list_columns(run_id, name, **part) for name in POINT_SERIES}
        single = uow.series.list_columns(run_id, STEP_LOSS, **part) if is_near else []
    lows = {column.step: column.low for column in found.pop(LOSS_LOW)}
    highs = {column.step: column.high for column in found.pop(LOSS_HIGH)}
    found[TRAIN_LOSS] = single or [
        column._replace(
            low=lows.get(column.step, column.low), high=highs.get(column.step, column.high)
        )
        for column in found[TRAIN_LOSS]
    ]
    return {name: each for name, each in found.items() if each}


def find_end(workspace: Workspace, run_id: int) -> tuple[int, float | None]:
    """The step of a run's last point, and the part of an epoch that a step is; 0 and None if none.

    All epochs of a run have as many steps.
    """
    with workspace.database.read() as uow:
        step = uow.series.find_last_step(run_id, EPOCH) or 0
        ends = uow.series.list_after(run_id, EPOCH, step=step - 1)
    epoch = ends[-1].value if ends else None
    return step, epoch / step if step and epoch else None


def _make_point(
    step: int, told: Sequence[StepLosses], images_per_second: float, use: DeviceUse
) -> StepPoint:
    values = [value for losses in told for value in losses.values]
    last = told[-1]
    norms = [losses.gradient_norm for losses in told if losses.gradient_norm is not None]
    return StepPoint(
        step=step,
        epoch=last.epoch - 1 + last.last / last.steps,
        train_loss=sum(values) / len(values),
        train_loss_low=min(values),
        train_loss_high=max(values),
        images_per_second=images_per_second,
        learning_rate=last.learning_rate,
        gradient_norm=max(norms, default=None),
        process_bytes=use.process_bytes,
        gpu_bytes=use.gpu_bytes,
        gpu_share=use.gpu_share,
    )


def list_points(
    workspace: Workspace, run_id: int, *, after_step: int, limit: int
) -> tuple[list[StepPoint], int]:
    """The next points of a run behind a step, in order, and the step of its last one; 0 if none.

    What an earlier version did not write is None.
    """
    with workspace.database.read() as uow:
        last_step = uow.series.find_last_step(run_id, TRAIN_LOSS) or 0
        if last_step <= after_step:
            return [], last_step
        losses = uow.series.list_after(run_id, TRAIN_LOSS, step=after_step, limit=limit)
        others = {
            name: dict(uow.series.list_after(run_id, name, step=after_step, limit=limit))
            for name in POINT_SERIES
            if name != TRAIN_LOSS
        }
    return [
        StepPoint(
            step=step,
            train_loss=loss,
            **{name: values.get(step) for name, values in others.items()},  # type: ignore[arg-type]
        )
        for step, loss in losses
        if step in others[EPOCH]
    ], last_step
