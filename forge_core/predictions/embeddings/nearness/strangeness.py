"""How far an image is from those that are nearest to it, among all and within its class.

Legend: N images, D values of an embedding.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from forge_core.predictions.embeddings import similarity_index
from forge_core.predictions.embeddings.nearness.pairs import PairCollector
from forge_core.progress import SILENT, Progress

NEIGHBOURS = 10
AT_ONCE = 1_000
"""Images that are compared with all at once."""
MOST_EXACT = 20_000
"""Up to so many images are compared by all D values, more by their main directions."""

Halves = npt.NDArray[np.float16]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Strangeness:
    """Mean of one less the cosine to the nearest others: 0 for copies, about 1 for unrelated."""

    overall: Doubles
    """(N,), to the nearest of all; NaN for an image alone."""
    in_class: Doubles
    """(N,), to the nearest of its class; NaN without a label, or alone in its class."""


def measure(
    values: Halves,
    labels: npt.NDArray[np.integer],
    *,
    pairs: PairCollector | None = None,
    progress: Progress = SILENT,
) -> Strangeness:
    """How strange each image is.

    Args:
        values: (N, D) embeddings.
        labels: (N,) classes, 0 for none.
        pairs: Given every block of cosines too.
        progress: Told the images done; asked before each block.

    Raises:
        Cancelled: It shall end.
    """
    number = len(values)
    rows = similarity_index.normalised(values)
    if number > MOST_EXACT:
        rows = rows @ similarity_index.main_directions(values)
    classes = torch.from_numpy(np.ascontiguousarray(labels, np.int64))
    overall, in_class = np.empty(number), np.empty(number)
    for start in range(0, number, AT_ONCE):
        progress.check()
        block = slice(start, start + AT_ONCE)
        cosines = rows[block] @ rows.T
        size = len(cosines)
        cosines[torch.arange(size), torch.arange(start, start + size)] = -torch.inf
        if pairs is not None:
            pairs.add(cosines, start)
        overall[block] = _mean_distance(cosines)
        own = classes[block]
        is_other = (own[:, None] != classes) | (own[:, None] == 0)
        in_class[block] = _mean_distance(cosines.masked_fill_(is_other, -torch.inf))
        progress.advance(min(start + AT_ONCE, number), number, f"Comparing {number:,} images")
    return Strangeness(overall=overall, in_class=in_class)


def _mean_distance(cosines: Tensor) -> Doubles:
    """(B,): to the nearest of those whose cosine is finite; NaN where there is none."""
    nearest = cosines.topk(min(NEIGHBOURS, cosines.shape[1]), dim=1).values.double()
    is_there = nearest.isfinite()
    total = torch.where(is_there, 1 - nearest, 0.0).sum(dim=1)
    found: Doubles = (total / is_there.sum(dim=1)).clamp_min(0).numpy()  # 0 / 0 is NaN
    return found
