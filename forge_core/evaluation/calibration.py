"""Does "90 % sure" mean right 9 times of 10? And the one number that mends it: a temperature.

Legend: N images, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Flags, Floats, Whole
from forge_core.evaluation.metrics import log_loss
from forge_core.evaluation.sampling import weighing
from forge_core.evaluation.sampling.weighted import WeightedRate

BINS = 10
MIN_IMAGES = 30
"""Fewer say nothing of how sure a network is."""
LARGEST_TEMPERATURE = 20.0


@dataclass(frozen=True, kw_only=True)
class ConfidenceBin:
    """Answers of about the same confidence."""

    low: float
    high: float
    """The range holds `low` and not `high`, but for 1."""
    num_images: int
    num_right: int
    mean_confidence: float
    """Of its images that count; the middle of one without any."""
    accuracy: WeightedRate | None
    """Of its images that count; None without any."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the confidence goes with being right."""

    bins: list[ConfidenceBin]
    """From 0 to 1, all equally wide."""
    expected_error: float
    """Expected calibration error: the mean gap between confidence and accuracy, by weight."""
    mean_confidence: float
    accuracy: float

    @property
    def words(self) -> str:
        """Whether it is too sure, in a sentence."""
        gap = self.mean_confidence - self.accuracy
        if abs(gap) < 0.02:
            return "On the whole it is about as sure as it is right."
        kind = "too sure" if gap > 0 else "not sure enough"
        return (
            f"On the whole it is {kind}: {100 * self.mean_confidence:.0f} % sure, "
            f"{100 * self.accuracy:.0f} % right."
        )


def calibrate(
    confidence: Floats, is_right: Flags, weights: Floats | None = None, *, num_bins: int = BINS
) -> Calibration:
    """Answers in bins of confidence.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", with equally wide bins;
    an answer at the border of two bins is in the upper one.

    Args:
        confidence: (N,) 0 to 1.
        is_right: (N,).
        weights: (N,) by which images count, 0 of those that speak for themselves alone, not all;
            None where all count alike. Numbers of images are of all.
        num_bins: How many bins.

    Raises:
        InvalidInput: There is no answer.
    """
    if not len(confidence):
        raise InvalidInput("0 images were measured, so nothing is known of how sure it is.")
    counts = np.ones(len(confidence)) if weights is None else weights
    edges = [place / num_bins for place in range(num_bins + 1)]
    place_of = np.searchsorted(np.array(edges[1:-1]), confidence, side="right")
    bins = []
    error = 0.0
    for place in range(num_bins):
        inside = place_of == place
        used = inside & (counts > 0)
        rate = weighing.weigh(is_right[used], counts[used]) if used.any() else None
        mean = (edges[place] + edges[place + 1]) / 2
        if rate is not None:
            mean = float(np.average(confidence[used], weights=counts[used]))
            error += float(counts[used].sum() / counts.sum()) * abs(rate.value - mean)
        bins.append(
            ConfidenceBin(
                low=edges[place],
                high=edges[place + 1],
                num_images=int(inside.sum()),
                num_right=int(is_right[inside].sum()),
                mean_confidence=mean,
                accuracy=rate,
            )
        )
    return Calibration(
        bins=bins,
        expected_error=error,
        mean_confidence=float(np.average(confidence, weights=counts)),
        accuracy=float(np.average(is_right, weights=counts)),
    )


@dataclass(frozen=True, kw_only=True)
class CoveragePoint:
    """What happens when only answers of at least this confidence are given."""

    threshold: float
    num_answered: int
    num_wrong: int
    """Of those that are answered."""
    answered: float
    """Share of the images, by weight, 0 to 1."""
    wrong: float
    """Share of those that are answered, by weight, 0 to 1; 0 where none that counts is."""


def sweep_threshold(
    confidence: Floats, is_right: Flags, weights: Floats | None = None
) -> list[CoveragePoint]:
    """Coverage against error at each percent of confidence, from 0 to 99 %.

    The arguments are those of `calibrate`.
    """
    counts = np.ones(len(confidence)) if weights is None else weights
    points = []
    for percent in range(100):
        answered = confidence >= percent / 100
        weight, of_wrong = counts[answered].sum(), counts[answered & ~is_right].sum()
        points.append(
            CoveragePoint(
                threshold=percent / 100,
                num_answered=int(answered.sum()),
                num_wrong=int((answered & ~is_right).sum()),
                answered=float(weight / counts.sum()),
                wrong=float(of_wrong / weight) if weight else 0.0,
            )
        )
    return points


def threshold_for_error(points: Sequence[CoveragePoint], largest_error: float) -> float | None:
    """The lowest of these thresholds at which at most this share of the answers is wrong.

    None where none reaches it with any answer left.
    """
    for point in points:
        if point.answered and point.wrong <= largest_error:
            return point.threshold
    return None


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """What the logits are divided by, so that the confidence fits."""

    value: float
    """Above 1 the network was too sure."""
    loss_before: float
    """Mean cross entropy in nats."""
    loss_after: float
    num_images: int


def fit_temperature(scores: Floats, places: Whole) -> Temperature | None:
    """The temperature under which the right classes are most likely.

    Args:
        scores: (N, K) logits, or logarithms of probabilities.
        places: (N,) column of the right class.

    Returns:
        None with fewer than `MIN_IMAGES` images, where it would be chance.

    Source: Guo et al. 2017, section 4.2; searched over the logarithm, from 1/20 to 20.
    """
    if len(places) < MIN_IMAGES:
        return None
    limit = float(np.log(LARGEST_TEMPERATURE))
    found = minimize_scalar(
        lambda log: log_loss(scores / np.exp(log), places), bounds=(-limit, limit), method="bounded"
    )
    before = log_loss(scores, places)
    value, after = float(np.exp(found.x)), float(found.fun)
    if after > before:
        value, after = 1.0, before
    return Temperature(value=value, loss_before=before, loss_after=after, num_images=len(places))


def confidence_at(scores: Floats, temperature: float) -> Floats:
    """(N,) probability of the most likely class with the scores divided by the temperature."""
    scaled = scores / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    highest: Floats = 1 / np.exp(scaled).sum(axis=1)
    return highest
