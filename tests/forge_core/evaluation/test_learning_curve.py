"""Learning curves of data whose truth is known."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from forge_core.errors import InvalidInput
from forge_core.evaluation import learning_curve
from forge_core.evaluation.learning_curve import Outlook
from forge_core.progress import Progress

NAMES = ["easy", "left", "right"]


def make_data(number: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Three classes: one far away, two that overlap in many weak features."""
    random = np.random.default_rng(seed)
    labels = np.arange(number) % 3
    features = random.normal(size=(number, 40)).astype(np.float32)
    features[labels == 0, 0] += 12
    direction = np.linspace(0.15, 0.5, 39)
    features[labels == 1, 1:] += direction
    features[labels == 2, 1:] -= direction
    return features, labels


def draw(number: int = 180, num_val: int = 300) -> learning_curve.LearningCurve:
    return learning_curve.draw_curve(*make_data(number, 1), *make_data(num_val, 2), NAMES)


@cache
def drawn() -> learning_curve.LearningCurve:
    """The usual one, drawn once."""
    return draw()


@pytest.mark.slow
def test_draw_curve__accuracy_grows_with_the_labels() -> None:
    curve = drawn()
    assert [(point.share, point.num_images) for point in curve.points] == [
        (0.1, 18),
        (0.2, 36),
        (0.4, 72),
        (0.8, 144),
    ]
    means = [np.mean(point.accuracies) for point in curve.points]
    assert means[0] + 0.05 < means[-1]
    assert curve.overall.accuracy == pytest.approx(means[-1])
    assert (curve.overall.num_train, curve.overall.num_val) == (180, 300)


@pytest.mark.slow
def test_draw_curve__says_which_class_has_enough() -> None:
    outlooks = {entry.name: entry for entry in drawn().classes}
    easy = outlooks["easy"]
    assert easy.accuracy > 0.98
    assert easy.gain is not None
    assert easy.gain < 0.01
    assert easy.verdict in ("enough", "unclear")
    hard = max(outlooks["left"].gain or 0, outlooks["right"].gain or 0)
    assert hard > easy.gain
    assert (easy.num_train, easy.num_val) == (60, 100)


@pytest.mark.slow
def test_draw_curve__of_a_sample_counts_gains_from_all_images_on() -> None:
    def draw_sample(each: int) -> learning_curve.LearningCurve:
        data = (*make_data(180, 1), *make_data(300, 2))
        return learning_curve.draw_curve(*data, NAMES, train_counts=[each] * 3)

    curve, sample = drawn(), draw_sample(60_000)
    assert draw_sample(60) == curve
    assert (sample.overall.num_train, sample.num_used) == (180_000, 180)
    assert {entry.num_train for entry in sample.classes} == {60_000}
    assert sample.points == curve.points
    assert curve.overall.gain is not None
    assert sample.overall.gain is not None
    assert sample.overall.gain < curve.overall.gain / 10  # 300 labels beside 180,000


@pytest.mark.slow
def test_draw_curve__is_decided_by_the_seed() -> None:
    assert draw() == drawn()


@pytest.mark.slow
def test_draw_curve__tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    learning_curve.draw_curve(
        *make_data(60, 1),
        *make_data(60, 2),
        NAMES,
        progress=Progress(lambda now: told.append((now.done, now.total))),
    )
    assert told == [(number, 12) for number in range(1, 13)]


@pytest.mark.parametrize(("number", "num_val"), [(1, 30), (60, 0)])
def test_draw_curve__refuses_too_little(number: int, num_val: int) -> None:
    with pytest.raises(InvalidInput, match="too few for a learning curve"):
        draw(number, num_val)


def test_estimate_gain__finds_the_power_law_that_made_the_numbers() -> None:
    # error(n) = 0.5 n^-0.5 + 0.05: at 100 images 0.1, at 400 images 0.075, a gain of 0.025.
    sizes = np.array([5.0, 10.0, 20.0, 40.0, 80.0])
    accuracies = 1 - (0.5 * sizes**-0.5 + 0.05)
    found = learning_curve.estimate_gain(sizes, accuracies, 100_000, now=100, extra=300)
    assert found is not None
    gain, (low, high) = found
    assert gain == pytest.approx(0.025, abs=0.001)
    assert low <= gain <= high
    assert high - low < 0.01


