"""What a checkpoint answers for an image, as plain values: nothing here needs PyTorch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassProbability:
    """How likely a network finds one class."""

    label_name: str
    probability: float
    """0 to 1; the probabilities of all classes sum to 1."""


@dataclass(frozen=True)
class Prediction:
    """Class probabilities for one image by a checkpoint."""

    probabilities: list[ClassProbability]
    """The most likely classes, most likely first."""
    latency_ms: float
    """From bytes to probabilities, in milliseconds; in a batch the image's share of it."""
    width: int
    """Pixels across, of the upright original."""
    height: int
    """Pixels down, of the upright original."""
