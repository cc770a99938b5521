"""What a replacement would change, counted by hand."""

import uuid

import numpy as np
import pytest

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Answers
from forge_core.registry import replacement

CAT, DOG, FROG = 1, 2, 3
EMPTY = np.zeros(0)


def answers(rows: list[tuple[int, int, int]], trained: tuple[int, ...] = ()) -> Answers:
    """Of (number of the image, its class, what was answered)."""
    labels = np.array([row[1] for row in rows])
    return Answers(
        asset_ids=[uuid.UUID(int=row[0]) for row in rows],
        label_ids=labels,
        predicted_ids=np.array([row[2] for row in rows]),
        confidence=np.ones(len(rows)),
        label_rank=np.ones(len(rows), np.int64),
        label_probability=np.ones(len(rows)),
        is_trained=np.array([row[0] in trained for row in rows]),
    )


def test_compare__counts_flips_and_what_each_class_loses() -> None:
    now = answers([(1, CAT, CAT), (2, CAT, CAT), (3, DOG, CAT), (4, DOG, DOG), (5, DOG, DOG)])
    new = answers([(1, CAT, CAT), (2, CAT, DOG), (3, DOG, DOG), (4, DOG, DOG), (5, DOG, DOG)])
    found = replacement.compare(now, new, {CAT, DOG})
    assert (found.paired.num_only_first, found.paired.num_only_second) == (1, 1)
    assert found.paired.difference == 0
    changes = [(each.label_id, each.num_images, round(each.loss, 3)) for each in found.classes]
    assert changes == [(CAT, 2, 0.5), (DOG, 3, -0.333)]
    assert [each.label_id for each in found.lost(0.4)] == [CAT]
    assert found.lost(0.5) == []


def test_compare__a_class_that_is_known_no_more_is_lost_and_a_new_one_says_nothing() -> None:
    now = answers([(1, CAT, CAT), (2, DOG, DOG), (3, DOG, CAT)])
    new = answers([(1, CAT, CAT), (4, FROG, FROG), (5, FROG, CAT)])
    found = replacement.compare(now, new, {CAT, FROG})
    assert found.paired.num_images == 3
    assert {each.label_id: each.loss for each in found.classes} == {CAT: 0.0, DOG: 0.5}
    assert found.num_of_new_classes == 2


def test_compare__leaves_out_what_either_was_trained_on() -> None:
    now = answers([(1, CAT, CAT), (2, CAT, DOG), (3, DOG, DOG)], trained=(1,))
    new = answers([(1, CAT, CAT), (2, CAT, CAT), (3, DOG, CAT)], trained=(2,))
    found = replacement.compare(now, new, {CAT, DOG})
    assert (found.paired.num_images, found.num_trained) == (1, 2)
    assert replacement.compare(now, new, {CAT, DOG}, leaves_trained=False).paired.num_images == 3
    with pytest.raises(InvalidInput, match="No image is left"):
        replacement.compare(now, answers([(9, CAT, CAT)]), {CAT, DOG})
