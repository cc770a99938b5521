"""How a filter says that a measure of an image lies beyond a line or between two.

`sharpness<12.5` and `sharpness>12.5` are beyond a line, which is on neither side; of
`brightness=0.2..0.4` the lower line belongs to it and the upper does not, so that neighbours share
no image.
"""

import re
from dataclasses import dataclass

from db.enums import Measure, Typicality

_NUMBER = r"\d{1,12}(?:\.\d{1,12})?(?:e[+-]\d{1,2})?"
_BEYOND = re.compile(rf"([a-z_]{{1,32}})([<>])({_NUMBER})")
_BETWEEN = re.compile(rf"([a-z_]{{1,32}})=({_NUMBER})\.\.({_NUMBER})")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCondition:
    """A measure, and where it lies; a line that is None does not restrict."""

    measure: Measure | Typicality
    above: float | None = None
    """It is larger than this."""
    start: float | None = None
    """It is at least this."""
    below: float | None = None
    """It is smaller than this."""


def read(text: str) -> MeasureCondition:
    """The condition that a text says.

    Raises:
        ValueError: It says none.
    """
    beyond, between = _BEYOND.fullmatch(text), _BETWEEN.fullmatch(text)
    named = beyond or between
    if named is None or named[1] not in (*Measure, *Typicality):
        raise ValueError(f"{text[:60]!r} is no measure beyond a line")
    measure = find(named[1])
    if between is not None:
        return MeasureCondition(measure=measure, start=float(between[2]), below=float(between[3]))
    line = float(named[3])
    if named[2] == "<":
        return MeasureCondition(measure=measure, below=line)
    return MeasureCondition(measure=measure, above=line)


def write_band(measure: Measure, start: float, below: float) -> str:
    """The text of a condition between two lines, each of at most six digits."""
    return f"{measure}={start:.6g}..{below:.6g}"


def find(name: str) -> Measure | Typicality:
    """The measure of this name, of the picture alone or of it among the others.

    Raises:
        ValueError: There is none.
    """
    return Typicality(name) if name in list(Typicality) else Measure(name)
