"""Which labels look wrong: planted mistakes come first, and nobody is judged by himself."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from forge_core.errors import InvalidInput
from forge_core.evaluation import label_issues
from forge_core.evaluation.label_issues import RunAnswers
from forge_core.progress import Cancelled, Progress

CLASSES = 4


def planted(num_images=400, wrong=0.15, spread=1.6, seed=0):
    """Clouds of points around a centre a class, of which some carry another label."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, CLASSES, num_images)
    centres = random.normal(0, 1, (CLASSES, 12))
    features = (centres[truth] + spread / 2 * random.normal(0, 1, (num_images, 12))).astype("f2")
    is_wrong = random.random(num_images) < wrong
    labels = np.where(is_wrong, (truth + random.integers(1, CLASSES, num_images)) % CLASSES, truth)
    return features, labels, truth, is_wrong


def find(features, labels, **choices):
    return label_issues.find_label_issues(features, labels, CLASSES, **choices)


def test_find__planted_mistakes_come_first_and_their_truth_is_suggested():
    features, labels, truth, is_wrong = planted()
    found = find(features, labels)
    assert average_precision_score(is_wrong, found.scores) > 0.9
    assert (found.suggested[is_wrong] == truth[is_wrong]).mean() > 0.9
    assert not (found.suggested == labels).any()
    assert 0 <= found.scores.min() <= found.scores.max() <= 1
    again = find(features, labels)
    np.testing.assert_array_equal(again.scores, found.scores)


def test_find__a_label_does_not_teach_the_head_that_judges_it():
    random = np.random.default_rng(1)
    features = random.normal(0, 1, (120, 200)).astype("f4")  # nothing to learn, all to remember
    labels = random.integers(0, CLASSES, 120)
    found = find(features, labels)
    assert found.log_likelihood <= np.log(1 / CLASSES) + 0.1
    assert found.scores.mean() > 0.6


def test_find__a_run_s_answers_are_taken_only_where_they_are_better_and_not_learned():
    features, labels, truth, is_wrong = planted(spread=4.0)
    counted = np.arange(len(labels)) % 2 == 0
    good = np.full((len(labels), CLASSES), 0.02)
    good[np.arange(len(labels)), truth] = 0.94
    answers = RunAnswers(probabilities=good, is_out_of_sample=counted)
    better = find(features, labels, answers=answers)
    np.testing.assert_array_equal(better.by_run, counted)
    assert better.run_log_likelihood > better.rival_log_likelihood
    alone = find(features, labels)
    half = average_precision_score(is_wrong[counted], alone.scores[counted])
    assert average_precision_score(is_wrong[counted], better.scores[counted]) > half + 0.1
    bad = np.full_like(good, 1 / CLASSES)
    answers = RunAnswers(probabilities=bad, is_out_of_sample=counted)
    worse = find(features, labels, answers=answers)
    assert not worse.by_run.any()
    np.testing.assert_array_equal(worse.scores, alone.scores)


def test_find__a_class_of_one_image_is_not_judged_and_said():
    features, labels, *_ = planted()
    labels = np.where(labels == 3, 2, labels)
    labels[7] = 3
    found = find(features, labels)
    assert found.num_unjudged == 1
    assert np.flatnonzero(np.isnan(found.scores)).tolist() == [7]


def test_find__more_images_than_are_fitted_are_judged_by_a_sample(monkeypatch):
    features, labels, _, is_wrong = planted(1_200)
    monkeypatch.setattr(label_issues, "MAX_FITTED", 300)
    monkeypatch.setattr(label_issues, "MAX_LOGITS", 300 * CLASSES * 2)  # two folds at once
    found = find(features, labels)
    assert average_precision_score(is_wrong, found.scores) > 0.85


def test_neighbours__nobody_votes_for_himself_and_doubted_labels_count_less():
    reduced = torch.tensor([[1.0, 0.0], [1.0, 0.1], [1.0, 0.05], [0.0, 1.0]])
    labels = np.array([0, 1, 2, 3])
    weights = np.array([1.0, 0.0, 1.0, 1.0])
    votes = label_issues.neighbour_votes(reduced, labels, 4, np.arange(4), weights)
    np.testing.assert_allclose(votes.sum(1), 1)
    assert votes[0].argmax() == 2  # its own label and the doubted one have no voice
    assert votes[0, 0] < 1e-5
    assert votes[0, 1] < 1e-5


def test_folds__deal_every_class_evenly():
    labels = np.repeat([0, 1, 2], [11, 5, 2])
    folds = label_issues.deal_folds(labels, seed=3)
    assert sorted(np.bincount(folds[labels == 0], minlength=5)) == [2, 2, 2, 2, 3]
    assert np.bincount(folds[labels == 1], minlength=5).tolist() == [1] * 5
    assert len(set(folds[labels == 2])) == 2
    assert sorted(np.bincount(folds)) == [3, 3, 4, 4, 4]
    assert sorted(label_issues.deal_folds(np.arange(5), seed=3)) == [0, 1, 2, 3, 4]


def test_reduce__wide_features_keep_what_differs(monkeypatch):
    random = np.random.default_rng(2)
    hidden = random.normal(0, 1, (60, 3))
    wide = (hidden @ random.normal(0, 1, (3, 2_100))).astype("f4")
    reduced = label_issues.reduce_features(wide, 3).numpy()
    assert reduced.shape == (60, 3)
    fit = np.linalg.lstsq(reduced, hidden - hidden.mean(0), rcond=None)
    assert float(fit[1].sum()) < 1e-3


def test_find__refuses_what_cannot_be_compared():
    nothing = np.zeros((40, 3), "f4")
    for labels in (np.zeros(40, int), np.eye(40, dtype=int)[0]):  # one class; two, but one of one
        with pytest.raises(InvalidInput, match="too few to judge"):
            find(nothing, labels)
    with pytest.raises(InvalidInput, match="12 labelled images"):
        find(nothing[:12], np.arange(12) % 2)


def test_find__ends_when_it_shall():
    features, labels, *_ = planted(60)
    with pytest.raises(Cancelled):
        find(features, labels, progress=Progress(should_stop=lambda: True))
