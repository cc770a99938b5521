"""Arithmetic on many small planes of pixels at once.

Letters: P planes, h and w their sides.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]
Distances = NDArray[np.float32]


def largest_place(values: Planes, size: int) -> Distances:
    """The largest root mean square of any `size` x `size` pixels, (P,)."""
    sums = np.pad(values.astype(np.float64) ** 2, ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
    places = sums[:, size:, size:] - sums[:, :-size, size:] - sums[:, size:, :-size]
    places += sums[:, :-size, :-size]
    largest = np.sqrt(np.maximum(places.max((1, 2)), 0)) / size
    return np.asarray(largest, dtype=np.float32)


def blur(values: Planes) -> Planes:
    """Each pixel with its neighbours by 1, 2, 1 across and down."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    blurred = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    return np.asarray(blurred, dtype=np.float32)


def resampled(values: Planes, down: int, across: int) -> Planes:
    """By area to these sides; a plane that has them is given back."""
    if values.shape[1:] == (down, across):
        return values
    found = _areas(values.shape[1], down) @ values @ _areas(values.shape[2], across).T
    return np.asarray(found, dtype=np.float32)


@lru_cache(maxsize=1_024)
def _areas(source: int, target: int) -> Planes:
    """(target, source): which share of each target pixel each source pixel covers."""
    edges = np.arange(target + 1) * (source / target)
    starts = np.arange(source)
    covered = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    covered = np.maximum(covered, 0)
    return np.asarray(covered / covered.sum(axis=1, keepdims=True), dtype=np.float32)
