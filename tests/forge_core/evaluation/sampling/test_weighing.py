"""Numbers of classes that count by weights, worked out by hand, and equal to the plain ones."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from forge_core.evaluation import comparison, metrics, pairing
from forge_core.evaluation.report import EvaluationReport
from forge_core.evaluation.sampling import estimate, weighing
from forge_core.evaluation.sampling.estimate import Sample
from forge_core.evaluation.sampling.intervals import wilson_interval, wilson_of_rate
from forge_core.evaluation.sampling.weighted import WeightedClasses

CAT, DOG = 3, 7
TRUE = np.array([CAT, CAT, CAT, DOG, DOG, DOG])
SAID = np.array([CAT, CAT, DOG, DOG, DOG, CAT])
WEIGHTS = np.array([1.0, 1.0, 4.0, 1.0, 1.0, 1.0])


def test_weigh_classes__counts_each_image_by_its_weight() -> None:
    found = weighing.weigh_classes(TRUE, SAID, WEIGHTS, [CAT, DOG, 9])
    cat, dog, owl = found.classes
    # Cats weigh 6, of which 2 are found; said cat is 3, of which 2 are.
    assert cat.recall is not None
    assert cat.recall.value == pytest.approx(2 / 6)
    # Kish: 36 / 18 = 2 images. By the variance of the mean, (2 * (2/3)^2 + 16 * (1/3)^2) / 36, 3.
    assert cat.recall.effective_size == pytest.approx(2)
    assert cat.recall.interval == wilson_of_rate(cat.recall.value, cat.recall.effective_size)
    assert (cat.f1, dog.f1) == (pytest.approx(2 * 2 / 9), pytest.approx(2 * 2 / 9))
    assert (owl.recall, owl.precision, owl.f1) == (None, None, None)
    assert found.balanced_accuracy == pytest.approx((1 / 3 + 2 / 3) / 2)
    assert found.macro_f1 == pytest.approx(4 / 9)
    assert WeightedClasses.from_dict(json.loads(json.dumps(asdict(found)))) == found


def test_weigh_classes__of_equal_weights_is_what_is_counted() -> None:
    found = weighing.weigh_classes(TRUE, SAID, np.ones(6), [CAT, DOG])
    (recall, _) = (each.recall for each in found.classes)
    assert recall is not None
    assert recall.interval == pytest.approx(wilson_interval(2, 3))
    low, _ = wilson_interval(2, 3)
    # The mean of two shares of as many images: its half width is a root of two narrower.
    assert found.balanced_interval is not None
    assert found.balanced_interval[0] == pytest.approx(2 / 3 - (2 / 3 - low) / 2**0.5)


def test_a_report__shows_classes_without_what_was_chosen__or_says_that_it_is_biased() -> None:
    sample = Sample(is_chosen=np.array([0, 0, 1, 0, 0, 1], np.bool_), weights=np.ones(6))
    counts = np.array([[2, 1], [1, 2]])
    plain = metrics.report_of_counts(counts, ["cat", "dog"], loss=0.5, top5_accuracy=None)
    old = replace(plain, sampled=estimate.estimate(TRUE == SAID, sample))
    assert old.classes_note.startswith("Biased: recall, precision and F1")
    assert old.shown_classes[0].recall == pytest.approx(2 / 3)
    new = replace(old, weighted=estimate.weigh_classes(TRUE, SAID, [CAT, DOG], sample))
    assert EvaluationReport.from_json(new.to_json()) == new
    cat = new.shown_classes[0]
    assert (cat.recall, cat.f1, new.shown_macro_f1, cat.support) == (1.0, 1.0, 1.0, 3)
    assert cat.recall_interval == pytest.approx(wilson_interval(2, 2))
    assert "without those that were chosen" in new.classes_note
    moved = comparison.compare_classes(plain, new)
    assert [move.recall.difference for move in moved] == [pytest.approx(1 / 3)] * 2
    none = replace(sample, is_chosen=np.ones(6, np.bool_))
    lost = replace(old, weighted=estimate.weigh_classes(TRUE, SAID, [CAT, DOG], none))
    assert "no image is left" in lost.classes_note
    assert lost.shown_classes == plain.shown_classes


def test_compare_weighted__is_the_paired_difference_of_equal_weights() -> None:
    first = np.array([True] * 60 + [False] * 40)
    second = np.array([True] * 50 + [False] * 20 + [True] * 30)
    plain = pairing.compare_paired(first, second)
    found = pairing.compare_weighted(first, second, np.full(100, 3.0))
    assert found.difference == pytest.approx(plain.difference)
    assert found.interval == pytest.approx(plain.interval)
    assert found.p_value == pytest.approx(plain.p_value)
    heavy = np.where(first & ~second, 4.0, 1.0)  # those that only the first has stand for four
    weighed = pairing.compare_weighted(first, second, heavy)
    assert weighed.difference == pytest.approx((30 - 4 * 10) / 130)
    low, high = weighed.interval
    assert low < weighed.difference < high
    assert high - low > plain.interval[1] - plain.interval[0], "they tell less"
