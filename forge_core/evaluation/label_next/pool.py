"""Embeddings, made ready for choosing: directions, and who is whose neighbour.

Legend: N images, D values of an embedding, P values after the projection.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import InvalidInput
from forge_core.evaluation import label_issues

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

MOST_VALUES = 128
"""Of a projected embedding."""
MOST_IMAGES = 20_000
"""More are a sample's work: neighbours are looked for among all pairs."""
_BALL = (10, 100)
"""Fewest and most images that the ball of a middling image holds."""
_BALL_SHARE = 300
"""One image in so many is in a ball, within these bounds."""
_BLOCK = 1_000
_SAMPLE = 1_000
_TINY = 1e-6


@dataclass(frozen=True)
class Neighbours:
    """Who lies in whose ball; mutual, and everybody is in its own. Compressed rows."""

    starts: Places
    """(N + 1,) where the neighbours of an image begin in `places`."""
    places: Places

    def of(self, place: int) -> Places:
        """The images in the ball of one."""
        return self.places[self.starts[place] : self.starts[place + 1]]

    def of_all(self, places: Places) -> Places:
        """The images in the balls of these, as often as they lie in one."""
        if not len(places):
            return np.empty(0, dtype=np.int64)
        return np.concatenate([self.of(int(place)) for place in places])


@dataclass(frozen=True)
class Pool:
    """N images to choose from."""

    points: Floats
    """(N, P) principal components; their spread over all values and images is 1."""

    @classmethod
    def of(cls, embeddings: NDArray[np.floating]) -> "Pool":
        """The pool of these embeddings (N, D).

        Raises:
            InvalidInput: There are fewer than two, more than 20,000, or they hold no number.
        """
        number = len(embeddings)
        if not 2 <= number <= MOST_IMAGES:
            raise InvalidInput(
                f"{number:,} images were given to choose from; 2 to {MOST_IMAGES:,} can be.",
                next_step="Choose from a sample of them.",
            )
        if not np.isfinite(embeddings).all():
            raise InvalidInput(
                "Some embeddings are no numbers.", next_step="Compute the embeddings anew."
            )
        return cls(label_issues.reduce_features(embeddings, MOST_VALUES).numpy())

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def directions(self) -> Floats:
        """(N, P), each of length 1."""
        lengths = np.linalg.norm(self.points, axis=1, keepdims=True)
        directions: Floats = self.points / np.maximum(lengths, _TINY)
        return directions

    @cached_property
    def neighbours(self) -> Neighbours:
        """Balls that hold about one image in a hundred where the pool is neither dense nor thin."""
        number = len(self)
        size = min(max(number // _BALL_SHARE, _BALL[0]), _BALL[1], number - 1)
        sample = self.directions[:: max(1, number // _SAMPLE)]
        edges = np.partition(sample @ self.directions.T, number - size - 1, axis=1)
        least = float(np.median(edges[:, number - size - 1]))
        rows = []
        for start in range(0, number, _BLOCK):
            near = self.directions[start : start + _BLOCK] @ self.directions.T >= least
            near[np.arange(len(near)), np.arange(start, start + len(near))] = True
            rows.append(np.nonzero(near))
        counts = np.concatenate([np.bincount(row, minlength=0) for row, _ in rows])
        return Neighbours(
            np.concatenate(([0], np.cumsum(counts))), np.concatenate([col for _, col in rows])
        )
