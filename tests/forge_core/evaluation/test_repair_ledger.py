"""Old and new network on old and new labels: the parts add up, and chance is called chance."""

import numpy as np
import pytest

from forge_core.errors import InvalidInput
from forge_core.evaluation import repair_ledger


def draw_up(old_answers, new_answers, old_labels, new_labels):
    return repair_ledger.draw_up(
        old_answers=np.array(old_answers),
        new_answers=np.array(new_answers),
        old_labels=np.array(old_labels),
        new_labels=np.array(new_labels),
    )


def test_each_effect_by_hand():
    """Ten images, two relabelled from 0 to 1.

    The old network says 0 of all: right on 5 of the old labels, on 3 of the new ones. The new one
    says the new label of all but one.
    """
    old_labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    new_labels = [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    new_answers = [0, 0, 0, 1, 1, 1, 1, 1, 1, 0]
    ledger = draw_up([0] * 10, new_answers, old_labels, new_labels)
    assert ledger.accuracies == ((0.5, 0.3), (0.7, 0.9))
    assert ledger.training.difference == pytest.approx(0.6)
    assert ledger.measuring.difference == pytest.approx(-0.2)
    assert ledger.total == pytest.approx(ledger.training.difference + ledger.measuring.difference)
    assert ledger.num_relabelled == 2
    assert ledger.relabelled_only is not None
    assert ledger.relabelled_only.difference == pytest.approx(1.0)
    first, *_, measuring, alone = repair_ledger.summarise(ledger, "test")
    assert first == "Together: 50.0 % → 90.0 %, +40.0 points, each on the labels of its time."
    assert "the old network on 2 labels that were corrected" in measuring
    assert alone.startswith("On those 2 images alone the new network is right more often by +100.0")


def test_what_2000_images_cannot_show_is_said():
    """Of 2,000 images 30 flip to right and 25 to wrong: a quarter of a point, which is chance."""
    labels = np.zeros(2_000, int)
    old, new = labels.copy(), labels.copy()
    old[:30], new[30:55] = 1, 1
    ledger = draw_up(old, new, labels, labels)
    said = " ".join(repair_ledger.summarise(ledger, "test"))
    assert "+0.2 points (-0.5 to +1.0)" in said
    assert "That is no difference that 2,000 test images can show" in said
    assert "No label in test was corrected" in said
    assert ledger.relabelled_only is None


def test_a_difference_beyond_chance_is_not_called_chance():
    labels = np.zeros(2_000, int)
    old = labels.copy()
    old[:60] = 1
    ledger = draw_up(old, labels, labels, labels)
    assert ledger.training.is_told_apart
    assert "no difference" not in " ".join(repair_ledger.summarise(ledger, "test"))


def test_images_that_do_not_fit_together_are_refused():
    with pytest.raises(InvalidInput):
        draw_up([], [], [], [])
    with pytest.raises(InvalidInput):
        draw_up([0], [0], [0, 1], [0, 1])
