"""How often each class comes, estimated from the answers alone.

Counting answers is not enough: a network that takes one cat in ten for a dog finds too many dogs.
The shares are those under which the calibrated probabilities are most likely, by expectation and
maximization. That holds where images of a class look as they did, and only how many come of each
class has changed.

Source: Saerens et al. 2002; Alexandari et al. 2020, "Maximum Likelihood with Bias-Corrected
Calibration is Hard-To-Beat at Label Shift Adaptation".

Legend: M reference images, N images of the traffic, K classes, B draws.
"""

from dataclasses import dataclass

import numpy as np

from forge_core.evaluation.answers import Floats

NUM_DRAWS = 100
_MAX_STEPS = 200
_TOLERANCE = 1e-6
_LEAST = 1e-9


@dataclass(frozen=True, kw_only=True)
class ClassShare:
    """How often a class comes."""

    name: str
    trained: float
    """Share of the training images, 0 to 1."""
    traffic: float
    """Estimated share of the traffic, 0 to 1."""
    low: float
    high: float
    """95 % interval of it."""
    answered: float
    """Share of the answers that name it."""

    @property
    def is_changed(self) -> bool:
        """Whether the share of the training images lies outside the interval."""
        return not self.low <= self.trained <= self.high


def estimate(
    probabilities: Floats, reference: Floats, *, seed: int = 0
) -> tuple[Floats, Floats, Floats]:
    """Shares of the classes in the traffic, with the ends of their 95 % intervals, each (K,).

    The intervals are of bootstrap draws of both the traffic and the reference.

    Args:
        probabilities: (N, K) calibrated, of the traffic, N at least 1.
        reference: (M, K) calibrated, of the reference.
        seed: Of the draws.
    """
    random = np.random.default_rng(seed)
    number, num_classes = probabilities.shape
    shares = _maximize(probabilities, _prior(reference), None)
    draws = np.empty((NUM_DRAWS, num_classes))
    for place in range(NUM_DRAWS):
        weights = random.multinomial(number, np.full(number, 1 / number)) / number
        rows = random.integers(0, len(reference), len(reference))
        prior = _prior(reference[rows])
        draws[place] = _maximize(probabilities, prior, weights, shares)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return shares, np.minimum(low, shares), np.maximum(high, shares)


def _prior(reference: Floats) -> Floats:
    """What the probabilities take the shares to be: their mean over the reference.

    Where they are calibrated that is the share of the labels; where they are not, it is what makes
    the reference come out as it is.
    """
    found: Floats = np.maximum(reference.mean(axis=0), _LEAST)
    return found


def _maximize(
    probabilities: Floats, prior: Floats, weights: Floats | None, start: Floats | None = None
) -> Floats:
    shares = prior.copy() if start is None else np.maximum(start, _LEAST)
    for _ in range(_MAX_STEPS):
        scaled = probabilities * (shares / prior)
        scaled /= np.maximum(scaled.sum(axis=1, keepdims=True), _LEAST)
        summed = scaled.sum(axis=0) if weights is None else weights @ scaled
        after: Floats = summed / summed.sum()
        if np.abs(after - shares).max() < _TOLERANCE:
            return after
        shares = after
    return shares
