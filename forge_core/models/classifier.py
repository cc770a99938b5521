"""What all our networks have in common: a backbone, a head, and freezing that holds."""

from typing import Self

from torch import Tensor, nn


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

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, K) of normalised inputs (N, C, H, W)."""
        logits: Tensor = self.head(self.backbone(inputs))
        return logits

    def train(self, mode: bool = True) -> Self:
        """Switch training mode on or off, a frozen backbone excepted."""
        super().train(mode)
        if self.backbone_frozen:
            self.backbone.eval()
        return self

    def set_backbone_frozen(self, frozen: bool) -> None:
        """Freeze or free the backbone: gradients off or on, and eval mode while frozen."""
        self.backbone_frozen = frozen
        self.backbone.requires_grad_(not frozen)
        self.train(self.training)
