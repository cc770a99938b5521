"""Nearest embeddings by brute force: exact enough, no index to rebuild, nothing to install.

Vectors of more than 128 values are compared by their 128 main directions first, and the best of
those by all of them.

Legend: N vectors, D values, C of them in the first comparison.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from forge_core.runs.probabilities.blocks import Halves

COMPONENTS = 128
SAMPLE = 20_000
AGAIN = 8
"""So many times the wanted number are compared by all their values."""
BLOCK_ROWS = 50_000

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class SimilarityIndex:
    """N embeddings, to be searched by the angle between them.

    Args:
        values: (N, D); kept as they are, and C float32 beside each.
    """

    def __init__(self, values: Halves) -> None:
        self._values = values
        self._basis = main_directions(values)
        self._near = np.empty((len(values), self._basis.shape[1]), np.float32)
        for start in range(0, len(values), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            self._near[rows] = (normalised(values[rows]) @ self._basis).numpy()

    def __len__(self) -> int:
        return len(self._values)

    def search(self, vector: npt.ArrayLike, number: int) -> tuple[Places, Floats]:
        """The nearest vectors, the nearest first.

        Args:
            vector: (D,).
            number: How many; fewer come back where there are fewer.

        Returns:
            Their positions, and the cosine of the angle to each, -1 to 1.
        """
        number = min(number, len(self))
        if not number:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        wanted = normalised(np.asarray(vector, np.float32)[None])[0]
        rough = self._near @ (wanted @ self._basis).numpy()
        is_whole = self._basis.shape[0] == self._basis.shape[1]
        at_first = number if is_whole else min(len(self), AGAIN * number)
        # Not torch.topk, which takes longer than the product.
        places = np.argpartition(-rough, at_first - 1)[:at_first]
        likeness = (normalised(self._values[places]) @ wanted).numpy()
        order = np.lexsort((places, -likeness))[:number]
        return places[order].astype(np.int64), likeness[order]


def main_directions(values: Halves) -> Tensor:
    """In which embeddings (N, D) are longest (D, C), orthonormal; all where D is small."""
    width = values.shape[1]
    if width <= COMPONENTS or not len(values):
        return torch.eye(width)
    return longest_directions(normalised(values[:: max(1, len(values) // SAMPLE)]), COMPONENTS)


def longest_directions(rows: Tensor, components: int) -> Tensor:
    """In which rows (N, D) are longest (D, C), orthonormal; C at most `components`, N and D."""
    width = rows.shape[1]
    if width > 4 * SAMPLE or len(rows) < width:  # fewer rows than values: through the rows
        _, _, directions = torch.linalg.svd(rows, full_matrices=False)
        found: Tensor = directions[:components].T.contiguous()
        return found
    _, vectors = torch.linalg.eigh(rows.T @ rows)
    largest: Tensor = vectors[:, -components:].contiguous()
    return largest


def normalised(values: npt.NDArray[np.generic]) -> Tensor:
    """Rows (N, D) at length 1, float32; one of zeros stays so."""
    rows = torch.from_numpy(np.ascontiguousarray(values, np.float32))
    return torch.nn.functional.normalize(rows, dim=1)
