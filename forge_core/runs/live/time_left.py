"""How long a run will still take: a range, and what it is known from.

Measured are the last steps, and the epochs that are done. What was not measured yet, such as the
first epoch of a later stage, widens the range; before enough steps there is none.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from forge_core.training.config import EXTENSION
from forge_core.training.inputs import features

RECENT_EPOCHS = 3
RECENT_STEPS = 200
FIRST_STEPS = 3
"""Not measured: they wait for files, memory and compilers."""
ENOUGH_STEPS, ENOUGH_SECONDS = 10, 5.0
FINETUNE_COST = (2.0, 4.0)
"""An epoch that trains all layers, over a pass of the images through the frozen backbone."""
FIRST_EPOCH_COST = 3.0
"""The first epoch of a run, which also decodes the images, over a later one: up to so much."""
WITH_VALIDATION = 1.15
"""An epoch over its training, where no epoch says."""
NARROWEST = 0.1
"""Share by which nothing is known better."""
BUSY = 1.5
"""Processes that want to run, over the processors: from here on others take part of the time."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """How long it will take."""

    low_seconds: float
    high_seconds: float
    why: str
    """What that is known from, and what makes it uncertain."""

    @property
    def middle_seconds(self) -> float:
        """One number, where there is no room for two."""
        return (self.low_seconds + self.high_seconds) / 2


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast the last steps were."""

    fast: float
    """Seconds a step of the faster ones."""
    slow: float
    """Seconds a step of the slower ones."""
    num_steps: int


@dataclass(frozen=True, kw_only=True)
class EpochSoFar:
    """The epoch that is running."""

    stage: str
    step: int
    steps: int
    pace: Pace | None
    """None while too few steps were measured."""
    is_preparing: bool = False
    """Its features are computed first; after that its steps are far faster."""


class StepClock:
    """Measures the steps of the epoch that is running.

    Args:
        clock: Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: tuple[object, ...] = ()
        self._seen: deque[tuple[float, int]] = deque()

    def tell(self, *part: object, step: int) -> Pace | None:
        """So many steps are done of a part of the run; the pace of its last ones, if it is known.

        Args:
            part: Names what is counted, such as stage and epoch: another one begins anew.
            step: Steps done of it.
        """
        if part != self._began:
            self._began = part
            self._seen.clear()
        if step > FIRST_STEPS:
            self._seen.append((self._clock(), step))
        while len(self._seen) > 2 and step - self._seen[1][1] >= RECENT_STEPS:
            self._seen.popleft()
        return measure_pace(list(self._seen))


def measure_pace(seen: Sequence[tuple[float, int]]) -> Pace | None:
    """The pace between moments (seconds, steps done until then); None where they are too few."""
    if len(seen) < 2:
        return None
    (began, first), (ended, last) = seen[0], seen[-1]
    if last - first < ENOUGH_STEPS or ended - began < ENOUGH_SECONDS:
        return None
    paces: list[float] = []  # one a step, those between two moments alike
    for (before, done), (now, more) in pairwise(seen):
        paces += [(now - before) / (more - done)] * (more - done) if more > done else []
    paces.sort()
    mean = (ended - began) / (last - first)
    return Pace(
        fast=min(mean * (1 - NARROWEST), paces[len(paces) // 4]),
        slow=max(mean * (1 + NARROWEST), paces[len(paces) * 3 // 4]),
        num_steps=last - first,
    )


def is_machine_busy() -> bool:
    """Whether more wants to run here than there are processors, by far."""
    return os.getloadavg()[0] > BUSY * (os.cpu_count() or 1)


def look_ahead(
    plan: Sequence[tuple[str, int]],
    durations: Sequence[tuple[str, float]],
    current: EpochSoFar | None,
    *,
    is_busy: bool = False,
) -> Outlook | None:
    """How long a run will take from now on; None while that is being measured.

    Args:
        plan: Stages in order with their epochs.
        durations: Stage and seconds of each finished epoch, in order.
        current: The epoch that is running, if any.
        is_busy: Other work takes part of the machine.
    """
    low = high = 0.0
    reasons: list[str] = []
    epoch: tuple[float, float] | None = None  # fewest and most seconds of one of the stage
    is_current = True
    for name, epochs in plan:
        done = [seconds for stage, seconds in durations if stage == name]
        slowest = max(done, default=0.0)
        if len(done) >= epochs:
            epoch = (slowest, slowest) if done else epoch
            continue
        here = current if is_current and current and current.stage == name else None
        pace = here.pace if here else None
        if done:
            recent = done[-RECENT_EPOCHS:]
            # Of a warm-up the slowest was a pass of the images, which later ones may be too.
            epoch = (slowest, slowest) if name == "warmup" else (min(recent), max(recent))
            reasons.append(f"from the last {len(recent)} epochs" if recent[1:] else "from an epoch")
        elif here is not None and pace is not None:
            steps = here.steps / 2 if here.is_preparing else here.steps
            epoch = (pace.fast * steps, pace.slow * here.steps * WITH_VALIDATION)
            reasons.append(f"from the last {pace.num_steps} steps")
            if not durations:
                epoch = (epoch[0] / FIRST_EPOCH_COST, epoch[1])
                reasons.append("the first epoch also reads the images")
        elif epoch is not None and name.startswith(EXTENSION) and here is None:
            pass  # as long as those of the stage that it extends
        elif epoch is not None and name == "finetune" and here is None:
            epoch = (epoch[0] * FINETUNE_COST[0], epoch[1] * FINETUNE_COST[1])
            reasons.append("fine-tuning is not measured yet")
        else:
            return None
        of_epochs = [_list_epochs(name, epochs, done, each) for each in epoch]
        if here is not None:
            for each, seconds in zip(of_epochs, _rest_of(here), strict=True):
                each[0] = (
                    each[0] * (1 - here.step / max(1, here.steps)) if seconds is None else seconds
                )
        low += sum(of_epochs[0])
        high += sum(of_epochs[1])
        is_current = False
    if is_busy:
        reasons.append("other work on this machine slows it")
    middle = (low + high) / 2
    return Outlook(
        low_seconds=min(low, middle * (1 - NARROWEST)),
        high_seconds=max(high, middle * (1 + NARROWEST)),
        why="; ".join(reasons),
    )


def _rest_of(here: EpochSoFar) -> tuple[float | None, float | None]:
    """Fewest and most seconds of the steps that the running epoch still has; None if not known."""
    if here.pace is None:
        return None, None
    fewest = here.steps / 2 if here.is_preparing else here.steps
    return (
        here.pace.fast * max(0.0, fewest - here.step),
        here.pace.slow * max(0.0, here.steps - here.step),
    )


def _list_epochs(name: str, epochs: int, done: Sequence[float], each_seconds: float) -> list[float]:
    """Seconds of the epochs of a stage that are still to be done, the running one first.

    Epochs of a warm-up that begin a view send all images through the backbone, the others use its
    features; where those do not fit into memory every epoch is such a pass.
    """
    places = range(len(done), epochs)
    if name != "warmup":
        return [each_seconds for _ in places]
    cheap = min(done[1:], default=0.0)
    if cheap > each_seconds / 2:
        return [each_seconds for _ in places]
    num_views = min(features.FEATURE_VIEWS, epochs)
    begins = [features.first_epoch_of_view(view, num_views, epochs) for view in range(num_views)]
    return [each_seconds if place in begins else cheap for place in places]
