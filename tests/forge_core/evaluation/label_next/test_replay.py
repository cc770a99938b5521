"""The choice against chance, where it is known which one wins."""

import numpy as np
import pytest

from forge_core.errors import InvalidInput
from forge_core.evaluation.label_next import replay
from forge_core.evaluation.label_next.replay import Budget, Replay
from tests.forge_core.evaluation.label_next.test_choosing import make_groups


def test_replay__recommends_the_choice_where_rare_groups_are_missed_by_chance() -> None:
    embeddings, labels = make_groups([150, 150, 25, 25, 25, 25])
    found = replay.replay(embeddings, labels, num_classes=6, seeds=3)
    assert [budget.num_labels for budget in found.budgets] == [6, 12, 30, 60, 120]
    assert found.budgets[0].advantage > 0.05
    assert found.is_recommended
    assert found.num_test == 100


def test_replay__says_that_chance_is_as_good_where_labels_are_noise() -> None:
    random = np.random.default_rng(3)
    embeddings = random.normal(size=(400, 20)).astype(np.float32)
    found = replay.replay(embeddings, random.integers(0, 2, 400), num_classes=2, seeds=3)
    assert not found.is_recommended


def test_replay__its_advantage_is_the_mean_over_budgets_and_seeds() -> None:
    found = Replay(
        budgets=(
            Budget(num_labels=10, chosen=(0.5, 0.6), by_chance=(0.4, 0.4)),
            Budget(num_labels=20, chosen=(0.7, 0.7), by_chance=(0.7, 0.6)),
        ),
        num_test=100,
    )
    mean, (low, high) = found.advantage
    assert mean == pytest.approx(0.1)
    assert low == pytest.approx(0.1 - 12.706 * 0.05, abs=1e-3)  # t of one degree of freedom
    assert high == pytest.approx(0.1 + 12.706 * 0.05, abs=1e-3)
    assert not found.is_recommended


def test_replay__refuses_too_few_labels() -> None:
    embeddings, labels = make_groups([20, 20])
    with pytest.raises(InvalidInput, match="40 labelled images of 2 classes"):
        replay.replay(embeddings, labels, num_classes=2)


def test_replay__refuses_more_classes_than_could_be_asked_for_once() -> None:
    embeddings, labels = make_groups([1] * 150 + [60, 60])
    with pytest.raises(InvalidInput, match="270 labelled images of 152 classes"):
        replay.replay(embeddings, labels, num_classes=152)
