"""Everything that learning changes, in one place: what a resume state must hold."""

from dataclasses import dataclass
from typing import Any

import torch

from forge_core.models.classifier import ImageClassifier
from forge_core.training.precision import Precision


@dataclass(kw_only=True)
class Learner:
    """A network with what updates its weights, in one stage of a run."""

    model: ImageClassifier
    optimizer: torch.optim.Optimizer
    precision: Precision

    def state_dict(self) -> dict[str, Any]:
        """Copies of nothing: write it before the next step."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.precision.state_dict(),
        }
