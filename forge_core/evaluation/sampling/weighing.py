"""Shares of images that count by a weight, with intervals at their effective number of images.

The interval is Wilson's at that number: the smaller of Kish's, which knows the weights alone, and
the one that gives the variance of the weighted mean. With equal weights both are the number of
images, and the interval is the usual one.

Legend: N images, K classes.
Sources: Hájek 1971 (the weighted mean); Kish 1965, section 11.7 (effective size); Zou and Donner
2008, "Construction of confidence limits about effect measures" (the interval of a mean of shares).
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from forge_core.evaluation.sampling.intervals import wilson_of_rate
from forge_core.evaluation.sampling.weighted import WeightedClass, WeightedClasses, WeightedRate

Floats = npt.NDArray[np.float64]


def weigh(is_in: npt.NDArray[np.bool_], weights: Floats) -> WeightedRate | None:
    """The share of N images at which a flag is true; None of no image."""
    (found,) = weigh_groups(is_in, weights, np.zeros(len(is_in), np.int64), 1)
    return found


def weigh_groups(
    is_in: npt.NDArray[np.bool_], weights: Floats, groups: npt.NDArray[np.int64], number: int
) -> list[WeightedRate | None]:
    """The same share within each of `number` groups; None of those without an image.

    Args:
        is_in: (N,).
        weights: (N,), above 0.
        groups: (N,) of each image its group, 0 to `number` - 1.
        number: How many groups there are.
    """
    hits = is_in.astype(np.float64)
    total, squares, found, found_squares = (
        np.bincount(groups, each, number)
        for each in (weights, weights**2, weights * hits, weights**2 * hits)
    )
    rates: list[WeightedRate | None] = []
    for group in range(number):
        if not total[group]:
            rates.append(None)
            continue
        value = min(float(found[group] / total[group]), 1.0)
        size = float(total[group] ** 2 / squares[group])
        spread = found_squares[group] * (1 - 2 * value) + value**2 * squares[group]
        spread = float(spread / total[group] ** 2)
        if 0 < value < 1 and spread > 0:
            size = min(size, value * (1 - value) / spread)
        rates.append(
            WeightedRate(value=value, interval=wilson_of_rate(value, size), effective_size=size)
        )
    return rates


def weigh_classes(
    label_ids: npt.NDArray[np.int64],
    predicted_ids: npt.NDArray[np.int64],
    weights: Floats,
    class_ids: Sequence[int],
) -> WeightedClasses:
    """Recall, precision and F1 of classes on N images, each counted by its weight.

    Args:
        label_ids: (N,) the class of each image.
        predicted_ids: (N,) the answered one.
        weights: (N,), above 0.
        class_ids: The K classes that there are, each once; every label and answer is among them.
    """
    number = len(class_ids)
    column = {class_id: place for place, class_id in enumerate(class_ids)}
    true, answered = (
        np.array([column[each] for each in ids.tolist()], np.int64)
        for ids in (label_ids, predicted_ids)
    )
    is_right = true == answered
    recalls = weigh_groups(is_right, weights, true, number)
    precisions = weigh_groups(is_right, weights, answered, number)
    of_label, of_answer, of_both = (
        np.bincount(groups, each, number)
        for groups, each in ((true, weights), (answered, weights), (true, weights * is_right))
    )
    occurring = of_label + of_answer > 0
    f1 = 2 * of_both / np.where(occurring, of_label + of_answer, 1.0)
    known = [rate for rate in recalls if rate is not None]
    return WeightedClasses(
        num_images=len(true),
        balanced_accuracy=float(np.mean([rate.value for rate in known])) if known else None,
        balanced_interval=interval_of_mean(known) if known else None,
        macro_f1=float(f1[occurring].mean()) if len(true) else None,
        weighted_f1=float((f1 * of_label).sum() / of_label.sum()) if len(true) else None,
        classes=tuple(
            WeightedClass(
                recall=recalls[place],
                precision=precisions[place],
                f1=float(f1[place]) if occurring[place] else None,
            )
            for place in range(number)
        ),
    )


class _Rate(Protocol):
    """A share with its interval."""

    @property
    def value(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float]: ...


def interval_of_mean(rates: Sequence[_Rate]) -> tuple[float, float]:
    """Of the mean of shares of different images, at 95 %; at least one of them."""
    values = np.array([rate.value for rate in rates])
    ends = np.array([rate.interval for rate in rates])
    below, above = np.sqrt(((ends - values[:, None]) ** 2).sum(axis=0)) / len(values)
    mean = float(values.mean())
    return max(0.0, mean - float(below)), min(1.0, mean + float(above))
