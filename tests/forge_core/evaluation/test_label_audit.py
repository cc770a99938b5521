"""How many labels are wrong: intervals that hold, and narrower ones than looks at random."""

import numpy as np
import pytest

from benchmarks import label_issues as benchmark
from forge_core.errors import InvalidInput
from forge_core.evaluation import label_audit
from forge_core.evaluation.label_audit import Look, Stratum


def catalog(share=0.15, sharpness=1.5, num_images=5_000, seed=3):
    """Scores, and which labels are wrong: the sharper, the more the scores tell."""
    random = np.random.default_rng(seed)
    wrong = random.random(num_images) < share
    logits = sharpness * np.where(wrong, 1.5, -1.5) + random.normal(0, 1.5, num_images)
    return 1 / (1 + np.exp(-logits)), wrong


def look(plan, wrong, classes=None):
    classes = np.zeros(len(wrong), int) if classes is None else classes
    return [
        Look(stratum=int(stratum), class_id=int(classes[place]), is_wrong=bool(wrong[place]))
        for place, stratum in zip(plan.chosen, plan.stratum_of, strict=True)
    ]


def simulate(scores, wrong, times=200):
    """How often the interval covers the truth, and its mean width over that of random looks."""
    truth = wrong.mean()
    covered, widths, estimates = [], [], []
    for seed in range(times):
        plan = label_audit.draw_audit(scores, seed=seed)
        found = label_audit.estimate_all(plan.strata, look(plan, wrong))
        low, high = found.interval
        covered.append(low <= truth <= high)
        widths.append(high - low)
        estimates.append(found.share)
    low, high = label_audit.random_interval(truth, label_audit.MAX_LOOKS)
    return np.mean(covered), np.mean(widths) / (high - low), np.mean(estimates)


@pytest.mark.parametrize("share", [0.02, 0.15, 0.4])
def test_audit__covers_the_truth_and_is_narrower_than_random_looks(share):
    scores, wrong = catalog(share)
    covered, width, estimate = simulate(scores, wrong)
    assert covered >= 0.93
    assert width < 0.9
    assert estimate == pytest.approx(wrong.mean(), abs=0.01)


def test_audit__worthless_scores_cost_width_but_no_truth():
    _, wrong = catalog(0.2)
    scores = np.random.default_rng(8).random(len(wrong))
    covered, width, estimate = simulate(scores, wrong)
    assert covered >= 0.93
    assert width < 1.5
    assert estimate == pytest.approx(wrong.mean(), abs=0.01)


def test_draw__takes_each_image_once_from_its_stratum_the_same_for_a_seed():
    scores, _ = catalog()
    plan = label_audit.draw_audit(scores, seed=5)
    assert len(plan.chosen) == len(set(plan.chosen.tolist())) == 200
    assert sum(stratum.num_images for stratum in plan.strata) == len(scores)
    counts = np.bincount(plan.stratum_of, minlength=len(plan.strata))
    assert counts.tolist() == [stratum.num_looks for stratum in plan.strata]
    assert counts.min() >= label_audit.MIN_OF_STRATUM
    lowest = [stratum.lowest_score for stratum in plan.strata]
    assert lowest == sorted(lowest)
    for place, stratum in zip(plan.chosen, plan.stratum_of, strict=True):
        assert scores[place] >= lowest[stratum]
    again = label_audit.draw_audit(scores, seed=5)
    np.testing.assert_array_equal(again.chosen, plan.chosen)
    assert plan.stratum_of.tolist() != sorted(plan.stratum_of)  # no part is shown in one piece


def test_audit__of_everything_knows_it_exactly():
    scores, wrong = catalog(num_images=150)
    plan = label_audit.draw_audit(scores)
    found = label_audit.estimate_all(plan.strata, look(plan, wrong))
    assert found.num_looks == 150
    assert found.share == pytest.approx(wrong.mean())
    assert found.interval == (found.share, found.share)


def test_audit__says_when_it_cannot_know():
    scores, wrong = catalog()
    plan = label_audit.draw_audit(scores)
    looks = look(plan, wrong)
    assert label_audit.estimate_all(plan.strata, looks[:5]).share is None
    without = [each for each in looks if each.stratum != 2]
    assert "each part" in label_audit.estimate_all(plan.strata, without).reason
    half = label_audit.estimate_all(plan.strata, looks[:120])
    whole = label_audit.estimate_all(plan.strata, looks)
    assert half.interval[1] - half.interval[0] > whole.interval[1] - whole.interval[0]
    for scores_, looks_ in ((scores[:9], 200), (scores, 9)):
        with pytest.raises(InvalidInput, match="9 looks cannot tell"):
            label_audit.draw_audit(scores_, looks=looks_)


def test_class__looks_count_for_the_images_that_they_were_drawn_from():
    strata = [
        Stratum(lowest_score=0.0, num_images=900, num_looks=20),
        Stratum(lowest_score=0.5, num_images=100, num_looks=20),
    ]
    looks = [Look(stratum=s, class_id=1, is_wrong=s == 1) for s in (0, 1) for _ in range(20)]
    found = label_audit.estimate_class(strata, looks, 1)
    assert found.share == pytest.approx(0.1)  # 20 looks of 900 right, 20 of 100 wrong
    low, high = found.interval
    assert low < 0.1 < high < 0.35
    assert label_audit.estimate_class(strata, looks[:9], 1).share is None
    assert "9 of the looks" in label_audit.estimate_class(strata, looks[:9], 1).reason
    mixed = [*looks[20:], Look(stratum=0, class_id=1, is_wrong=False)]
    others = [Look(stratum=0, class_id=2, is_wrong=False)]
    assert "count for nearly all" in label_audit.estimate_class(strata, mixed + others, 1).reason


def test_class__intervals_cover_the_truth_of_each():
    scores, wrong = catalog(0.2, num_images=4_000)
    classes = np.random.default_rng(4).integers(0, 4, len(wrong))
    covered = []
    for seed in range(100):
        plan = label_audit.draw_audit(scores, seed=seed)
        looks = look(plan, wrong, classes)
        for number in range(4):
            low, high = label_audit.estimate_class(plan.strata, looks, number).interval
            covered.append(low <= wrong[classes == number].mean() <= high)
    assert np.mean(covered) >= 0.93


def test_the_simulation_of_the_benchmark__counts_what_covers_and_how_wide_it_is():
    wrong = np.arange(200) % 5 == 0
    told = benchmark.simulate_audits(
        np.where(wrong, 0.9, 0.1), wrong, np.arange(200) % 2, audits=3, looks=200
    )
    # Every image is looked at: the answer is exact, and 200 looks at random are Wilson's of 40.
    assert (told["share_wrong"], told["covered"], told["width"]) == (0.2, 1.0, 0.0)
    low, high = label_audit.random_interval(0.2, 200)
    assert told["random_width"] == pytest.approx(high - low, abs=1e-4)
    assert (told["narrower"], told["random_covered"], told["classes_told"]) == (1.0, 1.0, 1.0)
    half = benchmark.simulate_audits(
        np.where(wrong, 0.9, 0.1), wrong, np.arange(200) % 2, audits=3, looks=100
    )
    assert half["narrower"] == pytest.approx(1 - half["width"] / half["random_width"], abs=2e-3)
