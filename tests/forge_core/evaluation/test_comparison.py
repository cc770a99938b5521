"""Differences of shares with their intervals, worked out by hand or taken from the paper."""

import pytest
import torch

from forge_core.evaluation import comparison, metrics
from forge_core.evaluation.sampling.intervals import wilson_interval


def compare(found: int, of: int, found_then: int, of_then: int) -> comparison.RateDifference:
    return comparison.compare_rates(
        found / of,
        wilson_interval(found, of),
        found_then / of_then,
        wilson_interval(found_then, of_then),
    )


def test_compare_rates__is_the_example_of_the_paper() -> None:
    # Newcombe 1998, table II, (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    found = compare(48, 80, 56, 70)
    assert found.difference == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.is_told_apart


def test_compare_rates__few_images_cannot_tell() -> None:
    found = compare(7, 10, 8, 10)
    assert found.difference == pytest.approx(0.1)
    assert not found.is_told_apart


def test_compare_classes__largest_change_first() -> None:
    labels = [0, 0, 0, 0, 1, 1]
    first = metrics.evaluate_logits(one_hot([0, 0, 0, 0, 1, 0]), labels, ["cat", "dog", "owl"])
    second = metrics.evaluate_logits(one_hot([0, 0, 0, 1, 1, 1]), labels, ["cat", "dog", "owl"])
    moves = comparison.compare_classes(first, second)
    # dog: 1 of 2 -> 2 of 2; cat: 4 of 4 -> 3 of 4; owl has no image.
    assert [(move.class_name, move.recall.difference) for move in moves] == [
        ("dog", 0.5),
        ("cat", -0.25),
    ]
    assert comparison.compare_accuracy(first, second).difference == 0


def one_hot(predicted: list[int]) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(predicted), 3).float()
