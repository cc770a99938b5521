"""What is counted from answers: metrics, confidence, pairs of networks and parts, by hand."""

import uuid

import numpy as np
import pytest
from sklearn import metrics as known

from forge_core.errors import InvalidInput
from forge_core.evaluation import answers as columns
from forge_core.evaluation import calibration, pairing, slices, summary
from forge_core.evaluation.answers import Answers
from forge_core.models.checkpoints import model_card

LABELS = [7, 3, 5]
"""Numbers of three classes, in the order of the network's outputs."""


def make_answers(probabilities: list[list[float]], places: list[int]) -> Answers:
    values = np.array(probabilities, dtype=np.float64)
    ids = [uuid.UUID(int=number + 1) for number in range(len(places))]
    trained = np.zeros(len(places), np.bool_)
    return columns.read_answers(ids, values, np.array(places), LABELS, trained)


def test_read_answers__ranks_with_the_first_of_equal_classes_before() -> None:
    found = make_answers([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2]], [2, 1, 0])
    assert found.predicted_ids.tolist() == [3, 7, 7]
    assert found.label_ids.tolist() == [5, 3, 7]
    assert found.label_rank.tolist() == [2, 2, 1]
    assert found.is_right.tolist() == [False, False, True]
    assert found.label_probability.tolist() == [0.3, 0.4, 0.4]
    assert columns.count_confusion(found, LABELS).tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_summarise__counts_and_is_what_scikit_learn_says() -> None:
    # True: a a a b b; answers: a a b b a. Class c does not occur.
    right, wrong = [0.8, 0.1, 0.1], [0.1, 0.8, 0.1]
    found = make_answers([right, right, wrong, wrong, right], [0, 0, 0, 1, 1])
    sums = summary.summarise(found, LABELS)
    assert (sums.accuracy.count, sums.accuracy.of) == (3, 5)
    assert sums.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert sums.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert sums.weighted_f1 == pytest.approx((3 * 2 / 3 + 2 * 1 / 2) / 5)
    assert {k: rate.count for k, rate in sums.top.items()} == {1: 3, 2: 5}
    assert [each.label_id for each in sums.classes] == [7, 3]
    first = sums.classes[0]
    assert first.recall is not None
    assert first.precision is not None
    assert (first.recall.count, first.recall.of, first.precision.of) == (2, 3, 3)
    assert sums.balanced_accuracy == pytest.approx(
        known.balanced_accuracy_score(found.label_ids, found.predicted_ids)
    )
    with pytest.raises(InvalidInput, match="0 images"):
        summary.summarise(found.where(np.zeros(5, np.bool_)), LABELS)


def test_calibrate__borders_belong_to_the_upper_bin_and_every_image_to_one() -> None:
    confidence = np.array([0.0, 0.3, 0.3, 0.95, 1.0])
    right = np.array([False, True, False, True, True])
    found = calibration.calibrate(confidence, right)
    assert [each.num_images for each in found.bins] == [1, 0, 0, 2, 0, 0, 0, 0, 0, 2]
    assert (found.bins[3].low, found.bins[3].num_right) == (0.3, 1)
    # Gaps: 0.0 of 1 image, |0.5 - 0.3| of 2, |1 - 0.975| of 2.
    assert found.expected_error == pytest.approx((0.0 + 2 * 0.2 + 2 * 0.025) / 5)
    for each in found.bins:
        inside = (confidence >= each.low) & ((confidence < each.high) | (each.high == 1))
        assert each.num_images == inside.sum()


def test_thresholds__the_lowest_that_keeps_the_error() -> None:
    confidence = np.array([0.2, 0.4, 0.6, 0.8])
    right = np.array([False, False, True, True])
    points = calibration.sweep_threshold(confidence, right)
    assert (points[0].num_answered, points[0].num_wrong) == (4, 2)
    assert (points[40].num_answered, points[40].num_wrong) == (3, 1)
    assert calibration.threshold_for_error(points, 0.34) == 0.21
    assert calibration.threshold_for_error(points, 0.0) == 0.41
    turned = calibration.sweep_threshold(confidence, ~right)
    assert calibration.threshold_for_error(turned, 0.0) is None


def test_fit_temperature__finds_what_the_scores_were_multiplied_by() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4_000, 5)) * 2
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    places = np.array([rng.choice(5, p=row) for row in shares])
    found = calibration.fit_temperature(scores * 3, places)
    assert found is not None
    assert found.value == pytest.approx(3, rel=0.05)
    assert found.loss_after < found.loss_before
    right = scores.argmax(axis=1) == places
    before, after = (
        calibration.calibrate(calibration.confidence_at(scores * 3, each), right).expected_error
        for each in (1.0, found.value)
    )
    assert after < 0.02 < before
    assert calibration.fit_temperature(scores[:29], places[:29]) is None
    # Twice, because a card is read with torch and a temperature fitted without.
    assert calibration.LARGEST_TEMPERATURE == model_card.LARGEST_TEMPERATURE


