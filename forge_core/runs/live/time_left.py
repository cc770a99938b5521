"""How long a run will still take, from the epochs that it has done."""

from collections.abc import Sequence

from forge_core.training.inputs import features

RECENT_EPOCHS = 3
FINETUNE_COST = 2.5
"""Backward through all layers too, beside a warm-up epoch that computes features."""


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
            an_epoch = max(done) if name == "warmup" else sum(recent) / len(recent)
        elif is_current and current_fraction > 0.0:
            an_epoch = current_seconds / current_fraction
        elif an_epoch is None:
            return None
        elif name == "finetune":
            an_epoch *= FINETUNE_COST
        total += _warmup_left(epochs, done, an_epoch) if name == "warmup" else an_epoch * remaining
        is_current = is_current and remaining == 0
    return max(0.0, total - current_seconds)


def _warmup_left(epochs: int, done: Sequence[float], pass_seconds: float) -> float:
    """Seconds of the warm-up from the current epoch on.

    Epochs that begin a view send all images through the backbone, the others use its features;
    where those do not fit into memory every epoch is a pass.
    """
    remaining = max(0, epochs - len(done))
    cheap = min(done[1:], default=0.0)
    if cheap > pass_seconds / 2:
        return remaining * pass_seconds
    num_views = min(features.FEATURE_VIEWS, epochs)
    begins = [features.first_epoch_of_view(view, num_views, epochs) for view in range(num_views)]
    passes = sum(begin >= len(done) for begin in begins)
    return passes * pass_seconds + (remaining - passes) * cheap
