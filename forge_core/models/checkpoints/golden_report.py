"""How golden predictions came out, as plain values: nothing here needs PyTorch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GoldenReport:
    """How the golden predictions came out on this machine."""

    max_relative_difference: float
    """Largest difference of any logit, as a share of the largest golden |logit|."""
    argmax_equal: bool
    """Whether every image got the same class."""
    passed: bool
    """Same classes, and the difference within the card's tolerance."""
    pixels_equal: bool | None = None
    """Whether the files gave the very pixels that they gave when the checkpoint was saved; None
    where it keeps no files, because an older version saved it."""
