"""Are the second settings better than the first, judged by several seeds of each?

Every run answers the same images. Two things vary by chance: which images were drawn, and what
each seed makes of the settings. A difference counts where both together rarely give one as large.

Legend: N images, A runs of the first settings, B of the second.

Source: variance components of a crossed design (images by runs), as for readers and cases in
Gallas 2006; degrees of freedom by Satterthwaite 1946.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Flags
from forge_core.evaluation.pairing import SIGNIFICANT

FEWEST_RUNS = 3
"""Of both settings together: only two of the same settings show what a seed changes."""


@dataclass(frozen=True, kw_only=True)
class Variances:
    """What varies by chance; of shares, where 1 is all images."""

    of_images: float
    """Of an image: the mean answers of the second settings less those of the first."""
    of_runs: float
    """Of a run: its accuracy on these N images, among runs of the same settings."""
    of_flips: float
    """Of one answer of a run, beyond how good the run is and how easy the image."""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The mean accuracy of the second settings less that of the first, on the same N images."""

    num_images: int
    num_runs: tuple[int, int]
    accuracies: tuple[float, float]
    """Means over the runs, 0 to 1."""
    variances: Variances

    @property
    def difference(self) -> float:
        """-1 to 1."""
        return self.accuracies[1] - self.accuracies[0]

    @property
    def share(self) -> float:
        """1/A + 1/B: what is left of a variance from run to run in the difference."""
        return sum(1.0 / number for number in self.num_runs)

    @cached_property
    def variance(self) -> float:
        """Of the difference, over other images and other seeds."""
        return self._from_images + self._from_seeds

    @property
    def _from_images(self) -> float:
        return self.variances.of_images / self.num_images

    @property
    def _from_seeds(self) -> float:
        """Beyond the flips, which the images show already."""
        own = self.variances.of_runs - self.variances.of_flips / self.num_images
        return max(0.0, own) * self.share

    @cached_property
    def degrees(self) -> float:
        """Degrees of freedom of that variance."""
        if not self.variance:
            return 1.0
        measured = self.variances.of_runs * self.share
        return self.variance**2 / (
            self._from_images**2 / max(1, self.num_images - 1)
            + measured**2 / (sum(self.num_runs) - 2)
        )

    @property
    def least(self) -> float:
        """The smallest difference that would be told apart."""
        return float(stdtrit(self.degrees, 1.0 - SIGNIFICANT / 2.0)) * math.sqrt(self.variance)

    @property
    def interval(self) -> tuple[float, float]:
        """Of the difference at 95 %."""
        return self.difference - self.least, self.difference + self.least

    @property
    def p_value(self) -> float:
        """How often chance alone gives a difference this large, 0 to 1."""
        if not self.variance:
            return float(not self.difference)
        return float(2.0 * stdtr(self.degrees, -abs(self.difference) / math.sqrt(self.variance)))

    @property
    def is_told_apart(self) -> bool:
        """Whether chance alone would rarely (5 %) give so large a difference.

        That holds though a person looks again when seeds were added: a variance beyond the flips
        counts from 0 up only, which errs on the careful side (`benchmarks.seeds` measures it).
        """
        return self.p_value < SIGNIFICANT


def compare(first: Flags, second: Flags) -> Contest:
    """Compare the runs of two settings on the same images, in the same order.

    Args:
        first: (A, N) whether each run is right.
        second: (B, N) whether each run is, A + B at least 3, A, B and N at least 1.

    Raises:
        InvalidInput: There are too few runs or no images, or the images differ.
    """
    one, two = (np.atleast_2d(flags).astype(np.float64) for flags in (first, second))
    runs = len(one) + len(two)
    if one.shape[1] != two.shape[1] or not one.size or not two.size or runs < FEWEST_RUNS:
        raise InvalidInput(
            f"{len(one)} and {len(two)} runs on {one.shape[1]:,} and {two.shape[1]:,} images "
            "cannot be compared.",
            next_step="Train two seeds at least, and evaluate all runs on the same images.",
        )
    num_images = one.shape[1]
    between, flips = (sum(parts) for parts in zip(_scatter(one), _scatter(two), strict=True))
    per_image = two.mean(axis=0) - one.mean(axis=0)
    return Contest(
        num_images=num_images,
        num_runs=(len(one), len(two)),
        accuracies=(float(one.mean()), float(two.mean())),
        variances=Variances(
            of_images=float(per_image.var(ddof=1)) if num_images > 1 else 0.0,
            of_runs=between / (runs - 2),
            of_flips=flips / ((runs - 2) * max(1, num_images - 1)),
        ),
    )


def _scatter(right: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Sums of squares of runs (M, N): of their accuracies, and of what is left beside images."""
    of_run, of_image = right.mean(axis=1, keepdims=True), right.mean(axis=0, keepdims=True)
    left = right - of_run - of_image + right.mean()
    return float(((of_run - right.mean()) ** 2).sum()), float((left**2).sum())
