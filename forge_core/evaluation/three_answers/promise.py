"""A promise about the accepted answers: at most so many wrong, and how sure that is.

The line is chosen by tests of one threshold after the other, each with the exact binomial tail,
from a start that the labels have no say in, until the first that fails. So the chance that the line
breaks its promise on the images to come is at most 1 - certainty, however many thresholds were
tried. It holds for images drawn as those of the calibration were, and not for others.

Source: Angelopoulos et al. 2021, "Learn then Test", section 3.2, fixed sequence testing; the
p-value is that of Clopper and Pearson 1934.

Legend: N images.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Flags, Floats, Whole

CERTAINTY = 0.95
ERRORS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3)
"""What is tried where a promise cannot be made, to say what could."""
_FINEST_LOGIT, _COARSEST_LOGIT, _STEP = 12.0, -3.0, 0.05
_MAX_TRIED = 100_000
_ROOM = 1.5


@dataclass(frozen=True, kw_only=True)
class Line:
    """From which confidence on answers are accepted, and how the calibration's images came out."""

    min_confidence: float
    """0 to 1."""
    num_images: int
    num_accepted: int
    num_wrong: int
    """Of the accepted ones."""


def thresholds() -> Floats:
    """The confidences that are tried, strictest first; the same whatever the images."""
    logits = np.arange(_FINEST_LOGIT, _COARSEST_LOGIT, -_STEP)
    steps: Floats = np.append(1 / (1 + np.exp(-logits)), 0.0)
    return steps.astype(np.float32).astype(np.float64)  # as rules and runtimes compare


def fewest_images(max_error: float, certainty: float = CERTAINTY, num_wrong: int = 0) -> int:
    """How many accepted images it takes to promise this error with so many of them wrong.

    Raises:
        InvalidInput: No number of images that could be labelled is enough.
    """
    low, high = num_wrong, _MAX_TRIED * (num_wrong + 1)
    if float(binom.cdf(num_wrong, high, max_error)) > 1 - certainty:
        raise InvalidInput(
            f"An error of {100 * max_error:g} % is too small to be promised.",
            next_step="Promise at least 0.01 %.",
        )
    while high - low > 1:
        middle = (low + high) // 2
        is_enough = float(binom.cdf(num_wrong, middle, max_error)) <= 1 - certainty
        low, high = (low, middle) if is_enough else (middle, high)
    return high


def find_line(
    confidence: Floats,
    is_right: Flags,
    is_familiar: Flags,
    *,
    max_error: float,
    certainty: float = CERTAINTY,
) -> Line | None:
    """The lowest confidence from which on the promise holds.

    Args:
        confidence: (N,) calibrated, of the class that was answered.
        is_right: (N,).
        is_familiar: (N,); what is unfamiliar is never accepted.
        max_error: Largest share of wrong answers among the accepted, between 0 and 1.
        certainty: How sure the promise is, between 0 and 1.

    Returns:
        None where no line can be promised on these images.

    Raises:
        InvalidInput: The error or the certainty cannot be promised by anybody.
    """
    check(max_error, certainty)
    tried = thresholds()
    num_accepted = _count_at_least(confidence[is_familiar], tried)
    num_wrong = _count_at_least(confidence[is_familiar & ~is_right], tried)
    start = _find_start(num_accepted, len(confidence), max_error, certainty)
    if start is None:
        return None
    tails = binom.cdf(num_wrong[start:], num_accepted[start:], max_error)
    holds = tails <= 1 - certainty
    num_held = len(holds) if bool(holds.all()) else int(np.argmin(holds))
    if not num_held:
        return None
    place = start + num_held - 1
    return Line(
        min_confidence=float(tried[place]),
        num_images=len(confidence),
        num_accepted=int(num_accepted[place]),
        num_wrong=int(num_wrong[place]),
    )


def smallest_error(
    confidence: Floats, is_right: Flags, is_familiar: Flags, certainty: float = CERTAINTY
) -> float | None:
    """The smallest of `ERRORS` that can be promised on these images; None where none can."""
    for error in ERRORS:
        found = find_line(confidence, is_right, is_familiar, max_error=error, certainty=certainty)
        if found is not None:
            return error
    return None


def check(max_error: float, certainty: float) -> None:
    """Raise InvalidInput where an error or a certainty cannot be promised by anybody."""
    if not 0 < max_error < 1:
        raise InvalidInput(
            f"An error of {100 * max_error:g} % cannot be promised.",
            next_step="Promise one above 0 % and below 100 %, such as 2%.",
        )
    if not 0.5 <= certainty < 1:
        raise InvalidInput(
            f"A certainty of {100 * certainty:g} % is none.",
            next_step="Use one from 50 % to below 100 %, such as 95%.",
        )


def _count_at_least(values: Floats, tried: Floats) -> Whole:
    """Of each threshold how many of the values reach it."""
    below = np.searchsorted(np.sort(values), tried, side="left")
    counts: Whole = len(values) - below.astype(np.int64)
    return counts


def _find_start(
    num_accepted: Whole, num_images: int, max_error: float, certainty: float
) -> int | None:
    """The strictest threshold with enough accepted images to hold; labels have no say in it.

    Enough to hold with one of them wrong too, where the images suffice for that.
    """
    with_one = fewest_images(max_error, certainty, num_wrong=1)
    is_roomy = _ROOM * with_one <= num_images
    needed = with_one if is_roomy else fewest_images(max_error, certainty)
    enough = np.flatnonzero(num_accepted >= needed)
    return int(enough[0]) if len(enough) else None
