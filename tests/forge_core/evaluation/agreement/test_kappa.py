"""Kappas against published tables, against scikit-learn, and against many drawn samples."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from forge_core.errors import InvalidInput
from forge_core.evaluation.agreement import kappa
from forge_core.evaluation.agreement.gold_answers import error_rate

# Fleiss 1971 as printed in Wikipedia, "Fleiss' kappa": 10 subjects, 14 raters, kappa 0.210.
PUBLISHED = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def test_fleiss__is_that_of_the_published_table():
    found = kappa.fleiss(PUBLISHED)
    assert found.observed == pytest.approx(0.378, abs=5e-4)
    assert found.kappa == pytest.approx(0.210, abs=5e-4)
    assert found.interval is not None
    assert found.interval[0] < 0.210 < found.interval[1]
    # By hand, class 5 of 32 answers in 140: P = 0.7473626, Pe = (32/140)^2 + (108/140)^2.
    of_class = kappa.fleiss_of_class(PUBLISHED, 4)
    by_chance = (32**2 + 108**2) / 140**2
    agreeing = [n * (n - 1) + (14 - n) * (13 - n) for n in PUBLISHED[:, 4].tolist()]
    by_hand = (sum(agreeing) / 1820 - by_chance) / (1 - by_chance)
    assert of_class.kappa == pytest.approx(by_hand)


def test_cohen__is_that_of_scikit_learn():
    random = np.random.default_rng(3)
    first = random.integers(0, 4, 80)
    second = np.where(random.random(80) < 0.3, random.integers(0, 4, 80), first)
    found = kappa.cohen(first.tolist(), second.tolist())
    assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
    assert found.observed == pytest.approx(float((first == second).mean()))
    with pytest.raises(InvalidInput, match="cannot be compared"):
        kappa.cohen([1], [1, 2])


def test_what_cannot_be_told__is_said():
    nine = kappa.cohen([1, 2, 1] * 3, [1, 2, 2] * 3)
    assert (nine.num_images, nine.kappa, nine.interval) == (9, None, None)
    assert "Too few to tell: 9 images" in nine.reason
    assert "the same one class" in kappa.cohen([1] * 12, [1] * 12).reason
    assert "the same one class" in kappa.fleiss(np.array([[2, 0]] * 12)).reason
    rare = kappa.fleiss_of_class(np.array([[2, 0]] * 4 + [[0, 2]] * 20), 0)
    assert (rare.kappa, rare.num_images) == (None, 24)
    assert "said of 4 of these images" in rare.reason
    alone = np.array([[1, 0]] * 30 + [[2, 0]] * 9)
    assert kappa.fleiss(alone).num_images == 9, "one answer of an image tells nothing"
    agreed = kappa.cohen([1, 2] * 6, [1, 2] * 6)
    assert agreed.kappa == 1.0
    assert agreed.interval is not None
    assert 0.3 < agreed.interval[0] < 0.6, "twelve images do not prove it"
    few = error_rate(0, 9)
    assert (few.rate, few.num_answers) == (None, 9)
    assert error_rate(3, 30).rate == pytest.approx(0.1)
    assert error_rate(3, 30).interval == pytest.approx((0.0346, 0.2562), abs=1e-4)


@pytest.mark.parametrize(("prior", "noise"), [((0.5, 0.5), 0.1), ((0.25,) * 4, 0.3)])
def test_intervals_hold_the_true_kappa(prior, noise):
    """300 samples of 60 images; the truth by the same formula on 200,000."""
    random = np.random.default_rng(0)

    def draw(number: int, people: int) -> np.ndarray:
        truth = random.choice(len(prior), number, p=prior)
        said = np.tile(truth, (people, 1))
        lost = random.random(said.shape) < noise
        said[lost] = random.choice(len(prior), int(lost.sum()), p=prior)
        return said

    def fleiss(said: np.ndarray) -> kappa.Kappa:
        return kappa.fleiss(np.stack([(said == k).sum(axis=0) for k in range(len(prior))], 1))

    true = fleiss(draw(200_000, 2)).kappa
    held = [
        found.interval is not None and found.interval[0] <= true <= found.interval[1]
        for found in [fleiss(draw(60, people)) for people in (2, 3) for _ in range(150)]
    ]
    assert np.mean(held) >= 0.93
