"""The figures that a report is made of, each on numbers whose answer is known."""

import numpy as np
import pytest

from forge_core.drift import accuracy, class_mix, strangeness, two_sample
from forge_core.drift.accuracy import Audited, Layer
from tests.forge_core.drift import logged


def test_accuracy_without_labels__is_the_confidence_corrected_by_the_reference() -> None:
    confidence = np.array([0.9, 0.7])
    known = np.array([0.9, 0.9, 0.9, 0.9])  # 3 of 4 are right: 15 points too sure
    right = np.array([True, True, True, False])
    found = accuracy.estimate_without_labels(confidence, known, right)
    assert found.value == pytest.approx(0.8 - 0.15)
    assert found.low < found.value < found.high


def test_layers__hold_every_answer_and_more_draws_where_it_is_unsure() -> None:
    confidence = np.concatenate([np.full(900, 0.999), np.linspace(0.4, 0.6, 100)])
    layers, drawn = accuracy.draw_layers(confidence, seed=3)
    assert sum(layer.weight for layer in layers) == pytest.approx(1)
    assert sum(len(each) for each in drawn) == 50
    assert len(np.unique(np.concatenate(drawn))) == 50
    assert np.mean(np.concatenate(drawn) >= 900) > 0.3  # a tenth of all answers


def test_accuracy_after_an_audit__follows_the_labels_where_confidence_is_wrong() -> None:
    layer = Layer(low=0.8, high=1.0, weight=1.0, mean_confidence=0.9)
    found = accuracy.estimate_after_audit([Audited(layer=layer, num_right=10, num_wrong=30)])
    assert found.value == pytest.approx((10 + 2 * 0.9) / 42)
    assert found.low < 0.3 < found.high < 0.45
    nothing = accuracy.estimate_after_audit([Audited(layer=layer, num_right=0, num_wrong=0)])
    assert nothing.value == pytest.approx(0.9)


def test_two_samples__alike_are_not_told_apart_and_others_are() -> None:
    known, _, _ = logged.draw(120, seed=1)
    alike, _, _ = logged.draw(90, seed=2)
    other, _, _ = logged.draw(90, seed=3, away=2.0)
    found = [two_sample.compare(known, alike, seed=seed).p_value for seed in range(3)]
    assert min(found) > 0.02
    test = two_sample.compare(known, other)
    assert test.p_value == pytest.approx(1 / 1000)
    assert (test.num_reference, test.num_traffic) == (120, 90)


def test_energy_distance__of_two_points_worked_out_by_hand() -> None:
    # Two vectors at a right angle: all within distances 0, between sqrt(2), so 2 * sqrt(2).
    found = two_sample.compare(np.eye(2)[[0, 0]], np.eye(2)[[1, 1]], permutations=9)
    assert found.statistic == pytest.approx(2 * np.sqrt(2), abs=1e-6)


def test_class_mix__is_found_where_answers_are_confused() -> None:
    _, probabilities, places = logged.draw(1_500, seed=4, sure=1.5)
    random = np.random.default_rng(5)
    rows = random.choice(
        1_500, 400, p=np.array([0.7, 0.2, 0.1])[places] / np.bincount(places)[places]
    )
    shares, low, high = class_mix.estimate(probabilities[rows], probabilities)
    counted = np.bincount(probabilities[rows].argmax(axis=1), minlength=3) / 400
    truth = np.array([0.7, 0.2, 0.1])
    assert np.abs(shares - truth).max() < 0.09
    assert np.abs(shares - truth).max() < np.abs(counted - truth).max() / 2
    assert ((low <= shares) & (shares <= high)).all()


def test_strange_images__are_counted_against_those_of_the_reference() -> None:
    known, _, _ = logged.draw(200, seed=1)
    own = strangeness.distances(known, known, is_reference=True)
    alike, _, _ = logged.draw(200, seed=2)
    assert strangeness.count(own, strangeness.distances(alike, known)).p_value > 0.01
    far = alike.copy()
    far[:40, 6] -= 12
    found = strangeness.count(own, strangeness.distances(far, known))
    assert found.p_value < 0.0025
    assert found.num_reference_strange == 10  # 5 %
    assert found.share > 0.2
