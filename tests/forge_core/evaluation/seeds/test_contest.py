"""Two settings compared over their seeds: numbers by hand, how often it errs, what it costs."""

import numpy as np
import pytest

from forge_core.errors import InvalidInput
from forge_core.evaluation.seeds import budget, contest
from forge_core.evaluation.seeds.budget import Budget
from forge_core.evaluation.seeds.spread import Spread

Draws = np.random.Generator


def draw(
    random: Draws, skill: float, *, runs: int = 3, images: int = 500, luck: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Answers of two settings, the second better by `skill`, each seed by its `luck`."""
    easiness = random.normal(1.5, 1.5, images)
    first, second = (
        random.logistic(0.0, 0.5, (runs, images))
        < easiness + better + random.normal(0, luck, (runs, 1))
        for better in (0.0, skill)
    )
    return first, second


def test_compare__the_variances_by_hand() -> None:
    first = np.array([[1, 0, 0, 1], [1, 1, 0, 0]], dtype=bool)
    second = np.array([[1, 1, 0, 1], [1, 1, 1, 1]], dtype=bool)
    found = contest.compare(first, second)
    assert (found.accuracies, found.difference) == ((0.5, 0.875), 0.375)
    # Means of images (1, .5, 0, .5) and (1, 1, .5, 1): they differ by 0, .5, .5, .5.
    assert found.variances.of_images == pytest.approx(0.0625)
    # Accuracies (.5, .5) and (.75, 1): squares of 2 x 0.125 over two degrees.
    assert found.variances.of_runs == pytest.approx(0.03125 / 2)
    # The first's left over are +-.5 on two images, the second's -.125 and .375 and the reverse.
    assert found.variances.of_flips == pytest.approx((1.0 + 0.375) / 6)
    assert found.variance == pytest.approx(0.0625 / 4)  # nothing beyond the flips


def test_compare__refused_where_nobody_knows_what_a_seed_changes() -> None:
    one = np.ones((1, 4), dtype=bool)
    with pytest.raises(InvalidInput, match="1 and 1 runs"):
        contest.compare(one, one)
    with pytest.raises(InvalidInput, match="4 and 3 images"):
        contest.compare(np.ones((3, 4), dtype=bool), np.ones((3, 3), dtype=bool))


@pytest.mark.parametrize("luck", [0.0, 0.15, 0.6])
def test_compare__equal_settings_are_seldom_told_apart(luck: float) -> None:
    random = np.random.default_rng(0)
    found = [contest.compare(*draw(random, 0.0, images=200, luck=luck)) for _ in range(300)]
    assert sum(each.is_told_apart for each in found) <= 24  # 15 and some luck


def test_find__the_named_seeds_decide_as_often_as_promised() -> None:
    random = np.random.default_rng(2)
    decided = []
    while len(decided) < 60:
        first, second = draw(random, 0.45, runs=15, luck=0.25)
        begun = contest.compare(first[:3], second[:3])
        more = budget.find(begun).more_seeds
        if more:
            found = contest.compare(first[: 3 + more], second[: 3 + more])
            decided.append(found.is_told_apart and found.difference > 0)
    assert sum(decided) >= 45


def test_find__images_are_named_where_no_number_of_seeds_decides() -> None:
    easy = np.arange(400) % 10 > 0
    better = easy | (np.arange(400) % 40 == 0)
    better[1:400:80] = False  # better on 10 images, worse on 5, whatever the seed
    found = contest.compare(np.tile(easy, (3, 1)), np.tile(better, (3, 1)))
    assert not found.is_told_apart
    missing = budget.find(found)
    assert missing.more_seeds is None
    assert missing.all_images is not None
    assert budget.power_of(found, 0, missing.all_images) >= budget.POWER
    assert budget.power_of(found, 0, missing.all_images - 1) < budget.POWER


def test_find__nothing_is_asked_where_it_is_decided_or_equal() -> None:
    wrong, right = np.zeros((3, 50), dtype=bool), np.ones((3, 50), dtype=bool)
    right[:, :5] = False
    assert contest.compare(wrong, right).is_told_apart
    assert budget.find(contest.compare(wrong, right)) == Budget()
    assert budget.find(contest.compare(right, right)) == Budget()


def test_spread__the_interval_of_the_mean_is_students() -> None:
    spread = Spread(values=(0.80, 0.82, 0.84))
    assert spread.mean == pytest.approx(0.82)
    assert spread.interval == pytest.approx((0.82 - 0.04968, 0.82 + 0.04968), abs=1e-4)
    assert Spread(values=(0.8,)).interval is None
