"""Where is a network worse than elsewhere? Accuracies of parts of the images, asked all at once.

Legend: N images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import fisher_exact

from forge_core.evaluation.answers import Flags, Floats
from forge_core.evaluation.pairing import SIGNIFICANT, adjust_holm
from forge_core.evaluation.sampling import weighing
from forge_core.evaluation.sampling.weighted import WeightedRate
from forge_core.evaluation.summary import Rate

REST = ""
"""The value of images that are no part themselves: only others are compared with them."""
MIN_IMAGES = 10
"""A part of fewer images is not asked about: nothing could be said of it."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The images that share a value."""

    kind: str
    """What the images are parted by, such as `source`."""
    value: str
    counted: Rate
    """Right answers among all of them, each counted alike."""
    accuracy: WeightedRate
    rest: WeightedRate
    """The accuracy of all other images of the same parting."""
    p_value: float
    """Of the difference, for all questions of the same call together (Holm), 0 to 1."""

    @property
    def difference(self) -> float:
        """-1 to 1: below 0 it is worse than the rest."""
        return self.accuracy.value - self.rest.value

    @property
    def is_told_apart(self) -> bool:
        """Whether it stays surprising though so many parts were asked about."""
        return self.p_value < SIGNIFICANT


def slice_by(
    is_right: Flags, parts: Mapping[str, Sequence[str | None]], weights: Floats | None = None
) -> list[Slice]:
    """The parts with the largest loss to the rest first.

    Args:
        is_right: (N,).
        parts: By kind the value of each image, N of them; None leaves an image out of that kind,
            and `REST` is no part.
        weights: (N,) by which images count, 0 of those that speak for themselves alone; None
            where all count alike.

    Returns:
        Values of at least `MIN_IMAGES` images that count and have as many others beside them. Each
        is compared with the others by Fisher's exact test, of weighted images at the number of
        images drawn alike that would tell as much, and all the p values are adjusted together.
    """
    counts = np.ones(len(is_right)) if weights is None else weights
    is_used = counts > 0
    found: list[tuple[str, str, Rate, WeightedRate, WeightedRate, float]] = []
    for kind, values in parts.items():
        there = np.array([value is not None for value in values], dtype=np.bool_)
        names, codes = np.unique(
            np.array([value or "" for value in values], dtype=np.str_), return_inverse=True
        )
        for code, name in enumerate(names):
            if name == REST:
                continue
            inside = (codes == code) & there
            own, others = inside & is_used, there & ~inside & is_used
            if own.sum() < MIN_IMAGES or others.sum() < MIN_IMAGES:
                continue
            accuracy = weighing.weigh(is_right[own], counts[own])
            rest = weighing.weigh(is_right[others], counts[others])
            assert accuracy is not None, "there are images"
            assert rest is not None, "there are others"
            p_value = float(fisher_exact([_as_counts(accuracy), _as_counts(rest)]).pvalue)
            counted = Rate(count=int(is_right[inside].sum()), of=int(inside.sum()))
            found.append((kind, str(name), counted, accuracy, rest, p_value))
    adjusted = adjust_holm([each[-1] for each in found])
    slices = [
        Slice(
            kind=kind, value=value, counted=counted, accuracy=accuracy, rest=rest, p_value=p_value
        )
        for (kind, value, counted, accuracy, rest, _), p_value in zip(found, adjusted, strict=True)
    ]
    return sorted(slices, key=lambda each: (each.difference, each.kind, each.value))


def _as_counts(rate: WeightedRate) -> tuple[int, int]:
    """Right and wrong answers, at the number of images drawn alike that would tell as much."""
    number = round(rate.effective_size)
    right = round(rate.effective_size * rate.value)
    return right, max(number - right, 0)
