"""How a filter says that a measure of an image lies beyond a line: `sharpness<12.5`."""

import re
from dataclasses import dataclass

from db.enums import Measure, Typicality

_CONDITION = re.compile(r"([a-z_]{1,32})([<>])(\d{1,12}(?:\.\d{1,12})?(?:e[+-]\d{1,2})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCondition:
    """A measure, and which side of a line is meant; the line itself is on neither."""

    measure: Measure | Typicality
    is_below: bool
    line: float


def read(text: str) -> MeasureCondition:
    """The condition that a text says.

    Raises:
        ValueError: It says none.
    """
    found = _CONDITION.fullmatch(text)
    if found is None or found[1] not in (*Measure, *Typicality):
        raise ValueError(f"{text[:60]!r} is no measure beyond a line")
    return MeasureCondition(measure=find(found[1]), is_below=found[2] == "<", line=float(found[3]))


def find(name: str) -> Measure | Typicality:
    """The measure of this name, of the picture alone or of it among the others.

    Raises:
        ValueError: There is none.
    """
    return Typicality(name) if name in list(Typicality) else Measure(name)
