"""What a run needs to go on after its last full epoch, kept beside its checkpoints.

Random state is not in it: order, augmentation and dropout are pure functions of the seed and
the epoch, so the weights, the optimiser and the bookkeeping are enough.
"""

import os
import pickle
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from forge_core.errors import InvalidInput, TrainingFailed
from forge_core.evaluation.metrics import EvaluationReport
from forge_core.training.config import TrainConfig
from forge_core.training.data import ImageSet
from forge_core.training.reporting import EpochMetrics

SCHEMA = 1
STATE_FILE = "state.pt"


@dataclass(kw_only=True)
class Progression:
    """How far a run has come, apart from its weights."""

    history: list[EpochMetrics] = field(default_factory=list)
    """Metrics of all finished epochs, in order."""
    best_epoch: int = 0
    """Epoch with the best validation accuracy, from 1; 0 before the first."""
    best_report: EvaluationReport | None = None
    """Validation metrics of that epoch."""

    @property
    def epochs_done(self) -> int:
        """Finished epochs of the run."""
        return len(self.history)

    def epochs_without_gain(self, stage: str) -> int:
        """Epochs of a stage since its own best validation accuracy."""
        accuracies = [entry.val_accuracy for entry in self.history if entry.stage == stage]
        if not accuracies:
            return 0
        return len(accuracies) - 1 - accuracies.index(max(accuracies))


@dataclass(frozen=True, kw_only=True)
class ResumeState:
    """A run at the end of an epoch."""

    progression: Progression
    model: dict[str, Any]
    optimizer: dict[str, Any]
    precision: dict[str, Any]


def fingerprint(
    config: TrainConfig, train: ImageSet, val: ImageSet, class_names: Sequence[str]
) -> dict[str, str]:
    """What must be the same for a run to be resumed, by name; the device may change."""
    fixed = replace(config, device="auto", amp="auto")
    return {
        "config": fixed.to_json(),
        "training images": train.fingerprint(),
        "validation images": val.fingerprint(),
        "classes": "\n".join(class_names),
    }


def save_state(folder: Path, state: ResumeState, identity: dict[str, str]) -> None:
    """Write the state; the old file stays until the new one is complete."""
    progression = state.progression
    report = progression.best_report
    values = {
        "schema": SCHEMA,
        "identity": identity,
        "history": [entry.to_dict() for entry in progression.history],
        "best_epoch": progression.best_epoch,
        "best_report": None if report is None else report.to_json(),
        "model": state.model,
        "optimizer": state.optimizer,
        "precision": state.precision,
    }
    handle, partial_name = tempfile.mkstemp(dir=folder, prefix=STATE_FILE, suffix=".partial")
    partial = Path(partial_name)
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(values, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / STATE_FILE)
    finally:
        partial.unlink(missing_ok=True)


def load_state(folder: Path, identity: dict[str, str]) -> ResumeState | None:
    """The state that `save_state` wrote, or None when the run never finished an epoch.

    Raises:
        InvalidInput: The run had another config, other images or other classes.
        TrainingFailed: The file is damaged.
    """
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        saved_identity = values["identity"]
        if values["schema"] != SCHEMA:
            raise KeyError("schema")
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingFailed(
            f"The resume state {STATE_FILE} of this run is damaged or of another version.",
            next_step="Start the run again from the beginning.",
            detail=str(error),
        ) from error
    changed = [name for name in identity if saved_identity.get(name) != identity[name]]
    if changed:
        raise InvalidInput(
            f"The run cannot go on where it stopped: its {' and its '.join(changed)} have changed.",
            next_step="Start a new run.",
        )
    report = values["best_report"]
    progression = Progression(
        history=[EpochMetrics(**entry) for entry in values["history"]],
        best_epoch=values["best_epoch"],
        best_report=None if report is None else EvaluationReport.from_json(report),
    )
    return ResumeState(
        progression=progression,
        model=values["model"],
        optimizer=values["optimizer"],
        precision=values["precision"],
    )
