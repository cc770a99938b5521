"""The head that replaces the classifier of a pretrained network."""

from torch import nn

HIDDEN_FEATURES = 256
DROPOUT = 0.3


def make_head(in_features: int, num_classes: int) -> nn.Sequential:
    """Linear(F, 256) - ReLU - Dropout(0.3) - Linear(256, K).

    Args:
        in_features: F, what the backbone gives for each image.
        num_classes: K.

    Returns:
        (N, F) to logits (N, K), freshly initialised from torch's random stream.
    """
    return nn.Sequential(
        nn.Linear(in_features, HIDDEN_FEATURES),
        nn.ReLU(inplace=True),
        nn.Dropout(DROPOUT),
        nn.Linear(HIDDEN_FEATURES, num_classes),
    )
