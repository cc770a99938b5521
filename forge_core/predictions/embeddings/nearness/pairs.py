"""Pairs of images that a network sees as nearly the same scene.

Legend: N images, B of them in a block.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

LEAST = 0.7
"""Cosine from which on a pair is kept; a person's line lies above it."""
MOST_OF_ONE = 5
"""Pairs of each image, the nearest: a series of a hundred frames is not ten thousand pairs."""
MOST = 100_000

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class NearPairs:
    """P pairs, the nearest first; each once."""

    first: Places
    """(P,) positions, smaller than those of `second`."""
    second: Places
    cosines: npt.NDArray[np.float64]


class PairCollector:
    """Collects pairs from blocks of cosines."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], float] = {}

    def add(self, cosines: Tensor, start: int) -> None:
        """Take the nearest pairs of some images.

        Args:
            cosines: (B, N) to all images; of each image to itself -inf.
            start: Position of the first of the B images.
        """
        nearest, places = cosines.topk(min(MOST_OF_ONE, cosines.shape[1]), dim=1)
        rows, columns = torch.nonzero(nearest >= LEAST, as_tuple=True)
        others = places[rows, columns].tolist()
        for row, other, cosine in zip(
            (rows + start).tolist(), others, nearest[rows, columns].tolist(), strict=True
        ):
            self._found[min(row, other), max(row, other)] = min(cosine, 1.0)

    def finish(self) -> NearPairs:
        """The nearest of all that were added, at most `MOST`."""
        ordered = sorted(self._found.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
        ends = np.array([pair for pair, _ in ordered], np.int64).reshape(-1, 2)
        return NearPairs(
            first=ends[:, 0],
            second=ends[:, 1],
            cosines=np.array([cosine for _, cosine in ordered], np.float64),
        )
