"""What an accuracy would be on all images, told from measured ones that were not drawn alike.

Images drawn with a known probability are weighted by its inverse. Those that were chosen for what
they are, with a probability that nobody knows, say nothing of all images, and are left out.

Legend: N measured images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forge_core.errors import InvalidInput
from forge_core.evaluation.sampling import weighing
from forge_core.evaluation.sampling.shown import SampledAccuracy
from forge_core.evaluation.sampling.weighted import WeightedClasses


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

    The interval is that of `weighing`.

    Args:
        is_right: (N,) whether each image was answered right.
        sample: How they came in.

    Raises:
        InvalidInput: The lengths differ.
    """
    if len(is_right) != len(sample.is_chosen):
        raise InvalidInput(
            f"{len(is_right):,} answers and {len(sample.is_chosen):,} images do not fit."
        )
    is_used = ~sample.is_chosen
    found = weighing.weigh(is_right[is_used], sample.weights[is_used])
    return SampledAccuracy(
        value=None if found is None else found.value,
        interval=None if found is None else found.interval,
        num_images=len(is_right),
        num_chosen=int(sample.is_chosen.sum()),
        is_weighted=sample.is_weighted,
        effective_size=0.0 if found is None else found.effective_size,
    )


def weigh_classes(
    label_ids: npt.NDArray[np.int64],
    predicted_ids: npt.NDArray[np.int64],
    class_ids: Sequence[int],
    sample: Sample,
) -> WeightedClasses:
    """The numbers of classes on images like those that the sample stands for.

    Args:
        label_ids: (N,) the class of each image.
        predicted_ids: (N,) the answered one.
        class_ids: The classes that there are; every label and answer is among them.
        sample: How the images came in; those that were chosen are left out.
    """
    is_used = ~sample.is_chosen
    return weighing.weigh_classes(
        label_ids[is_used], predicted_ids[is_used], sample.weights[is_used], class_ids
    )
