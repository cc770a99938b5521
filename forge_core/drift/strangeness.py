"""How unlike the reference an image is, and whether more images are than should be.

The distance is that to the fifth nearest image of the reference, between embeddings of length 1; of
a reference image, to the fifth nearest of the others. It needs no labels and no calibration.

Source: Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors".

Legend: M reference images, N images of the traffic, F features.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from forge_core.evaluation.answers import Floats

NEAREST = 5
SHARE = 0.05
"""Of the reference's images that are called strange, so that strange is what few of them are."""
_AT_ONCE = 1_024
Rows = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Strangers:
    """Images that are farther from the reference than nearly all of its own."""

    line: float
    """The distance from which on an image is strange."""
    num_reference: int
    num_reference_strange: int
    num_traffic: int
    num_traffic_strange: int
    p_value: float
    """How often so many more are strange where nothing has changed; Fisher's exact test."""

    @property
    def share(self) -> float:
        """Of the traffic, 0 to 1."""
        return self.num_traffic_strange / max(self.num_traffic, 1)

    @property
    def reference_share(self) -> float:
        """Of the reference, 0 to 1."""
        return self.num_reference_strange / max(self.num_reference, 1)


def distances(rows: Rows, reference: Rows, *, is_reference: bool = False) -> Floats:
    """Distances (N,) of images (N, F) to the fifth nearest of the reference (M, F).

    Args:
        rows: The images.
        reference: M at least 2.
        is_reference: The images are the reference's own, and each is not its own neighbour.
    """
    known = _unit(reference)
    near = min(NEAREST, len(known) - 1) - (0 if is_reference else 1)
    found = np.empty(len(rows))
    for start in range(0, len(rows), _AT_ONCE):
        likeness = _unit(rows[start : start + _AT_ONCE]) @ known.T
        nearest = -np.partition(-likeness, near, axis=1)[:, near]
        found[start : start + len(likeness)] = np.sqrt(np.maximum(2 - 2 * nearest, 0))
    return found


def count(reference: Floats, traffic: Floats) -> Strangers:
    """Compare how many are strange, by the distances of both, (M,) and (N,)."""
    line = float(np.quantile(reference, 1 - SHARE))
    own, strange = int((reference > line).sum()), int((traffic > line).sum())
    table = [[strange, len(traffic) - strange], [own, len(reference) - own]]
    return Strangers(
        line=line,
        num_reference=len(reference),
        num_reference_strange=own,
        num_traffic=len(traffic),
        num_traffic_strange=strange,
        p_value=float(fisher_exact(table, alternative="greater").pvalue),
    )


def _unit(rows: Rows) -> NDArray[np.float32]:
    values = rows.astype(np.float32)
    lengths = np.sqrt(np.square(values).sum(axis=1, keepdims=True))
    found: NDArray[np.float32] = values / np.maximum(lengths, 1e-12)
    return found
