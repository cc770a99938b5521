"""What a run needs to go on after any step, kept beside its checkpoints.

Order and augmentation are pure functions of the seed, the epoch and the place in it, so the
number of finished steps says which images come next. Dropout draws from torch's stream, whose
state is kept with the weights, the optimiser and the bookkeeping.
"""

import contextlib
import pickle
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from db.records import EpochMetrics
from forge_core.errors import InvalidInput, TrainingFailed
from forge_core.evaluation.report import EvaluationReport
from forge_core.models.checkpoints.whole_files import written_whole
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.config import TrainConfig
from forge_core.training.fit_setup import FitSetup
from forge_core.training.run_files import STATE_FILE

SCHEMA = 2
RUN = "run"
TRAINING, VALIDATION = "training images", "validation images"
IMAGES = {TRAINING, VALIDATION}
SAVE_SHARE = 0.01
"""Share of a run's time that saving may take."""


class ImagesChanged(InvalidInput):
    """The run to resume learned from other images, and nothing else is different."""


@dataclass(kw_only=True)
class TrainingState:
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
class RandomState:
    """Where torch's random streams are."""

    cpu: Tensor
    cuda: Tensor | None

    @classmethod
    def take(cls, device: torch.device) -> Self:
        """The streams of the CPU and of the device that the run uses."""
        cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return cls(cpu=torch.get_rng_state(), cuda=cuda)

    def restore(self, device: torch.device) -> None:
        """Go on drawing where the streams were taken; on another kind of device, only roughly."""
        torch.set_rng_state(self.cpu)
        if device.type == "cuda" and self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda, device)


@dataclass(frozen=True, kw_only=True)
class PartialEpoch:
    """An epoch of which some steps are done."""

    totals: dict[str, Any]
    """From `RunningTotals.state_dict`; says how many steps are done."""
    random: RandomState
    """After the last of these steps."""
    seconds: float
    """Spent on the epoch so far."""

    @property
    def steps(self) -> int:
        """Finished steps; all of them when only validation is missing."""
        return len(self.totals["sizes"])


@dataclass(frozen=True, kw_only=True)
class ResumeState:
    """A run between two steps."""

    training_state: TrainingState
    learner: dict[str, Any]
    """From `Learner.state_dict`."""
    partial_epoch: PartialEpoch | None
    """The epoch after the finished ones, when some of its steps are done."""
    compute_plan: ComputePlan | None
    """How the run computes; None in a state of schema 1."""


def fingerprint(setup: FitSetup) -> dict[str, str]:
    """What must be the same for a run to be resumed, by name; the device may change."""
    return {
        "config": _fixed(setup.config),
        TRAINING: setup.images.train.fingerprint(),
        VALIDATION: setup.images.val.fingerprint(),
        "classes": "\n".join(setup.images.class_names),
        RUN: str(setup.run_id),
    }


def _fixed(config: TrainConfig) -> str:
    """The config without what may change when a run is resumed."""
    fixed = replace(
        config,
        device="auto",
        number_format="auto",
        memory_layout="auto",
        num_threads=0,
        num_processes=1,
        extensions=(),  # they come behind what was trained
    )
    return fixed.to_json()


def save_state(folder: Path, state: ResumeState, identity: dict[str, str]) -> None:
    """Write the state; the old file stays until the new one is complete.

    Raises:
        DiskFull: There is no room for it.
    """
    training_state = state.training_state
    report = training_state.best_report
    values = {
        "schema": SCHEMA,
        "identity": identity,
        "history": [asdict(entry) for entry in training_state.history],
        "best_epoch": training_state.best_epoch,
        "best_report": None if report is None else report.to_json(),
        "learner": state.learner,
        "begun": None if state.partial_epoch is None else asdict(state.partial_epoch),
        "speed": None if state.compute_plan is None else state.compute_plan.to_dict(),
    }
    needed_bytes = _size_of(values["learner"])
    with (
        written_whole(folder / STATE_FILE, needed_bytes=needed_bytes) as partial,
        partial.open("wb") as file,  # of a path, torch forgets why it could not be written
    ):
        torch.save(values, file)


