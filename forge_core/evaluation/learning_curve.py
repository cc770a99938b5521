"""Have I labelled enough? The accuracy with a part of the labels, drawn on to more of them.

On features that a frozen network gives, a linear classifier learns in seconds, so that it can be
trained again with a tenth, a fifth and so on of each class. Its errors are fitted by a power law,
which learning curves follow over a wide range; what more labels would bring is read from it.

Legend: N training images, M validation images, D features, K classes.
Source: Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically".
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import InvalidInput
from forge_core.progress import SILENT, Progress

SHARES = (0.1, 0.2, 0.4, 0.8)
REPEATS = 3
EXTRA_LABELS = 100
FEW_VAL = 30
"""A class that was found in none of fewer validation images may well be learnt: nobody can tell."""
MIN_SIZES = 3
"""Different numbers of images that a curve needs: a power law has two free numbers and a floor."""
RESAMPLINGS = 60
MAX_SCALE, MAX_POWER = 2.0, 2.0
NUM_POWERS = 101
REFINEMENT = 20
MAX_ITERATIONS = 200
WORTHWHILE = 0.01
"""A gain of at least one point is called worth the labels."""

Features = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """Classifiers trained with this share of each class."""

    share: float
    num_images: int
    accuracies: tuple[float, ...]
    """On all M validation images, one a repeat."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What more labels would bring; the numbers are None where the curve cannot be drawn on."""

    name: str
    """Of the class; empty for all together."""
    num_train: int
    """Training images that there are, also where the curve was drawn from a sample of them."""
    num_val: int
    """Validation images that it was measured on."""
    accuracy: float
    """With the largest share: of a class the share of its images that are found."""
    gain: float | None = None
    """Expected with 100 more labels a class, 0 to 1."""
    interval: tuple[float, float] | None = None
    """Of the gain at 90 %."""

    @property
    def verdict(self) -> str:
        """Worth it, enough, unclear, or too few to tell."""
        if self.gain is None or self.interval is None:
            return "too few to tell" if self.num_val < FEW_VAL else "unclear"
        if self.interval[0] >= WORTHWHILE:
            return "worth it"
        if self.interval[1] < WORTHWHILE:
            return "enough"
        return "unclear"


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """The answer."""

    points: list[CurvePoint]
    overall: Outlook
    classes: list[Outlook]
    """Worst first: the least found; of equals the one that more labels would help most.
    Those without validation images come last."""
    num_used: int = 0
    """Training images that the shares are of: fewer than there are where a sample was taken."""


