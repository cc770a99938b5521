"""Choose the images to label next: cover the embedding first, then ask what the head doubts.

With few labels a network's doubt says little: until every class has about 20 labels, images are
taken whose neighbourhoods hold the most images that no label covers yet. After that a linear head
is fitted, and images are drawn whose gradients are large and unlike each other. A tenth is always
drawn by chance alone, with a known probability, so that a measurement stays possible.

Legend: N images, P values of a point, K classes, L labelled images.
Source: Yehuda et al. 2022 (ProbCover), Ash et al. 2020 (BADGE).
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.enums import RequestReason
from forge_core.errors import InvalidInput
from forge_core.evaluation.label_next.pool import Floats, Places, Pool

RANDOM_SHARE = 0.1
COVER_PER_CLASS = 20
"""Labels a class up to which coverage decides."""
HEAD_L2 = 0.05
"""Weight of the squared weights beside the mean loss: at 500 labels worth more than any choice."""
_ITERATIONS = 100


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One image to label."""

    place: int
    """In the pool."""
    why: RequestReason
    probability: float | None = None
    """With which each image without a label was drawn, 0 to 1; None unless drawn by chance."""


def choose(
    pool: Pool,
    labelled: Places,
    labels: Places,
    number: int,
    *,
    num_classes: int,
    seed: int = 0,
    random_share: float = RANDOM_SHARE,
) -> list[Choice]:
    """The next images to label, those of chance first.

    Args:
        pool: All N images.
        labelled: (L,) places of those that have a label.
        labels: (L,) their classes in [0, K).
        number: How many are wanted; fewer are answered where fewer have no label.
        num_classes: K.
        seed: The same seed chooses the same.
        random_share: Share that is drawn by chance, rounded up; 0 draws none.

    Raises:
        InvalidInput: `number` is not positive, or the labels do not fit the places.
    """
    if number < 1 or len(labelled) != len(labels):
        raise InvalidInput(
            f"{number} images were asked for, with {len(labelled)} labelled images and "
            f"{len(labels)} labels.",
            next_step="Ask for at least one image, with one label for each labelled image.",
        )
    random = np.random.default_rng([seed, len(labelled)])
    taken = np.zeros(len(pool), dtype=bool)
    taken[labelled] = True
    num_free = int((~taken).sum())
    number = min(number, num_free)
    num_random = min(int(np.ceil(number * random_share)), number)
    by_chance = random.permutation(np.flatnonzero(~taken))[:num_random]
    taken[by_chance] = True
    found = [
        Choice(place=int(place), why=RequestReason.CHANCE, probability=num_random / num_free)
        for place in by_chance
    ]
    if number == num_random:
        return found
    if len(labelled) < COVER_PER_CLASS * num_classes or len(np.unique(labels)) < 2:
        why, chosen = RequestReason.COVERS, cover(pool, taken, number - num_random, random)
    else:
        doubts = _doubts(pool, labelled, labels, num_classes)
        why, chosen = (
            RequestReason.DOUBT,
            spread_doubt(pool, taken, doubts, number - num_random, random),
        )
    return found + [Choice(place=place, why=why) for place in chosen]


def cover(
    pool: Pool, taken: NDArray[np.bool_], number: int, random: np.random.Generator
) -> list[int]:
    """Images whose balls hold the most images that no taken image's ball holds, greedily.

    Args:
        pool: All N images.
        taken: (N,) those that cover already and cannot be chosen.
        number: At most the images that are not taken.
        random: Decides between equal ones.
    """
    neighbours = pool.neighbours
    is_covered = np.zeros(len(pool), dtype=bool)
    gains = np.diff(neighbours.starts).astype(np.float64)

    def count_in(balls: Places) -> None:
        fresh = np.unique(balls[~is_covered[balls]])
        is_covered[fresh] = True
        gains[:] -= np.bincount(neighbours.of_all(fresh), minlength=len(pool))

    count_in(neighbours.of_all(np.flatnonzero(taken)))
    ties = random.random(len(pool)) / 2
    chosen: list[int] = []
    is_free = ~taken
    for _ in range(number):
        best = int(np.where(is_free, gains + ties, -1.0).argmax())
        chosen.append(best)
        is_free[best] = False
        count_in(neighbours.of(best))
    return chosen


def spread_doubt(
    pool: Pool,
    taken: NDArray[np.bool_],
    doubts: Floats,
    number: int,
    random: np.random.Generator,
) -> list[int]:
    """Images with large gradients that differ: k-means++ over the gradients of the last layer.

    A gradient is the outer product of point and doubt, so that distances come from two small
    products and no gradient is ever written out.

    Args:
        pool: All N images.
        taken: (N,) those that cannot be chosen.
        doubts: (N, K) probabilities, less 1 at the most likely class.
        number: At most the images that are not taken.
        random: Draws them.
    """
    lengths = np.square(pool.points).sum(axis=1) * np.square(doubts).sum(axis=1)
    distances = lengths.astype(np.float64)
    is_free = ~taken
    chosen: list[int] = []
    for _ in range(number):
        weights = np.where(is_free, np.maximum(distances, 0.0), 0.0)
        total = weights.sum()
        if not chosen:
            next_one = int(np.where(is_free, weights, -1.0).argmax())
        elif total > 0:
            next_one = int(random.choice(len(weights), p=weights / total))
        else:  # all are alike: any will do
            next_one = int(random.choice(np.flatnonzero(is_free)))
        chosen.append(next_one)
        is_free[next_one] = False
        products = (pool.points @ pool.points[next_one]) * (doubts @ doubts[next_one])
        to_chosen = lengths + lengths[next_one] - 2 * products
        distances = to_chosen if len(chosen) == 1 else np.minimum(distances, to_chosen)
    return chosen


def fit_head(points: Floats, labels: Places, num_classes: int, asked: Floats) -> Floats:
    """Class probabilities (M, K) for the asked points (M, P), of a head on L labelled points.

    A class without a label has the probability 0.
    """
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    there = np.unique(labels)
    found = np.zeros((len(asked), num_classes), dtype=np.float32)
    if len(there) < 2:
        found[:, there] = 1.0
        return found
    head = LogisticRegression(max_iter=_ITERATIONS, C=1 / (2 * HEAD_L2 * len(labels)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a hundred iterations are enough for a choice
        head.fit(points, labels)
    found[:, there] = head.predict_proba(asked)
    return found


def _doubts(pool: Pool, labelled: Places, labels: Places, num_classes: int) -> Floats:
    probabilities = fit_head(pool.points[labelled], labels, num_classes, pool.points)
    probabilities[np.arange(len(pool)), probabilities.argmax(axis=1)] -= 1
    return probabilities
