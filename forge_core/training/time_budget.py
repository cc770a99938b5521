"""Keeping a run within its time budget.

The epochs that fit are decided after the first epoch of a stage, and once more after the second,
since the first decodes files and compiles what later ones find ready. Both from the history alone:
a resumed run decides the same. The stage gets that many epochs, so its learning rate falls to its
end by then; the first epoch was trained at the rates of the longer plan.
"""

from collections.abc import Sequence

from db.records import EpochMetrics
from forge_core.training.stages import Stage

EARLIER_SHARE = 0.5
"""Share of the budget after which a stage makes room for the last one."""


def plan_within(
    plan: Sequence[Stage], history: Sequence[EpochMetrics], budget_seconds: float
) -> list[Stage]:
    """The plan with the epochs that fit; unchanged without a budget.

    Args:
        plan: Of the config.
        history: Finished epochs in order.
        budget_seconds: For all epochs together; 0 has no limit.
    """
    if not budget_seconds:
        return list(plan)
    fitted = []
    spent = 0.0
    for stage in plan:
        seconds = [entry.duration_seconds for entry in history if entry.stage == stage.name]
        is_last = stage is plan[-1]
        limit = budget_seconds * (1.0 if is_last else EARLIER_SHARE)
        fitted.append(_stage_within(stage, seconds, limit - spent))
        spent += sum(seconds)
    return fitted


def is_spent(history: Sequence[EpochMetrics], stage: Stage, budget_seconds: float) -> bool:
    """Whether another epoch of a stage, as long as its last one, would exceed the budget.

    The first epoch of a stage is always allowed: a stage that was planned is tried.
    """
    seconds = [entry.duration_seconds for entry in history if entry.stage == stage.name]
    if not budget_seconds or not seconds:
        return False
    return sum(entry.duration_seconds for entry in history) + seconds[-1] > budget_seconds


def _stage_within(stage: Stage, seconds: Sequence[float], room_seconds: float) -> Stage:
    if not seconds:
        return stage
    if stage.schedule == "constant":  # no end that the rate must reach: decide as it goes
        is_over = sum(seconds) >= room_seconds
        epochs = len(seconds) if is_over else stage.epochs
    else:
        told = seconds[:2]
        more = int(max(0.0, room_seconds - sum(told)) / max(told[-1], 1e-9))
        epochs = len(told) + more
    return stage if epochs >= stage.epochs else stage.of_epochs(epochs)
