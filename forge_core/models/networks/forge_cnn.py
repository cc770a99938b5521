"""ForgeCNN: the small network that learns from nothing on small images in a minute."""

from torch import nn

from forge_core.models.architectures import ForgeCnnShape
from forge_core.models.networks.classifier import ImageClassifier

POOLED_SIDE = 7
HIDDEN_FEATURES = 256
DROPOUT = 0.4


class ForgeCNN(ImageClassifier):
    """Convolution blocks, pooled to 7 x 7, and a two-layer head.

    Two blocks of 16 and 32 channels have 409,418 parameters for 10 classes and 3 channels. The
    adaptive pool makes the number of parameters independent of the input size.

    Args:
        num_classes: K.
        channels: C of the inputs.
        input_size: Side of the inputs it is meant for; others work too, from the smallest of the
            shape on.
        shape: Width and depth.
    """

    def __init__(
        self,
        num_classes: int,
        channels: int = 3,
        input_size: int = 32,
        shape: ForgeCnnShape = ForgeCnnShape(),
    ) -> None:
        widths = [shape.width * 2**number for number in range(shape.depth)]
        backbone = nn.Sequential(
            *(
                _block(before, after)
                for before, after in zip([channels, *widths[:-1]], widths, strict=True)
            ),
            nn.AdaptiveAvgPool2d(POOLED_SIDE),
            nn.Flatten(),
        )
        head = nn.Sequential(
            nn.Linear(widths[-1] * POOLED_SIDE**2, HIDDEN_FEATURES),
            nn.ReLU(inplace=True),
            nn.Dropout(DROPOUT),
            nn.Linear(HIDDEN_FEATURES, num_classes),
        )
        super().__init__(backbone, head)
        self.input_size = input_size


def _block(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )
