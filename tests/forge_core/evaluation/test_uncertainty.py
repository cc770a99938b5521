"""How sure a network is, worked out by hand."""

import math

import numpy as np
import pytest
import torch

from forge_core.errors import InvalidInput
from forge_core.evaluation import uncertainty


def test_certainty__of_probabilities_that_a_person_can_follow():
    found = uncertainty.certainty_of(
        np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0], [0.2, 0.7, 0.1]])
    )
    assert found.places.tolist() == [0, 2, 1]
    assert found.confidence.tolist() == [0.5, 1.0, 0.7]
    # 0.5 - 0.25, 1 - 0, 0.7 - 0.2
    assert found.margin == pytest.approx([0.25, 1.0, 0.5])
    # 0.5 ln 2 + 2 x 0.25 ln 4 = 0.5 ln 2 + ln 2 = 1.5 ln 2; sure is 0 (0 ln 0 counts as 0);
    # -(0.2 ln 0.2 + 0.7 ln 0.7 + 0.1 ln 0.1) = 0.32189 + 0.24967 + 0.23026 = 0.80182
    assert found.entropy == pytest.approx([1.5 * math.log(2), 0.0, 0.80182], abs=1e-5)


def test_certainty__equal_probabilities_have_no_margin_and_the_most_entropy():
    found = uncertainty.certainty_of(np.full((1, 4), 0.25))
    assert (found.places[0], found.confidence[0], found.margin[0]) == (0, 0.25, 0.0)
    assert found.entropy[0] == pytest.approx(math.log(4))


def test_certainty__of_a_lone_class_and_of_no_images():
    found = uncertainty.certainty_of(np.ones((2, 1)))
    assert found.margin.tolist() == [1.0, 1.0]
    assert found.entropy.tolist() == [0.0, 0.0]
    assert len(uncertainty.certainty_of(np.empty((0, 3))).places) == 0


def test_certainty__refuses_what_is_no_number():
    with pytest.raises(InvalidInput, match="gives no numbers"):
        uncertainty.certainty_of(np.array([[0.5, np.nan]]))


def test_probabilities__of_logits():
    # e^ln3 = 3 and e^0 = 1: 3/4 and 1/4. Large logits do not overflow.
    logits = torch.tensor([[math.log(3.0), 0.0], [1e4, 0.0]])
    assert uncertainty.probabilities_of(logits) == pytest.approx(np.array([[0.75, 0.25], [1, 0]]))


def test_sum_classes__outputs_of_merged_classes_count_together():
    # Outputs mean classes 7, 9, 7: the first and the last are one class by now.
    label_ids, summed = uncertainty.sum_classes(np.array([[0.3, 0.45, 0.25]]), [7, 9, 7])
    assert label_ids == [7, 9]
    assert summed == pytest.approx(np.array([[0.55, 0.45]]))
    assert uncertainty.certainty_of(summed).places.tolist() == [0]  # alone it was the second


def test_sum_classes__without_a_merge_gives_the_same_numbers():
    probabilities = np.array([[0.3, 0.7]])
    label_ids, same = uncertainty.sum_classes(probabilities, [4, 2])
    assert label_ids == [4, 2]
    assert same is probabilities
