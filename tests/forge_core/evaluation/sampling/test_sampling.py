"""Accuracy of images that were not drawn alike: weighted, or without those that were chosen."""

import numpy as np
import pytest

from forge_core.evaluation.sampling.estimate import Sample, estimate
from forge_core.evaluation.sampling.intervals import wilson_interval
from forge_core.evaluation.sampling.shown import shown


def sample(weights: list[float], chosen: int = 0) -> Sample:
    is_chosen = np.arange(len(weights)) < chosen
    return Sample(is_chosen=is_chosen, weights=np.array(weights))


def test_estimate__of_a_fair_sample_is_the_plain_accuracy() -> None:
    found = estimate(np.array([True] * 80 + [False] * 20), Sample.drawn_alike(100))
    assert found.value == 0.8
    assert found.interval == pytest.approx(wilson_interval(80, 100))
    assert (found.effective_size, found.is_weighted) == (pytest.approx(100), False)


def test_estimate__weights_by_what_each_stands_for() -> None:
    # 2 right ones that stand for 10 images each, 2 wrong ones for 30 each: 20 / 80
    found = estimate(np.array([True, True, False, False]), sample([10, 10, 30, 30]))
    assert found.value == 0.25
    # Kish: 80^2 / (2 * 100 + 2 * 900) = 3.2; the variance: (200 * 0.5625 + 1800 * 0.0625) / 6400
    # = 0.0351, and 0.25 * 0.75 / 0.0351 = 5.33: the smaller counts
    assert found.effective_size == pytest.approx(3.2)
    assert found.is_weighted


def test_estimate__leaves_out_what_was_chosen() -> None:
    found = estimate(np.array([False] * 3 + [True] * 6 + [False]), sample([1.0] * 10, chosen=3))
    assert (found.value, found.num_used, found.num_chosen) == (pytest.approx(6 / 7), 7, 3)
    assert found.interval == pytest.approx(wilson_interval(6, 7))


def test_estimate__of_chosen_images_alone_is_not_known() -> None:
    found = estimate(np.array([False, True]), sample([1.0, 1.0], chosen=2))
    assert found.value is None
    told = shown(0.5, (0.1, 0.9), found)
    assert (told.value, told.interval) == (0.5, (0.1, 0.9))
    assert "not known" in told.note


def test_shown__says_what_biases_it() -> None:
    found = estimate(np.array([False] * 500 + [True] * 1500), sample([1.0] * 2000, chosen=500))
    told = shown(0.75, (0.73, 0.77), found)
    assert told.value == 1.0
    assert told.note.startswith("Biased: 500 of 2,000 images were chosen because they looked hard")
    assert "with them it is 75.0 %. Shown is that of the other 1,500." in told.note
    assert shown(0.75, (0.73, 0.77), None).note == ""


def test_estimate__the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Hard images are drawn five times as often as easy ones, 600 times over."""
    random = np.random.default_rng(0)
    is_hard = random.random(5000) < 0.3
    is_right = random.random(5000) < np.where(is_hard, 0.4, 0.95)
    probabilities = np.where(is_hard, 0.1, 0.02)
    held = naive = 0
    for _ in range(600):
        drawn = random.random(5000) < probabilities
        found = estimate(is_right[drawn], sample(list(1 / probabilities[drawn])))
        assert found.interval is not None
        held += found.interval[0] <= is_right.mean() <= found.interval[1]
        low, high = wilson_interval(int(is_right[drawn].sum()), int(drawn.sum()))
        naive += low <= is_right.mean() <= high
    assert held >= 0.93 * 600
    assert naive < 0.2 * 600
