"""The accuracies that a list shows of a run: weighted or marked where they are of no fair sample.

Read from what is kept beside the report, which may be large.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from db.enums import RunStatus, Split
from forge_core.evaluation.report import read_sampled
from forge_core.evaluation.sampling import shown
from forge_core.evaluation.sampling.shown import ShownAccuracy


@dataclass(frozen=True, kw_only=True)
class ListedAccuracy:
    """An accuracy as people are to read it."""

    value: float
    """0 to 1."""
    interval: tuple[float, float] | None
    """At 95 %; None of a run whose best network was not measured image by image."""
    note: str = ""
    """What must be known of it; empty where nothing must."""


class _Listed(Protocol):
    """A run, or what a list has of it."""

    @property
    def run_id(self) -> int: ...
    @property
    def status(self) -> RunStatus: ...
    @property
    def best_val_accuracy(self) -> float | None: ...
    @property
    def accuracies(self) -> Mapping[str, Mapping[str, Any]] | None: ...
    @property
    def val_sample(self) -> Mapping[str, Any] | None: ...


def best_of(run: _Listed) -> ListedAccuracy | None:
    """The validation accuracy of a run's best network; None before its first epoch.

    A run that goes on may have a better network than the one that was measured when it ended last:
    then its epochs' own accuracy is shown.
    """
    measured = of_split(run, Split.VAL)
    best = run.best_val_accuracy
    if measured is not None and (best is None or run.status == RunStatus.SUCCEEDED):
        return measured
    if best is None:
        return None
    if measured is not None and _is_of(run, best):
        return measured
    note = shown.describe_unweighted(**run.val_sample) if run.val_sample else ""
    return ListedAccuracy(value=best, interval=None, note=note)


def rank_of(run: _Listed) -> tuple[float, int]:
    """What a better run has more of, and of equal ones the newer; those without epochs are last."""
    best = best_of(run)
    return (-1.0 if best is None else best.value, run.run_id)


def of_split(run: _Listed, split: Split) -> ListedAccuracy | None:
    """What was measured of a run's best network on a split; None where nothing was."""
    kept = (run.accuracies or {}).get(split)
    if kept is None or kept.get("accuracy") is None:
        return None
    found = _shown(kept)
    note = found.note
    if split == Split.VAL and not note and run.val_sample and not kept.get("sampled"):
        note = shown.describe_unweighted(**run.val_sample)
    return ListedAccuracy(value=found.value, interval=found.interval, note=note)


def _shown(kept: Mapping[str, Any]) -> ShownAccuracy:
    low, high = kept["accuracy_interval"]
    return shown.shown(kept["accuracy"], (low, high), read_sampled(kept.get("sampled")))


def _is_of(run: _Listed, best: float) -> bool:
    """Whether the network that was measured is the one with this accuracy, to half an image."""
    kept = (run.accuracies or {})[Split.VAL]
    return abs(float(kept["accuracy"]) - best) < 0.5 / max(int(kept.get("num_images") or 1), 1)
