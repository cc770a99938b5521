"""Metric values worked out by hand, and the corners where a ratio is undefined."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, precision_recall_fscore_support
from sklearn.metrics import log_loss as sklearn_log_loss

from forge_core.errors import InvalidInput
from forge_core.evaluation import metrics
from forge_core.evaluation.sampling import intervals

CLASS_NAMES = ("cat", "dog", "owl")


def make_logits(predicted: list[int], num_classes: int, margin: float = 2.0) -> torch.Tensor:
    logits = torch.zeros(len(predicted), num_classes)
    logits[torch.arange(len(predicted)), torch.tensor(predicted)] = margin
    return logits


def test_evaluate_logits__three_classes_by_hand() -> None:
    # true:      cat cat cat dog dog owl
    # predicted: cat cat dog dog owl owl
    # cat: found 2 of 3, predicted 2 -> precision 1, recall 2/3, f1 = 4/5
    # dog: found 1 of 2, predicted 2 -> precision 1/2, recall 1/2, f1 = 1/2
    # owl: found 1 of 1, predicted 2 -> precision 1/2, recall 1, f1 = 2/3
    # accuracy 4/6; macro f1 = (4/5 + 1/2 + 2/3) / 3 = 59/90
    # loss: right image: ln(e^2 + 2) - 2 = 0.239541; wrong image: ln(e^2 + 2) = 2.239541
    #       mean = ln(e^2 + 2) - 2 * 4/6
    report = metrics.evaluate_logits(
        make_logits([0, 0, 1, 1, 2, 2], 3), torch.tensor([0, 0, 0, 1, 1, 2]), CLASS_NAMES
    )

    assert report.num_images == 6
    assert report.accuracy == pytest.approx(4 / 6)
    assert report.confusion == ((2, 1, 0), (0, 1, 1), (0, 0, 1))
    assert [entry.precision for entry in report.per_class] == pytest.approx([1, 1 / 2, 1 / 2])
    assert [entry.recall for entry in report.per_class] == pytest.approx([2 / 3, 1 / 2, 1])
    assert [entry.f1 for entry in report.per_class] == pytest.approx([4 / 5, 1 / 2, 2 / 3])
    assert [entry.support for entry in report.per_class] == [3, 2, 1]
    assert [entry.class_name for entry in report.per_class] == list(CLASS_NAMES)
    assert report.macro_f1 == pytest.approx(59 / 90)
    assert report.loss == pytest.approx(math.log(math.e**2 + 2) - 4 / 3)
    assert report.top5_accuracy is None


def test_wilson_interval__by_hand() -> None:
    # 8 of 10, z = 1.96: z^2 = 3.8416, denominator = 1.38416
    # centre = (0.8 + 0.19208) / 1.38416 = 0.716738
    # half = 1.96 / 1.38416 * sqrt(0.016 + 0.009604) = 1.416021 * 0.160012 = 0.226581
    low, high = intervals.wilson_interval(8, 10, z=1.96)

    assert low == pytest.approx(0.490157, abs=1e-5)
    assert high == pytest.approx(0.943319, abs=1e-5)


def test_wilson_interval__all_or_none_right_stays_inside_0_and_1() -> None:
    # 10 of 10: low = 1 / (1 + z^2 / 10) = 10 / 13.8415 = 0.722467, high = 1
    low, high = intervals.wilson_interval(10, 10)
    assert (low, high) == (pytest.approx(0.722467, abs=1e-5), pytest.approx(1.0))
    assert high <= 1.0
    assert intervals.wilson_interval(0, 10) == (
        pytest.approx(0.0, abs=1e-12),
        pytest.approx(1 - low),
    )


def test_evaluate_logits__agrees_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(200, 7))
    labels = generator.integers(0, 7, size=200)
    report = metrics.evaluate_logits(logits, labels, list("abcdefg"))

    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, logits.argmax(axis=1), zero_division=0
    )
    assert [entry.precision for entry in report.per_class] == pytest.approx(precision)
    assert [entry.recall for entry in report.per_class] == pytest.approx(recall)
    assert [entry.f1 for entry in report.per_class] == pytest.approx(f1)
    assert [entry.support for entry in report.per_class] == list(support)
    assert report.macro_f1 == pytest.approx(f1_score(labels, logits.argmax(1), average="macro"))
    assert report.loss == pytest.approx(sklearn_log_loss(labels, probabilities))


def test_evaluate_logits__top5_of_seven_classes() -> None:
    # scores fall from class 0 to class 6, so labels 0 and 4 are among the first five, 5 is not
    logits = torch.arange(7, 0, -1).float().repeat(3, 1)
    report = metrics.evaluate_logits(logits, [0, 4, 5], list("abcdefg"))

    assert report.top5_accuracy == pytest.approx(2 / 3)
    assert report.accuracy == pytest.approx(1 / 3)


def test_evaluate_logits__class_without_images_or_predictions_is_zero_and_out_of_the_mean() -> None:
    # dog never occurs: its metrics are 0, and macro f1 is the mean of cat and owl alone, 1
    report = metrics.evaluate_logits(make_logits([0, 2], 3), [0, 2], CLASS_NAMES)

    dog = report.per_class[1]
    assert (dog.precision, dog.recall, dog.f1, dog.support) == (0.0, 0.0, 0.0, 0)
    assert report.macro_f1 == 1.0
    assert "NaN" not in report.to_json()


def test_evaluate_logits__one_class() -> None:
    report = metrics.evaluate_logits(torch.tensor([[3.0], [-1.0]]), [0, 0], ["cat"])

    assert report.accuracy == 1.0
    assert report.confusion == ((2,),)
    assert report.loss == 0.0
    assert report.macro_f1 == 1.0


def test_evaluate_logits__huge_scores_give_a_finite_loss() -> None:
    # the wrong class leads by 2e4, so the loss is 2e4; a naive softmax would overflow
    report = metrics.evaluate_logits(torch.tensor([[1e4, -1e4]]), [1], ["cat", "dog"])
    assert report.loss == pytest.approx(2e4)


def test_report__survives_json() -> None:
    report = metrics.evaluate_logits(make_logits([0, 1, 1], 3), [0, 1, 2], CLASS_NAMES)
    assert metrics.EvaluationReport.from_json(report.to_json()) == report
    assert metrics.EvaluationReport.from_dict(report.to_dict()) == report


def test_report__unknown_schema_is_refused() -> None:
    report = metrics.evaluate_logits(make_logits([0], 3), [0], CLASS_NAMES)
    with pytest.raises(InvalidInput, match="schema 99"):
        metrics.EvaluationReport.from_dict({**report.to_dict(), "schema": 99})


@pytest.mark.parametrize(
    ("logits", "labels", "expected"),
    [
        (torch.zeros(0, 3), [], "0 images"),
        (torch.zeros(2, 2), [0, 1], r"scores \(N, 3\)"),
        (torch.zeros(2, 3), [0], "labels"),
        (torch.zeros(2, 3), [0, 3], "found 0 to 3"),
        (torch.zeros(2, 3), [-1, 0], "found -1 to 0"),
        (torch.tensor([[0.0, float("nan"), 0.0]]), [0], "1 of 1 images are not finite"),
    ],
)
def test_evaluate_logits__refuses(logits: torch.Tensor, labels: list[int], expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected):
        metrics.evaluate_logits(logits, labels, CLASS_NAMES)
