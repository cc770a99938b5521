"""What an accuracy would be on all images, told from measured ones that were not drawn alike.

Images drawn with a known probability are weighted by its inverse. Those that were chosen for what
they are, with a probability that nobody knows, say nothing of all images, and are left out.

Legend: N measured images.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forge_core.errors import InvalidInput
from forge_core.evaluation.metrics import wilson_of_rate
from forge_core.evaluation.sampling.shown import SampledAccuracy


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How N images came to be measured; every column is (N,)."""

    is_chosen: npt.NDArray[np.bool_]
    """Chosen for what they are: because they looked hard, or stood for others."""
    weights: npt.NDArray[np.float64]
    """How many images each stands for, up to a factor; above 0, and 1 where all are drawn alike."""

    @staticmethod
    def drawn_alike(number: int) -> "Sample":
        """Of images that are a fair sample."""
        return Sample(is_chosen=np.zeros(number, np.bool_), weights=np.ones(number))

    @property
    def is_fair(self) -> bool:
        """Whether every image is as likely to be measured as any other."""
        return not self.is_chosen.any() and not self.is_weighted

    @property
    def is_weighted(self) -> bool:
        """Whether those that nobody chose were drawn with different probabilities."""
        drawn = self.weights[~self.is_chosen]
        return bool(len(drawn) and (drawn != drawn[0]).any())

    def where(self, mask: npt.NDArray[np.bool_]) -> "Sample":
        """The images at which the mask is true, in their order."""
        return Sample(is_chosen=self.is_chosen[mask], weights=self.weights[mask])


def estimate(is_right: npt.NDArray[np.bool_], sample: Sample) -> SampledAccuracy:
    """The accuracy on images like those that the sample stands for.

    The interval is Wilson's at the effective number of images: the smaller of Kish's, which knows
    the weights alone, and the one that gives the variance of the weighted mean. With equal weights
    both are the number of images, and the interval is the usual one.

    Args:
        is_right: (N,) whether each image was answered right.
        sample: How they came in.

    Raises:
        InvalidInput: The lengths differ.

    Source: Hájek 1971 (the weighted mean); Kish 1965, section 11.7 (effective size).
    """
    if len(is_right) != len(sample.is_chosen):
        raise InvalidInput(
            f"{len(is_right):,} answers and {len(sample.is_chosen):,} images do not fit."
        )
    is_used = ~sample.is_chosen
    right, weights = is_right[is_used].astype(np.float64), sample.weights[is_used]
    num_chosen = int(sample.is_chosen.sum())
    if not len(right):
        return SampledAccuracy(
            value=None,
            interval=None,
            num_images=len(is_right),
            num_chosen=num_chosen,
            is_weighted=False,
            effective_size=0.0,
        )
    value = float(np.average(right, weights=weights))
    size = float(weights.sum() ** 2 / (weights**2).sum())
    spread = float((weights**2 * (right - value) ** 2).sum() / weights.sum() ** 2)
    if spread > 0:
        size = min(size, value * (1 - value) / spread)
    return SampledAccuracy(
        value=value,
        interval=wilson_of_rate(value, size),
        num_images=len(is_right),
        num_chosen=num_chosen,
        is_weighted=sample.is_weighted,
        effective_size=size,
    )
