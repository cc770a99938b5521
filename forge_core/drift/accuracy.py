"""How right the answers of the traffic are, without labels, and after an audit of a few.

*Without labels*: the mean confidence, corrected by how far confidence and accuracy are apart on the
reference. It assumes that confidence means on the traffic what it means there.

*After an audit*: images are drawn from layers of confidence, more of those of which the network is
unsure, so that a label tells as much as it can. In each layer what was found counts against the
confidence, which weighs as much as so many labels. A layer's labels are a random draw of it, so
that the more of them there are, the less the assumption matters.

Source: Guillory et al. 2021, "Predicting with Confidence on Unseen Distributions" (difference of
confidences); the layers have equal sums of the standard deviation, Dalenius and Hodges 1959, which
Neyman's allocation makes equal draws; Angelopoulos et al. 2023, "Prediction-Powered Inference".

Legend: M reference images, N images of the traffic, H layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forge_core.evaluation.answers import Flags, Floats, Whole

AUDIT_IMAGES = 50
NUM_LAYERS = 10
PRIOR_LABELS = 2.0
"""So many labels does the confidence of a layer weigh as."""
_LEAST_SPREAD = 0.25
_NUM_DRAWS = 20_000
_Z = 1.96


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An accuracy with its 95 % interval, all 0 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Answers of about the same confidence."""

    low: float
    """Least confidence in it."""
    high: float
    """Largest."""
    weight: float
    """Share of the answers, 0 to 1."""
    mean_confidence: float


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What an audit found in a layer."""

    layer: Layer
    num_right: int
    num_wrong: int


def estimate_without_labels(
    confidence: Floats, reference_confidence: Floats, reference_is_right: Flags
) -> Estimate:
    """Accuracy of the traffic if confidence means there what it means on the reference.

    Args:
        confidence: (N,) calibrated, of the traffic, N at least 1.
        reference_confidence: (M,) calibrated, of the reference, M at least 1.
        reference_is_right: (M,).
    """
    gaps = reference_is_right - reference_confidence
    value = float(confidence.mean() + gaps.mean())
    variance = (confidence * (1 - confidence)).mean() / len(confidence) + gaps.var() / len(gaps)
    half = _Z * float(np.sqrt(variance))
    return Estimate(value=_within(value), low=_within(value - half), high=_within(value + half))


def draw_layers(
    confidence: Floats, *, num_images: int = AUDIT_IMAGES, seed: int = 0
) -> tuple[list[Layer], list[Whole]]:
    """Layers of the answers, and of each the answers that are drawn for an audit.

    Args:
        confidence: (N,) calibrated, N at least 1.
        num_images: How many to draw in all; fewer where there are fewer.
        seed: Of the draw.
    """
    random = np.random.default_rng(seed)
    order = np.argsort(confidence, kind="stable")
    spread = np.sqrt(confidence * (1 - confidence))[order]
    spread = np.maximum(spread, _LEAST_SPREAD * spread.mean() + 1e-9)
    ends = np.cumsum(spread) / spread.sum()
    number = min(NUM_LAYERS, max(num_images // 2, 1))
    places = np.minimum((ends * number - 1e-9).astype(np.int64), number - 1)
    members = [order[places == place] for place in np.unique(places)]
    layers = [
        Layer(
            low=float(confidence[each].min()),
            high=float(confidence[each].max()),
            weight=len(each) / len(confidence),
            mean_confidence=float(confidence[each].mean()),
        )
        for each in members
    ]
    counts = _share_out(num_images, [len(each) for each in members])
    drawn = [
        random.choice(each, count, replace=False)
        for each, count in zip(members, counts, strict=True)
    ]
    return layers, drawn


def estimate_after_audit(
    found: Sequence[Audited], *, prior_labels: float = PRIOR_LABELS, seed: int = 0
) -> Estimate:
    """Accuracy of the answers that the layers are of.

    Args:
        found: Of each layer what was found, in some of them perhaps nothing.
        prior_labels: So many labels does the confidence of a layer weigh as.
        seed: Of the draws of the interval.
    """
    weights = np.array([each.layer.weight for each in found])
    confidence = np.array([each.layer.mean_confidence for each in found])
    right = np.array([each.num_right for each in found]) + prior_labels * confidence
    wrong = np.array([each.num_wrong for each in found]) + prior_labels * (1 - confidence)
    value = float((weights * right / np.maximum(right + wrong, 1e-9)).sum())
    random = np.random.default_rng(seed)
    shape = (_NUM_DRAWS, len(found))
    draws = random.beta(np.maximum(right, 1e-3), np.maximum(wrong, 1e-3), shape) @ weights
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(value=value, low=min(float(low), value), high=max(float(high), value))


def _share_out(total: int, sizes: Sequence[int]) -> list[int]:
    """So many of each, as equal as the sizes allow."""
    counts = [0] * len(sizes)
    left = min(total, sum(sizes))
    while left:
        open_ = [place for place, size in enumerate(sizes) if counts[place] < size]
        for place in sorted(open_, key=lambda each: counts[each])[:left]:
            counts[place] += 1
        left = min(total, sum(sizes)) - sum(counts)
    return counts


def _within(value: float) -> float:
    return min(max(value, 0.0), 1.0)
