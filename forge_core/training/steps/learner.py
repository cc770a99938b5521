"""Everything that learning changes, in one place: what a resume state must hold."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.train_step import PLAIN, StepRules
from forge_core.training.steps.weight_average import WeightAverage


@dataclass(kw_only=True)
class Learner:
    """A network with what updates its weights, in one stage of a run."""

    model: ImageClassifier
    optimizer: torch.optim.Optimizer
    precision: Precision
    compute_plan: ComputePlan | None = None
    """Where the number format comes from."""
    rules: StepRules = PLAIN
    average: WeightAverage | None = None
    micro_batches: int = 1
    """Parts in which batches go through the network, more where the memory is short."""

    def averaged(self) -> AbstractContextManager[None]:
        """The network as it is measured and kept: with the average of its weights, if any."""
        return nullcontext() if self.average is None else self.average.applied()

    def state_dict(self) -> dict[str, Any]:
        """Copies of nothing: write it before the next step."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.precision.state_dict(),
            "parts": self.micro_batches,
            "average": None if self.average is None else self.average.state_dict(),
        }

    def load_stage(self, state: dict[str, Any]) -> None:
        """Go on within a stage: what belongs to it, beside the weights."""
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None and state.get("average") is not None:
            self.average.load_state_dict(state["average"])
