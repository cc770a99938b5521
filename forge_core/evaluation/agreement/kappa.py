"""How far people agree on what images show: Cohen's and Fleiss' kappa, each with an interval.

Kappa is the agreement beyond what chance would give: 1 where all say the same, 0 where no more
agree than by chance, below 0 where fewer do.

Legend: N images, K classes.
Sources: Cohen 1960, "A Coefficient of Agreement for Nominal Scales" (two people); Fleiss 1971,
"Measuring Nominal Scale Agreement Among Many Raters", here with as many answers an image as it has,
each image weighing the same (Gwet 2014). The interval is the score interval of Wilson 1927 of the
observed agreement, with the agreement by chance taken as it was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import InvalidInput
from forge_core.evaluation.sampling.intervals import wilson_of_rate

MIN_IMAGES = 10
"""With fewer images that several people answered it cannot be told."""
MIN_OF_CLASS = 5
"""Nor of a class that was said of fewer of them."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Kappa:
    """How far people agree. The numbers are None where it cannot be told from these images."""

    num_images: int
    """That two people or more answered."""
    observed: float | None = None
    """The share of pairs of answers to an image that agree, 0 to 1."""
    kappa: float | None = None
    interval: tuple[float, float] | None = None
    """At 95 %."""
    reason: str = ""
    """Why it cannot be told, a sentence."""


def cohen(first: Sequence[int], second: Sequence[int]) -> Kappa:
    """Cohen's kappa of what two people said of the same N images, in the same order.

    Raises:
        InvalidInput: They did not answer the same number of images.
    """
    if len(first) != len(second):
        raise InvalidInput(f"{len(first)} answers cannot be compared with {len(second)}.")
    number = len(first)
    if number < MIN_IMAGES:
        return _too_few(number)
    ours, theirs = np.asarray(first), np.asarray(second)
    said = np.union1d(ours, theirs)
    if len(said) == 1:
        return _one_class(number)
    from sklearn.metrics import cohen_kappa_score  # takes a second to import

    observed = float((ours == theirs).mean())
    by_chance = float(sum((ours == each).mean() * (theirs == each).mean() for each in said))
    return _told(number, observed, float(cohen_kappa_score(ours, theirs)), by_chance, number)


def cohen_of_class(first: Sequence[int], second: Sequence[int], class_id: int) -> Kappa:
    """Cohen's kappa of one class against all others; the answers as in `cohen`."""
    said = [class_id in pair for pair in zip(first, second, strict=True)]
    if sum(said) < MIN_OF_CLASS:
        return _too_rare(len(said), sum(said))
    ours, theirs = ([int(each == class_id) for each in answers] for answers in (first, second))
    return cohen(ours, theirs)


def fleiss(counts: Counts) -> Kappa:
    """Fleiss' kappa of all answers.

    Args:
        counts: (N, K) how many people said each class of each image; images with fewer than two
            answers are left out.
    """
    counts = counts[counts.sum(axis=1) >= 2]
    number = len(counts)
    if number < MIN_IMAGES:
        return _too_few(number)
    if (counts.sum(axis=0) > 0).sum() == 1:
        return _one_class(number)
    answers = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (answers * (answers - 1))
    by_chance = float(((counts / answers[:, None]).mean(axis=0) ** 2).sum())
    observed = float(agreeing.mean())
    kappa = (observed - by_chance) / (1 - by_chance)
    spread = float(agreeing.var(ddof=1))
    weight = number * observed * (1 - observed) / spread if spread > 0 else number
    return _told(number, observed, kappa, by_chance, max(weight, 1.0))


def fleiss_of_class(counts: Counts, class_id: int) -> Kappa:
    """Fleiss' kappa of one class against all others; `counts` as in `fleiss`."""
    counts = counts[counts.sum(axis=1) >= 2]
    said = counts[:, class_id]
    num_said = int((said > 0).sum())
    if num_said < MIN_OF_CLASS:
        return _too_rare(len(counts), num_said)
    return fleiss(np.column_stack([said, counts.sum(axis=1) - said]))


def _told(number: int, observed: float, kappa: float, by_chance: float, weight: float) -> Kappa:
    """With the interval of so many independent images as `weight`."""
    ends = wilson_of_rate(observed, weight)
    low, high = (max(-1.0, (end - by_chance) / (1 - by_chance)) for end in ends)
    return Kappa(num_images=number, observed=observed, kappa=kappa, interval=(low, high))


def _too_few(number: int) -> Kappa:
    return Kappa(
        num_images=number,
        reason=f"Too few to tell: {number} images have answers of two people or more, "
        f"{MIN_IMAGES} are needed.",
    )


def _too_rare(number: int, num_said: int) -> Kappa:
    return Kappa(
        num_images=number,
        reason=f"Too few to tell: it was said of {num_said} of these images, "
        f"{MIN_OF_CLASS} are needed.",
    )


def _one_class(number: int) -> Kappa:
    return Kappa(
        num_images=number,
        observed=1.0,
        reason="Everybody said the same one class, so that chance would agree as well.",
    )
