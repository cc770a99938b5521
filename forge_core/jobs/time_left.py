"""How long a run will still take, from the epochs that it has done."""

from collections.abc import Sequence

RECENT_EPOCHS = 3
FINETUNE_COST = 3.0
"""Backward through all layers costs about twice the forward that a warm-up epoch does alone."""


def seconds_left(
    plan: Sequence[tuple[str, int]],
    durations: Sequence[tuple[str, float]],
    *,
    current_seconds: float,
    current_fraction: float,
) -> float | None:
    """Seconds to the end of a run; None while nothing is known.

    Args:
        plan: Stages in order with their epochs.
        durations: Stage and seconds of each finished epoch, in order.
        current_seconds: Since the current epoch began.
        current_fraction: How much of it is done, 0 to 1.
    """
    by_stage: dict[str, list[float]] = {}
    for name, seconds in durations:
        by_stage.setdefault(name, []).append(seconds)
    total = 0.0
    an_epoch: float | None = None
    is_current = True
    for name, epochs in plan:
        done = by_stage.get(name, [])
        remaining = max(0, epochs - len(done))
        if done:
            recent = done[-RECENT_EPOCHS:]
            an_epoch = sum(recent) / len(recent)
        elif is_current and current_fraction > 0.0:
            an_epoch = current_seconds / current_fraction
        elif an_epoch is None:
            return None
        elif name == "finetune":
            an_epoch *= FINETUNE_COST
        total += an_epoch * remaining
        is_current = is_current and remaining == 0
    return max(0.0, total - current_seconds)
