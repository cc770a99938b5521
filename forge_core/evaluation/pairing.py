"""Two networks on the same images: which is better, or is it chance?

Legend: N images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Flags
from forge_core.evaluation.metrics import wilson_interval

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
        """Of the difference at 95 %.

        Source: Newcombe 1998, "Improved confidence intervals for the difference between binomial
        proportions based on paired data", method 10, without its continuity correction of phi.
        """
        number = self.num_images
        both, first, second = self.num_both, self.num_only_first, self.num_only_second
        neither = number - both - first - second
        rate_first, rate_second = (both + first) / number, (both + second) / number
        low_first, high_first = wilson_interval(both + first, number)
        low_second, high_second = wilson_interval(both + second, number)
        below_first, above_first = rate_first - low_first, high_first - rate_first
        below_second, above_second = rate_second - low_second, high_second - rate_second
        product = float(both + first) * (second + neither) * (both + second) * (first + neither)
        phi = (both * neither - first * second) / product**0.5 if product else 0.0
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
