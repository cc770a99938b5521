"""Numbers of images that count by a weight, as they are kept and shown; `weighing` tells them.

Legend: K classes.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class WeightedRate:
    """A share of images that count by their weights."""

    value: float
    """0 to 1."""
    interval: tuple[float, float]
    """At 95 %."""
    effective_size: float
    """Images drawn alike that would tell as much."""


@dataclass(frozen=True, kw_only=True)
class WeightedClass:
    """One class. A number is None where no image is left that could tell it."""

    recall: WeightedRate | None
    precision: WeightedRate | None
    f1: float | None


@dataclass(frozen=True, kw_only=True)
class WeightedClasses:
    """The numbers of classes on images like those that a sample stands for."""

    num_images: int
    """That they are told from; 0 where none is a fair one: then there are no numbers."""
    balanced_accuracy: float | None
    """Mean recall of the classes that have images."""
    balanced_interval: tuple[float, float] | None
    """Of it, at 95 %."""
    macro_f1: float | None
    """Mean F1 of the classes that occur as a label or as an answer."""
    weighted_f1: float | None
    """The same, each class by the weight of its images."""
    classes: tuple[WeightedClass, ...]
    """K of them, in the order that was asked for."""

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "WeightedClasses":
        """What `dataclasses.asdict` gave, also by way of JSON."""
        classes = tuple(
            WeightedClass(
                recall=_read_rate(each["recall"]),
                precision=_read_rate(each["precision"]),
                f1=each["f1"],
            )
            for each in values["classes"]
        )
        interval = values["balanced_interval"]
        return WeightedClasses(
            **{
                **values,
                "classes": classes,
                "balanced_interval": None if interval is None else (interval[0], interval[1]),
            }
        )


def _read_rate(values: dict[str, Any] | None) -> WeightedRate | None:
    if values is None:
        return None
    low, high = values["interval"]
    return WeightedRate(**{**values, "interval": (low, high)})
