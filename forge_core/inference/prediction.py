"""What a checkpoint answers for an image, as plain values: nothing here needs PyTorch."""

from dataclasses import dataclass

from forge_core.models.checkpoints.decision_rule import Decision


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
    decision: Decision | None = None
    """What to do with the answer; None where the card has no rule for it."""
    distance: float | None = None
    """To the images that the network knows; None where the card's rule does not ask for it."""
