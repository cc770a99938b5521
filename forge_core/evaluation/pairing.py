"""Two networks on the same images: which is better, or is it chance?

Legend: N images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Flags, Floats
from forge_core.evaluation.sampling.intervals import wilson_of_rate

SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """The accuracy of a second network less that of a first, on the same N images."""

    num_images: int
    num_both: int
    """Right in both."""
    num_only_first: int
    num_only_second: int

    @property
    def difference(self) -> float:
        """-1 to 1."""
        return (self.num_only_second - self.num_only_first) / self.num_images

    @property
    def p_value(self) -> float:
        """How often chance alone gives a difference this large, 0 to 1.

        Source: McNemar's test in its exact form, a sign test on the images that flip.
        """
        flips = self.num_only_first + self.num_only_second
        return float(binomtest(self.num_only_second, flips, 0.5).pvalue) if flips else 1.0

    @property
    def is_told_apart(self) -> bool:
        """Whether chance alone would rarely (5 %) give so large a difference."""
        return self.p_value < SIGNIFICANT

    @property
    def interval(self) -> tuple[float, float]:
        """Of the difference at 95 %."""
        return interval_of_difference(
            self.num_images, self.num_both, self.num_only_first, self.num_only_second
        )


@dataclass(frozen=True, kw_only=True)
class WeightedDifference:
    """The same of images that count by their weights."""

    difference: float
    """-1 to 1."""
    interval: tuple[float, float]
    """At 95 %, at the effective number of images."""
    p_value: float
    """As of a paired difference, at the effective number of images that flip, 0 to 1."""
    num_images: int
    """That it is told from, however they count."""

    @property
    def is_told_apart(self) -> bool:
        """Whether chance alone would rarely (5 %) give so large a difference."""
        return self.p_value < SIGNIFICANT


def interval_of_difference(
    number: float, both: float, first: float, second: float
) -> tuple[float, float]:
    """Of the difference of two accuracies on the same images, at 95 %.

    Args:
        number: Images, above 0; the effective number where they are weighted.
        both: Of them those on which both are right.
        first: Those on which only the first is.
        second: Those on which only the second is.

    Source: Newcombe 1998, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", method 10, without its continuity correction of phi.
    """
    neither = max(number - both - first - second, 0.0)
    rate_first, rate_second = (min((both + each) / number, 1.0) for each in (first, second))
    low_first, high_first = wilson_of_rate(rate_first, number)
    low_second, high_second = wilson_of_rate(rate_second, number)
    below_first, above_first = rate_first - low_first, high_first - rate_first
    below_second, above_second = rate_second - low_second, high_second - rate_second
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    phi = (both * neither - first * second) / product**0.5 if product > 0 else 0.0
    below = below_second**2 - 2 * phi * below_second * above_first + above_first**2
    above = above_second**2 - 2 * phi * above_second * below_first + below_first**2
    difference = rate_second - rate_first
    return difference - max(below, 0.0) ** 0.5, difference + max(above, 0.0) ** 0.5


def compare_paired(first: Flags, second: Flags) -> PairedDifference:
    """Two networks on the same images, in the same order.

    Args:
        first: (N,) whether the first is right, N at least 1.
        second: (N,) whether the second is.

    Raises:
        InvalidInput: There is no image, or the lengths differ.
    """
    if len(first) != len(second) or not len(first):
        raise InvalidInput(
            f"{len(first):,} and {len(second):,} images cannot be compared one by one.",
            next_step="Evaluate both on the same split, as of the same revision.",
        )
    return PairedDifference(
        num_images=len(first),
        num_both=int((first & second).sum()),
        num_only_first=int((first & ~second).sum()),
        num_only_second=int((second & ~first).sum()),
    )


def compare_weighted(first: Flags, second: Flags, weights: Floats) -> WeightedDifference:
    """Two networks on the same images, each of which counts by its weight.

    The effective number of images is the smaller of Kish's and the one that gives the variance of
    the weighted difference; that of the flips is Kish's, rounded down, and asked of the sign test.

    Args:
        first: (N,) whether the first is right, N at least 1.
        second: (N,) whether the second is.
        weights: (N,), above 0.
    """
    shares = weights / weights.sum()
    both, only_first, only_second = (
        float(shares[flags].sum()) for flags in (first & second, first & ~second, second & ~first)
    )
    change = second.astype(np.float64) - first
    difference = only_second - only_first
    number = float(1 / (shares**2).sum())
    spread = float((shares**2 * (change - difference) ** 2).sum())
    if spread > 0:
        number = min(number, (only_first + only_second - difference**2) / spread)
    flips = shares[change != 0]
    num_flips = int(flips.sum() ** 2 / (flips**2).sum() + 1e-9) if len(flips) else 0
    p_value = 1.0
    if num_flips:
        num_second = round(only_second / (only_first + only_second) * num_flips)
        p_value = float(binomtest(num_second, num_flips, 0.5).pvalue)
    counts = (number * share for share in (both, only_first, only_second))
    return WeightedDifference(
        difference=difference,
        interval=interval_of_difference(number, *counts),
        p_value=p_value,
        num_images=len(first),
    )


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """P values of many questions asked at once, in their order, each at most 1.

    Below 5 % stays what is surprising though so many were asked.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for place, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, (len(p_values) - place) * p_values[position])
        adjusted[position] = min(1.0, highest)
    return adjusted