def _size_of(value: Any) -> int:
    """Bytes of all tensors in nested dicts and lists."""
    if isinstance(value, Tensor):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_size_of, value.values()))
    return sum(map(_size_of, value)) if isinstance(value, list | tuple) else 0


def remove_partial(folder: Path) -> None:
    """Remove what a process that was killed while saving has left."""
    for path in folder.glob("*.partial"):
        path.unlink(missing_ok=True)


def load_state(folder: Path, identity: dict[str, str]) -> ResumeState | None:
    """The state that `save_state` wrote, or None when the run saved nothing yet.

    Raises:
        InvalidInput: It is of another run, or of one with another config, other images or other
            classes.
        TrainingFailed: The file is damaged.
    """
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        saved_identity = values["identity"]
        if values["schema"] == 1:
            values |= _read_schema_1(values)
        elif values["schema"] != SCHEMA:
            raise KeyError("schema")
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingFailed(
            f"The resume state {STATE_FILE} of this run is damaged or of another version.",
            next_step="Start the run again from the beginning.",
            detail=str(error),
        ) from error
    saved_run = saved_identity.get(RUN, identity[RUN])  # older versions did not write it
    if saved_run != identity[RUN]:
        raise InvalidInput(
            f"The run cannot go on: {STATE_FILE} in its folder is of run {saved_run}, not of run "
            f"{identity[RUN]}.",
            next_step="Put the run's own file back, or start a new run.",
        )
    changed = _find_changes(saved_identity, identity)
    if changed:
        kind = ImagesChanged if set(changed) <= IMAGES else InvalidInput
        raise kind(
            f"The run cannot go on where it stopped: its {' and its '.join(changed)} have changed.",
            next_step="Start a new run.",
        )
    report = values["best_report"]
    training_state = TrainingState(
        history=[EpochMetrics(**entry) for entry in values["history"]],
        best_epoch=values["best_epoch"],
        best_report=None if report is None else EvaluationReport.from_json(report),
    )
    partial_epoch = values["begun"]
    compute = values["speed"]
    return ResumeState(
        compute_plan=None if compute is None else ComputePlan.from_dict(compute),
        training_state=training_state,
        learner=values["learner"],
        partial_epoch=None
        if partial_epoch is None
        else PartialEpoch(**{**partial_epoch, "random": RandomState(**partial_epoch["random"])}),
    )


def is_state_of(folder: Path, identity: dict[str, str]) -> bool:
    """Whether the folder has a state of exactly this run; a damaged one is of none."""
    try:
        return load_state(folder, identity) is not None
    except (InvalidInput, TrainingFailed):
        return False


def _read_schema_1(values: dict[str, Any]) -> dict[str, Any]:
    """A state of the time when runs were saved at the end of epochs only."""
    learner = {name: values[name] for name in ("model", "optimizer", "precision")}
    return {"learner": learner, "begun": None, "speed": None}


def _find_changes(saved: dict[str, str], identity: dict[str, str]) -> list[str]:
    """Names of what is not as it was; a config that an older version wrote is read first."""
    config = saved.get("config", "")
    if config != identity["config"]:
        with contextlib.suppress(InvalidInput):
            saved = {**saved, "config": _fixed(TrainConfig.from_json(config))}
    return [name for name in identity if name != RUN and saved.get(name) != identity[name]]


class SaveClock:
    """Says when the next state within an epoch is due: seldom enough to cost next to nothing.

    Args:
        seconds: Between two states, more where writing the last one took more than a hundredth
            of that; 0 after every step.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pause_seconds = seconds
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Whether it is time for a state."""
        return time.monotonic() - self._last >= self._pause_seconds

    def saved(self, took_seconds: float) -> None:
        """A state was written just now."""
        self._last = time.monotonic()
        if self._seconds:
            self._pause_seconds = max(self._seconds, took_seconds / SAVE_SHARE)