def test_fit_power_laws__no_place_that_is_allowed_has_fewer_squares() -> None:
    random = np.random.default_rng(0)
    sizes = np.repeat([1.0, 2.0, 4.0, 8.0], 3)
    truth = random.uniform((0, 0, 0), (1.5, 1.5, 0.6), (12, 3))
    errors = random.binomial(20, np.clip(curves(truth, sizes), 0, 1)) / 20
    fitted = np.column_stack(learning_curve.fit_power_laws(sizes, errors))
    squares = ((curves(fitted, sizes) - errors) ** 2).sum(axis=1)
    assert (fitted >= 0).all()
    assert (fitted <= (2, 2, 1)).all()
    for theirs, least in zip(errors, squares, strict=True):
        others = random.uniform((0, 0, 0), (2, 2, 1), (2_000, 3))
        near = np.clip(fitted + random.normal(0, 0.02, (500, len(fitted), 3)), 0, (2, 2, 1))
        tried = np.concatenate([others, near.reshape(-1, 3)])
        assert least <= ((curves(tried, sizes) - theirs) ** 2).sum(axis=1).min() + 1e-6


def curves(laws: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(R, P) errors of (R, 3) scales, powers and floors."""
    return laws[:, :1] * sizes ** -laws[:, 1:2] + laws[:, 2:]


def test_estimate_gain__few_validation_images_leave_it_open() -> None:
    sizes = np.array([5.0, 10.0, 20.0, 40.0])
    accuracies = 1 - (0.5 * sizes**-0.5 + 0.05)
    wide = learning_curve.estimate_gain(sizes, accuracies, 12, now=50, extra=100)
    narrow = learning_curve.estimate_gain(sizes, accuracies, 12_000, now=50, extra=100)
    assert wide is not None
    assert narrow is not None
    assert wide[1][1] - wide[1][0] > 2 * (narrow[1][1] - narrow[1][0])


def test_estimate_gain__a_flat_curve_gains_nothing() -> None:
    found = learning_curve.estimate_gain(
        np.array([5.0, 10.0, 20.0, 40.0]), np.full(4, 0.9), 10_000, now=50, extra=100
    )
    assert found is not None
    assert found[0] < 0.002


def test_estimate_gain__two_sizes_are_no_curve() -> None:
    sizes, accuracies = np.array([1.0, 1.0, 2.0]), np.array([0.5, 0.6, 0.7])
    assert learning_curve.estimate_gain(sizes, accuracies, 50, now=2, extra=100) is None


def test_classes__one_that_is_never_found_is_too_few_to_tell_and_comes_first() -> None:
    features, labels = make_data(180, 1)
    val_features, val_labels = make_data(300, 2)
    val_features[val_labels == 2] = val_features[val_labels == 0][: (val_labels == 2).sum()]
    kept = (val_labels != 2) | (np.cumsum(val_labels == 2) <= 5)
    curve = learning_curve.draw_curve(features, labels, val_features[kept], val_labels[kept], NAMES)
    worst = curve.classes[0]
    assert (worst.name, worst.num_val, worst.accuracy) == ("right", 5, 0.0)
    assert (worst.gain, worst.interval, worst.verdict) == (None, None, "too few to tell")
    assert [each.accuracy for each in curve.classes] == sorted(
        each.accuracy for each in curve.classes
    )


@pytest.mark.parametrize(
    ("gain", "interval", "verdict"),
    [
        (0.03, (0.012, 0.05), "worth it"),
        (0.003, (0.0, 0.008), "enough"),
        (0.02, (0.0, 0.05), "unclear"),
        (None, None, "too few to tell"),
    ],
)
def test_verdict(gain: float | None, interval: tuple[float, float] | None, verdict: str) -> None:
    outlook = Outlook(
        name="cat", num_train=9, num_val=9, accuracy=0.5, gain=gain, interval=interval
    )
    assert outlook.verdict == verdict
