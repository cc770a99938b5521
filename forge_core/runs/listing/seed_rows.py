"""Runs that differ in their seed alone as one row of the list, with their mean and its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from db.enums import RunOrder, RunStatus, Split
from db.run_records import RunRow
from forge_core.evaluation.seeds.spread import Spread
from forge_core.runs.listing import shown_accuracies

_FIRST = (
    RunStatus.RUNNING,
    RunStatus.QUEUED,
    RunStatus.FAILED,
    RunStatus.INTERRUPTED,
    RunStatus.CANCELLED,
)
"""What the state of a group is: the first of these that one of its runs is in, else finished."""


def gather(rows: Sequence[RunRow], order: RunOrder = RunOrder.NEWEST) -> list[RunRow]:
    """The rows with each group as one, which has its runs as `members`.

    It stands where the first of them does; in the order of accuracy, where its mean does.
    """
    groups: dict[int, list[RunRow]] = {}
    for row in rows:
        if row.seed_group is not None:
            groups.setdefault(row.seed_group, []).append(row)
    found = []
    for row in rows:
        members = groups.get(row.seed_group, []) if row.seed_group is not None else []
        if len(members) < 2:
            found.append(row)
        elif members[0] is row:
            found.append(join(sorted(members, key=lambda member: member.run_id)))
    if order == RunOrder.BEST:
        found.sort(key=_best, reverse=True)
    return found


def _best(row: RunRow) -> float:
    best = shown_accuracies.best_of(row)
    return -1.0 if best is None else best.value


def join(members: Sequence[RunRow]) -> RunRow:
    """Two runs or more of a group, oldest first, as one row."""
    states = [member.status for member in members]
    status = next((state for state in _FIRST if state in states), RunStatus.SUCCEEDED)
    started = [member.started_at for member in members if member.started_at]
    ended = [member.finished_at for member in members if member.finished_at]
    best = [member.best_val_accuracy for member in members if member.best_val_accuracy is not None]
    return replace(
        members[0],
        status=status,
        is_paused=status == RunStatus.INTERRUPTED
        and all(each.is_paused for each in members if each.status == status),
        best_val_accuracy=fmean(best) if best else None,
        accuracies=_mean_accuracies(members),
        is_starred=all(member.is_starred for member in members),
        tags=tuple(sorted({tag for member in members for tag in member.tags}, key=str.casefold)),
        curve=_mean_curve([member.curve for member in members if member.curve]),
        started_at=min(started, default=None),
        finished_at=max(ended, default=None) if status.is_finished() else None,
        members=tuple(members),
    )


def _mean_accuracies(members: Sequence[RunRow]) -> Mapping[str, Mapping[str, Any]]:
    """Of each split that all were measured on: the mean, with Student's interval over seeds.

    Not of one whose images are no fair sample: what must be said of each cannot be said of a mean.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for split in (Split.VAL, Split.TEST):
        of_all = [shown_accuracies.of_split(member, split) for member in members]
        values = [each.value for each in of_all if each is not None]
        if len(values) == len(members) and not any(each.note for each in of_all if each):
            spread = Spread(values=tuple(values))
            found[split] = {"accuracy": spread.mean, "accuracy_interval": spread.interval}
    return found


def _mean_curve(curves: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Of the epochs that all have reached."""
    return tuple(fmean(values) for values in zip(*curves, strict=False))
