"""The three answers as tensors: one small module that the predictor uses and an export traces.

Legend: N images, F features of the backbone, K classes.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from forge_core.errors import InvalidInput
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.decision_rule import Decision, DecisionRule
from forge_core.models.checkpoints.familiarity import Familiarity


class DecisionModule(nn.Module):
    """From what a network computed of images to what is to be done with its answers.

    It has no branches that depend on data. `decision_rule.decide` says the same of one image.

    Args:
        temperature: What logits are divided by.
        rule: Where the lines are.
        known: What the known images look like; needed where the rule tells unfamiliar images.
    """

    def __init__(
        self, temperature: float, rule: DecisionRule, known: Familiarity | None = None
    ) -> None:
        super().__init__()
        if (rule.max_distance is None) != (known is None):
            raise InvalidInput("The decision rule and what is known to be familiar do not fit.")
        self.temperature = temperature
        self.rule = rule
        self.tells_unfamiliar = known is not None
        self._max_distance = rule.max_distance or 0.0  # 0 is no distance to be familiar within
        self._measure: Callable[..., Tensor] = type(known).measure if known else torch.zeros_like
        self._names = known.names() if known else []
        for name, tensor in (known.tensors() if known else {}).items():
            self.register_buffer(name, tensor)

    def forward(self, features: Tensor, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three answers.

        Args:
            features: (N, F) of the backbone.
            logits: (N, K) of the head.

        Returns:
            Probabilities (N, K), calibrated; distances to the known images (N,), all 0 where the
            rule tells no unfamiliar ones; codes (N,) int64 of `decision_rule.DECISIONS`.
        """
        probabilities = (logits / self.temperature).softmax(dim=1)
        is_unsure = probabilities.amax(dim=1) < self.rule.min_confidence
        codes = is_unsure.to(torch.int64) * Decision.NOT_SURE.code
        if not self.tells_unfamiliar:
            return probabilities, torch.zeros_like(probabilities[:, 0]), codes
        tensors = {name: getattr(self, name) for name in self._names}
        distances = self._measure(features, **tensors)
        is_far = distances >= self._max_distance
        codes = torch.where(is_far, torch.full_like(codes, Decision.UNFAMILIAR.code), codes)
        return probabilities, distances, codes


def module_of(loaded: LoadedCheckpoint) -> DecisionModule | None:
    """What decides for a checkpoint, on the CPU; None where its card has no rule."""
    rule = loaded.card.decision_rule
    if rule is None:
        return None
    return DecisionModule(loaded.card.temperature, rule, loaded.familiarity)
