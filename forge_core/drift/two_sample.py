"""Are two sets of images drawn alike? One number and a p-value, of whole embeddings at once.

The statistic is the energy distance between vectors of length 1: how much farther images of two
sets are from each other than from their own. Its p-value is that of permutations, which is exact
whatever the distribution, and needs no width of a kernel.

Source: Székely and Rizzo 2013, "Energy statistics"; the p-value counts the observed order as one of
the permutations, Phipson and Smyth 2010.

Legend: M reference images, N images of the traffic, F features, P = M + N.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating]
PERMUTATIONS = 999
MAX_IMAGES = 500
"""Of each set; of more a draw is compared."""
LEAST_IMAGES = 20
_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class TwoSampleTest:
    """What came out of comparing two sets."""

    statistic: float
    """Energy distance, from 0 (alike) to 2."""
    p_value: float
    """How often sets that are drawn alike differ so much, above 0."""
    num_reference: int
    num_traffic: int
    """Images that were compared."""


def compare(
    reference: Rows, traffic: Rows, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> TwoSampleTest:
    """Test whether the traffic is drawn as the reference is.

    Args:
        reference: (M, F), M at least 2.
        traffic: (N, F), N at least 2.
        permutations: The p-value is at least 1 / (1 + permutations).
        seed: Of the draws.
    """
    random = np.random.default_rng(seed)
    first, second = (_unit(_draw(each, random)) for each in (reference, traffic))
    pooled = np.concatenate([first, second])
    distances = np.sqrt(np.maximum(2 - 2 * pooled @ pooled.T, 0, dtype=np.float32))
    np.fill_diagonal(distances, 0)
    count, size = len(first), len(pooled)
    is_first = np.zeros(size, np.float32)
    is_first[:count] = 1
    observed = _energies(distances, is_first[:, None])[0]
    num_as_far = 0
    for start in range(0, permutations, _AT_ONCE):
        number = min(_AT_ONCE, permutations - start)
        drawn = np.stack([random.permutation(is_first) for _ in range(number)], axis=1)
        num_as_far += int((_energies(distances, drawn) >= observed - 1e-9).sum())
    return TwoSampleTest(
        statistic=max(float(observed), 0.0),
        p_value=(1 + num_as_far) / (1 + permutations),
        num_reference=count,
        num_traffic=size - count,
    )


def _energies(
    distances: NDArray[np.float32], is_first: NDArray[np.float32]
) -> NDArray[np.floating]:
    """Energy distances of B ways to part the pooled images, given as columns (P, B) of 0 and 1."""
    count = float(is_first[:, 0].sum())
    other = len(is_first) - count
    to_first = distances @ is_first
    within = (is_first * to_first).sum(axis=0, dtype=np.float64)
    between = to_first.sum(axis=0, dtype=np.float64) - within
    rest = float(distances.sum(dtype=np.float64)) - within - 2 * between
    found: NDArray[np.floating] = (
        2 * between / (count * other) - within / count**2 - rest / other**2
    )
    return found


def _draw(rows: Rows, random: np.random.Generator) -> Rows:
    if len(rows) <= MAX_IMAGES:
        return rows
    return rows[np.sort(random.permutation(len(rows))[:MAX_IMAGES])]


def _unit(rows: Rows) -> NDArray[np.float32]:
    values = rows.astype(np.float32)
    lengths = np.sqrt(np.square(values).sum(axis=1, keepdims=True))
    found: NDArray[np.float32] = values / np.maximum(lengths, 1e-12)
    return found