def test_compare_paired__mcnemar_and_the_interval_by_hand() -> None:
    first = np.array([True] * 70 + [True] * 5 + [False] * 15 + [False] * 10)
    second = np.array([True] * 70 + [False] * 5 + [True] * 15 + [False] * 10)
    found = pairing.compare_paired(first, second)
    assert (found.num_both, found.num_only_first, found.num_only_second) == (70, 5, 15)
    assert found.difference == pytest.approx(0.10)
    # Twice the chance of at most 5 heads in 20: 2 * 21700 / 2**20.
    assert found.p_value == pytest.approx(2 * 21_700 / 2**20)
    assert found.is_told_apart
    # Wilson 0.6570 to 0.8246 and 0.7672 to 0.9069, phi 0.4042.
    assert found.interval == pytest.approx((0.0139, 0.1873), abs=5e-4)
    same = pairing.compare_paired(first, first)
    assert (same.difference, same.p_value, same.is_told_apart) == (0.0, 1.0, False)
    assert same.interval[0] <= 0 <= same.interval[1]
    with pytest.raises(InvalidInput, match="one by one"):
        pairing.compare_paired(first, second[:5])


def test_compare_paired__the_interval_covers_the_true_difference() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        draws = rng.choice(4, size=120, p=[0.7, 0.05, 0.12, 0.13])
        found = pairing.compare_paired((draws == 0) | (draws == 1), (draws == 0) | (draws == 2))
        low, high = found.interval
        covered += low <= 0.07 <= high
    assert covered >= 0.93 * 400


def test_adjust_holm__by_hand() -> None:
    # Sorted: 0.01 * 3, max(0.03, 0.02 * 2), max(0.04, 0.5 * 1).
    assert pairing.adjust_holm([0.5, 0.01, 0.02]) == pytest.approx([0.5, 0.03, 0.04])
    assert pairing.adjust_holm([]) == []
    assert pairing.adjust_holm([0.9, 0.8]) == [1.0, 1.0]


def test_slices__one_that_fails_is_told_and_chance_is_not() -> None:
    rng = np.random.default_rng(2)
    right = rng.random(400) < 0.9
    sources = ["dark camera" if place < 40 else f"camera {place % 4}" for place in range(400)]
    right[:40] = rng.random(40) < 0.4
    found = slices.slice_by(right, {"source": sources})
    assert found[0].value == "dark camera"
    assert found[0].is_told_apart
    assert [each.value for each in found if each.is_told_apart and each.difference < 0] == [
        "dark camera"
    ]
    assert found[0].counted.of == round(found[0].accuracy.effective_size) == 40
    assert round(found[0].rest.effective_size) == 360
    few = ["rare" if place < 9 else None for place in range(400)]
    assert slices.slice_by(right, {"source": few}) == []


def test_weights__chosen_images_move_no_share_and_stay_in_the_counts() -> None:
    rng = np.random.default_rng(3)
    right, confidence = rng.random(400) < 0.9, rng.uniform(0.3, 1, 400)
    chosen = np.arange(400) < 120
    right[chosen], confidence[chosen] = rng.random(120) < 0.3, 0.35
    weights = np.where(chosen, 0.0, rng.choice([1.0, 4.0], 400))
    sources = ["street" if place < 130 else f"camera {place % 3}" for place in range(400)]
    biased = slices.slice_by(right, {"source": sources})
    assert biased[0].value == "street", "they are worse, because they were chosen to be"
    assert biased[0].is_told_apart
    found = {each.value: each for each in slices.slice_by(right, {"source": sources}, weights)}
    fair = slices.slice_by(right[120:], {"source": sources[120:]}, weights[120:])
    assert [(each.accuracy, each.p_value) for each in fair] == [
        (found[each.value].accuracy, found[each.value].p_value) for each in fair
    ]
    assert found["street"].counted.of == 130
    assert not found["street"].is_told_apart
    alike = calibration.calibrate(confidence[120:], right[120:], weights[120:])
    all_of_them = calibration.calibrate(confidence, right, weights)
    assert all_of_them.expected_error == pytest.approx(alike.expected_error)
    assert all_of_them.words == alike.words
    assert sum(each.num_images for each in all_of_them.bins) == 400
    own = calibration.sweep_threshold(confidence, right, weights)[50]
    others = calibration.sweep_threshold(confidence[120:], right[120:], weights[120:])[50]
    assert (own.answered, own.wrong) == pytest.approx((others.answered, others.wrong))


def test_slices__twenty_undisturbed_sets_seldom_alarm() -> None:
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        parts = {"size": [str(each) for each in rng.integers(0, 12, 600)]}
        found = slices.slice_by(rng.random(600) < 0.8, parts)
        alarms += any(each.is_told_apart for each in found)
    assert alarms <= 2