def draw_curve(
    features: Features,
    labels: Labels,
    val_features: Features,
    val_labels: Labels,
    class_names: Sequence[str],
    *,
    train_counts: Sequence[int] | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> LearningCurve:
    """Train linear classifiers with 10, 20, 40 and 80 % of each class and draw their errors on.

    "100 more labels" means 100 more of each class; of a single class its own curve is drawn on,
    which is how it does when the others grow as well.

    Args:
        features: (N, D) of the training images.
        labels: (N,) in [0, K).
        val_features: (M, D).
        val_labels: (M,) in [0, K).
        class_names: K names.
        train_counts: (K,) training images that there are of each class, where the N are a sample
            of them; what more labels bring is counted from these on.
        seed: Decides which images the parts hold; the same seed gives the same curve.
        progress: Told the classifiers trained; asked before each.

    Raises:
        InvalidInput: There are fewer than two classes with at least two training images, or no
            validation image.
        Cancelled: Nothing is answered.
    """
    counts = np.bincount(labels, minlength=len(class_names))
    if (counts >= 2).sum() < 2 or not len(val_labels):
        raise InvalidInput(
            f"{int((counts >= 2).sum())} classes have two training images and "
            f"{len(val_labels):,} images are in validation: too few for a learning curve.",
            next_step="Label at least 2 images of 2 classes, and put some into validation.",
        )
    there = counts if train_counts is None else np.asarray(train_counts, dtype=np.int64)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    features, val_features = (features - mean) / spread, (val_features - mean) / spread
    total = len(SHARES) * REPEATS
    sizes: list[NDArray[np.int64]] = []
    recalls: list[NDArray[np.float64]] = []
    points = []
    orders = [_shuffled(labels, np.random.default_rng([seed, turn])) for turn in range(REPEATS)]
    val_counts = np.bincount(val_labels, minlength=len(class_names))
    for share in SHARES:
        accuracies = []
        for order in orders:
            progress.check()
            chosen = _take_share(order, labels, counts, share)
            predicted = _fit_and_predict(features[chosen], labels[chosen], val_features)
            right = np.bincount(val_labels[predicted == val_labels], minlength=len(class_names))
            accuracies.append(float(right.sum() / len(val_labels)))
            recalls.append(right / np.maximum(val_counts, 1))
            sizes.append(np.bincount(labels[chosen], minlength=len(class_names)))
            progress.advance(len(sizes), total, f"{len(sizes)} of {total} classifiers")
        points.append(CurvePoint(share=share, num_images=len(chosen), accuracies=tuple(accuracies)))
    return LearningCurve(
        points=points,
        overall=_overall(points, there, len(val_labels), len(class_names), seed),
        classes=_by_class(class_names, there, val_counts, np.array(sizes), np.array(recalls), seed),
        num_used=len(labels),
    )


def _shuffled(labels: Labels, random: np.random.Generator) -> NDArray[np.int64]:
    return random.permutation(len(labels))


def _take_share(
    order: NDArray[np.int64], labels: Labels, counts: NDArray[np.int64], share: float
) -> NDArray[np.int64]:
    """The first images of each class in an order, so that a larger share holds the smaller one."""
    wanted = np.maximum(1, np.ceil(counts * share)).astype(np.int64)
    chosen = []
    for label in range(len(counts)):
        chosen.append(order[labels[order] == label][: wanted[label]])
    return np.concatenate(chosen)


def _fit_and_predict(features: Features, labels: Labels, val_features: Features) -> Labels:
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    if len(np.unique(labels)) < 2:
        return np.full(len(val_features), labels[0])
    classifier = LogisticRegression(max_iter=MAX_ITERATIONS, C=1.0 / math.sqrt(features.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 200 iterations are enough for a comparison
        classifier.fit(features, labels)
    found: Labels = classifier.predict(val_features)
    return found


def _overall(
    points: Sequence[CurvePoint],
    counts: NDArray[np.int64],
    num_val: int,
    num_classes: int,
    seed: int,
) -> Outlook:
    sizes = np.repeat([point.num_images for point in points], REPEATS).astype(float)
    accuracies = np.concatenate([point.accuracies for point in points])
    now = float(counts.sum())
    gain = estimate_gain(
        sizes, accuracies, num_val, now=now, extra=EXTRA_LABELS * num_classes, seed=seed
    )
    return Outlook(
        name="",
        num_train=int(now),
        num_val=num_val,
        accuracy=float(np.mean(points[-1].accuracies)),
        gain=gain[0] if gain else None,
        interval=gain[1] if gain else None,
    )


def _by_class(
    names: Sequence[str],
    counts: NDArray[np.int64],
    val_counts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    recalls: NDArray[np.float64],
    seed: int,
) -> list[Outlook]:
    found = []
    for label, name in enumerate(names):
        gain = None
        is_found = bool(recalls[-REPEATS:, label].any())  # else no curve: at zero with the most
        if is_found and sizes[:, label].min():
            gain = estimate_gain(
                sizes[:, label].astype(float),
                recalls[:, label],
                int(val_counts[label]),
                now=float(counts[label]),
                extra=EXTRA_LABELS,
                seed=seed,
            )
        found.append(
            Outlook(
                name=name,
                num_train=int(counts[label]),
                num_val=int(val_counts[label]),
                accuracy=float(recalls[-REPEATS:, label].mean()),
                gain=gain[0] if gain else None,
                interval=gain[1] if gain else None,
            )
        )
    return sorted(
        found,
        key=lambda each: (not each.num_val, each.accuracy, -(each.gain or 0.0), each.name),
    )


def estimate_gain(
    sizes: NDArray[np.float64],
    accuracies: NDArray[np.float64],
    num_val: int,
    *,
    now: float,
    extra: float,
    seed: int = 0,
) -> tuple[float, tuple[float, float]] | None:
    """What `extra` more images would add to an accuracy, and the interval of that at 90 %.

    The interval holds what the choice of training images and the number of validation images
    leave open: the errors are drawn anew from their binomial distributions and fitted again.

    Args:
        sizes: (P,) training images of each measured point.
        accuracies: (P,) 0 to 1.
        num_val: Validation images that each was measured on.
        now: Training images that there are.
        extra: Images more.
        seed: Of the resampling.

    Returns:
        The gain and its interval, 0 to 1; None with fewer than three different sizes.
    """
    if len(np.unique(sizes)) < MIN_SIZES:
        return None
    errors = 1 - accuracies
    random = np.random.default_rng(seed)
    # Never certain of 0 or 1 from few images: the rule of succession.
    likely = (errors * num_val + 1) / (num_val + 2)
    drawn = random.binomial(num_val, likely, size=(RESAMPLINGS, len(errors))) / num_val
    gain, *gains = _gains(sizes, np.concatenate([errors[None], drawn]), now, extra).tolist()
    low, high = np.quantile(gains, (0.05, 0.95))
    return gain, (float(min(low, gain)), float(max(high, gain)))


def _gains(
    sizes: NDArray[np.float64], errors: NDArray[np.float64], now: float, extra: float
) -> NDArray[np.float64]:
    """(R,) falls of the fitted (R, P) errors from `now` to `now + extra` images, none below 0."""
    smallest = sizes.min()
    scales, powers, floors = fit_power_laws(sizes / smallest, errors)
    before, after = (_power_law(n / smallest, scales, powers, floors) for n in (now, now + extra))
    return np.maximum(before - after, 0.0)


def fit_power_laws(
    sizes: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Least squares of `scale * size ** -power + floor`, all rows at once.

    For a known power the two others are linear, so only the power is searched: on a grid, then
    around the best of it (variable projection, Golub and Pereyra 1973). So there is no start to
    choose and no local minimum coarser than the grid.

    Args:
        sizes: (P,) at least 1.
        errors: (R, P) of R curves, 0 to 1.

    Returns:
        (R,) scales in [0, 2], powers in [0, 2] and floors in [0, 1].
    """
    grid = np.linspace(0, MAX_POWER, NUM_POWERS)
    powers = np.repeat(grid[None], len(errors), axis=0)
    for step in (grid[1], grid[1] / REFINEMENT):
        best = _fit_linear(sizes, errors, powers)
        around = np.linspace(-step, step, 2 * REFINEMENT + 1)
        powers = np.clip(best[1][:, None] + around, 0, MAX_POWER)
    return _fit_linear(sizes, errors, powers)


def _fit_linear(
    sizes: NDArray[np.float64], errors: NDArray[np.float64], powers: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of (R, G) powers the best of each row, and its scale and floor, each (R,).

    The squares are convex, so where their minimum lies outside of the allowed rectangle the best
    place in it is on one of its four edges.
    """
    shrunk = sizes ** -powers[..., None]  # (R, G, P)
    size, mean_u, mean_e = len(sizes), shrunk.mean(axis=-1), errors.mean(axis=-1)[:, None]
    u_u = np.einsum("rgp,rgp->rg", shrunk, shrunk) / size
    u_e = np.einsum("rgp,rp->rg", shrunk, errors) / size
    spread = np.maximum(u_u - mean_u**2, 1e-12)
    inner = (u_e - mean_u * mean_e) / spread
    zero, one = np.zeros_like(powers), np.ones_like(powers)
    scales = np.stack([inner, zero, MAX_SCALE * one, u_e / u_u, (u_e - mean_u) / u_u])
    floors = np.stack([mean_e - inner * mean_u, mean_e + zero, mean_e - MAX_SCALE * mean_u])
    floors = np.concatenate([floors, [zero, one]])
    is_out = (scales[0] < 0) | (scales[0] > MAX_SCALE) | (floors[0] < 0) | (floors[0] > 1)
    scales, floors = np.clip(scales, 0, MAX_SCALE), np.clip(floors, 0, 1)
    squares = (  # without the mean square of the errors, which is the same for all
        scales**2 * u_u
        + floors**2
        + 2 * (scales * floors * mean_u - scales * u_e - floors * mean_e)
    )
    squares[0][is_out] = np.inf
    rows = np.arange(len(powers))
    edge, column = np.unravel_index(
        squares.transpose(1, 0, 2).reshape(len(powers), -1).argmin(axis=1),
        (len(squares), powers.shape[1]),
    )
    return scales[edge, rows, column], powers[rows, column], floors[edge, rows, column]


def _power_law(
    size: float,
    scale: NDArray[np.float64],
    power: NDArray[np.float64],
    floor: NDArray[np.float64],
) -> NDArray[np.float64]:
    return scale * size**-power + floor
