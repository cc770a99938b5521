"""Where is a network worse than elsewhere? Accuracies of parts of the images, asked all at once.

Legend: N images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import fisher_exact

from forge_core.evaluation.answers import Flags
from forge_core.evaluation.pairing import SIGNIFICANT, adjust_holm
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
    accuracy: Rate
    rest: Rate
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


def slice_by(is_right: Flags, parts: Mapping[str, Sequence[str | None]]) -> list[Slice]:
    """The parts with the largest loss to the rest first.

    Args:
        is_right: (N,).
        parts: By kind the value of each image, N of them; None leaves an image out of that kind,
            and `REST` is no part.

    Returns:
        Values of at least `MIN_IMAGES` images that have as many others beside them. Each is
        compared with the others by Fisher's exact test, and all the p values are adjusted
        together.
    """
    found: list[tuple[str, str, Rate, Rate, float]] = []
    for kind, values in parts.items():
        there = np.array([value is not None for value in values], dtype=np.bool_)
        names, codes = np.unique(
            np.array([value or "" for value in values], dtype=np.str_), return_inverse=True
        )
        num_all, num_right = int(there.sum()), int(is_right[there].sum())
        for code, name in enumerate(names):
            if name == REST:
                continue
            inside = (codes == code) & there
            number, right = int(inside.sum()), int(is_right[inside].sum())
            if number < MIN_IMAGES or num_all - number < MIN_IMAGES:
                continue
            rest = Rate(count=num_right - right, of=num_all - number)
            table = [[right, number - right], [rest.count, rest.of - rest.count]]
            p_value = float(fisher_exact(table).pvalue)
            found.append((kind, str(name), Rate(count=right, of=number), rest, p_value))
    adjusted = adjust_holm([each[-1] for each in found])
    slices = [
        Slice(kind=kind, value=value, accuracy=accuracy, rest=rest, p_value=p_value)
        for (kind, value, accuracy, rest, _), p_value in zip(found, adjusted, strict=True)
    ]
    return sorted(slices, key=lambda each: (each.difference, each.kind, each.value))
