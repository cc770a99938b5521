"""Three answers to an image: accepted, not sure, unfamiliar; and the rule that chooses among them.

It imports no torch: what answers without PyTorch decides by the same rule.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from forge_core.errors import InvalidInput


class Decision(StrEnum):
    """What to do with an answer. Its place in the order here is its code in tensors."""

    ACCEPTED = "accepted"
    """Sure enough for the error that was promised."""
    NOT_SURE = "not_sure"
    """Like what the network knows, but it cannot tell which class."""
    UNFAMILIAR = "unfamiliar"
    """Unlike all that it was trained on: what it says of it means nothing."""

    @property
    def code(self) -> int:
        """0, 1 or 2."""
        return DECISIONS.index(self)

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


DECISIONS = tuple(Decision)
"""By their codes."""


@dataclass(frozen=True, kw_only=True)
class DecisionRule:
    """Where the lines between the three answers are, and what was promised with them."""

    min_confidence: float
    """From this probability of the first class on an answer is accepted, 0 to 1; kept as float32
    has it, so that every runtime compares with the same number."""
    max_distance: float | None = None
    """From this distance to the known images on an image is unfamiliar, above 0, as float32 has
    it; None where nothing is ever called unfamiliar. Distances need the arrays of a
    `familiarity.Familiarity`, which lie beside the weights."""
    max_error: float
    """The promise: at most this share of the accepted answers is wrong, 0 to 1."""
    certainty: float
    """How sure the promise is, such as 0.95: of 100 calibrations on images drawn anew, at most 5
    break it."""
    num_images: int
    """Images of the calibration, none of them trained on."""
    num_accepted: int
    """Of them accepted."""
    num_wrong: int
    """Of the accepted ones wrong."""
    num_unfamiliar: int = 0
    """Of the calibration's images called unfamiliar, although none is."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "min_confidence", _as_float32(self.min_confidence))
        if self.max_distance is not None:
            object.__setattr__(self, "max_distance", _as_float32(self.max_distance))
        if not 0 <= self.min_confidence <= 1:
            raise InvalidInput(f"No confidence is {self.min_confidence:g}; it is from 0 to 1.")
        if self.max_distance is not None and not 0 < self.max_distance < math.inf:
            raise InvalidInput(f"{self.max_distance:g} is no distance to be familiar within.")
        if not 0 < self.max_error < 1 or not 0 < self.certainty < 1:
            raise InvalidInput("An error that is promised, and its certainty, are between 0 and 1.")
        if not 0 <= self.num_wrong <= self.num_accepted <= self.num_images - self.num_unfamiliar:
            raise InvalidInput("The numbers of the calibration's images do not fit together.")
        if not 0 <= self.num_unfamiliar <= self.num_images or self.num_images < 1:
            raise InvalidInput("The numbers of the calibration's images do not fit together.")

    @property
    def coverage(self) -> float:
        """Share of the calibration's images that was accepted, 0 to 1."""
        return self.num_accepted / self.num_images

    @property
    def promise(self) -> str:
        """What was promised, and what it costs, in a sentence."""
        return (
            f"At most {100 * self.max_error:g} % wrong among the accepted answers, with a "
            f"certainty of {100 * self.certainty:g} %. {self.num_accepted:,} of "
            f"{self.num_images:,} validation images are accepted ({100 * self.coverage:.0f} %), "
            f"{self.num_wrong:,} of them wrongly."
        )

    @classmethod
    def from_dict(cls, values: object) -> "DecisionRule":
        """Read a rule, whoever wrote it.

        Raises:
            InvalidInput: It is no rule, or a value cannot be right.
        """
        known = {found.name for found in fields(cls)}
        if not isinstance(values, Mapping) or not known >= set(values):
            raise InvalidInput("its decision rule has other fields than it should.")
        wrong = [name for name, value in values.items() if not _fits(name, value)]
        if wrong:
            raise InvalidInput(f"{wrong[0]} of its decision rule is no such number.")
        try:
            return cls(**values)
        except TypeError as error:
            raise InvalidInput("its decision rule is incomplete.", detail=str(error)) from error


def decide(probabilities: Sequence[float], distance: float | None, rule: DecisionRule) -> Decision:
    """The answer to one image.

    Args:
        probabilities: Of all classes, or of the first ones; calibrated, which is divided by the
            card's temperature.
        distance: To the known images; None where it is not known.
        rule: Of the card.
    """
    if rule.max_distance is not None and distance is not None and distance >= rule.max_distance:
        return Decision.UNFAMILIAR
    is_sure = max(probabilities) >= rule.min_confidence
    return Decision.ACCEPTED if is_sure else Decision.NOT_SURE


def _fits(name: str, value: Any) -> bool:
    if name.startswith("num_"):
        return type(value) is int
    return type(value) in (int, float) or (name == "max_distance" and value is None)


def _as_float32(value: float) -> float:
    """The nearest number that float32 has."""
    try:
        (rounded,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.inf
    return float(rounded)
