"""What all our networks have in common: a backbone, a head, and freezing that holds."""

from typing import Self

from torch import Tensor, nn

STATISTICAL = nn.modules.batchnorm._BatchNorm
"""Layers that normalise by the statistics of what they saw."""


class ImageClassifier(nn.Module):
    """Backbone and head; call it on (N, C, H, W) float32 to get logits (N, K).

    While the backbone is frozen it stays in eval mode, also after `train()`: its batch-norm
    statistics belong to the data it was pretrained on and must not drift.

    Args:
        backbone: (N, C, H, W) to features (N, F).
        head: (N, F) to logits (N, K).
    """

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.backbone_frozen = False
        self.statistics_kept = False

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, K) of normalised inputs (N, C, H, W)."""
        logits: Tensor = self.head(self.backbone(inputs))
        return logits

    def train(self, mode: bool = True) -> Self:
        """Switch training mode on or off, what is frozen or kept excepted."""
        super().train(mode)
        for layer in self.layers_in_eval_mode():
            layer.train(False)
        return self

    def layers_in_eval_mode(self) -> list[nn.Module]:
        """Layers that stay in eval mode while the network learns."""
        if self.backbone_frozen:
            return list(self.backbone.modules())
        if self.statistics_kept:
            return [layer for layer in self.backbone.modules() if isinstance(layer, STATISTICAL)]
        return []

    def set_statistics_kept(self, kept: bool) -> None:
        """Let the backbone's batch normalisation go by its own statistics, or by the batch's.

        Its scales and offsets learn all the same.
        """
        self.statistics_kept = kept
        self.train(self.training)

    def set_backbone_frozen(self, frozen: bool) -> None:
        """Freeze or free the backbone: gradients off or on, and eval mode while frozen."""
        self.backbone_frozen = frozen
        self.backbone.requires_grad_(not frozen)
        self.train(self.training)
