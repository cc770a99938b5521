"""Each cause of learning too little is named from its curves, and healthy runs hear nothing."""

from collections.abc import Sequence

import numpy as np
import pytest

from db.records import EpochMetrics
from forge_core.evaluation import metrics
from forge_core.evaluation.report import EvaluationReport
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics import underfitting

SMALL = TrainConfig(architecture="forge_cnn", input_size=32)
Curve = Sequence[tuple[float, float, float]]
"""Of each epoch: training loss, training accuracy, validation accuracy."""
FLAT: Curve = [
    (1.6, 0.4, 0.4),
    (1.2, 0.55, 0.55),
    (1.1, 0.6, 0.6),
    (1.09, 0.6, 0.6),
    (1.1, 0.6, 0.6),
]


def history(curve: Curve, stage: str = "scratch", first: int = 1) -> list[EpochMetrics]:
    return [
        EpochMetrics(
            epoch=number,
            stage=stage,
            train_loss=loss,
            train_accuracy=train,
            val_loss=1.0,
            val_accuracy=val,
            learning_rates={},
            duration_seconds=1.0,
            images_per_second=1.0,
        )
        for number, (loss, train, val) in enumerate(curve, start=first)
    ]


def report_of(counts: list[list[int]]) -> EvaluationReport:
    names = ("cat", "dog", "frog")
    return metrics.report_of_counts(np.array(counts), names, loss=1.0, top5_accuracy=None)


EVEN = report_of([[60, 20, 20], [20, 60, 20], [20, 20, 60]])
CONTRADICTING = report_of([[55, 42, 3], [44, 52, 4], [2, 3, 95]])
SLOW: Curve = [(1.60 - 0.02 * k, 0.3, 0.3) for k in range(6)]
FALLING: Curve = [(2.0 * 0.85**k, 0.3 + 0.07 * k, 0.3 + 0.07 * k) for k in range(6)]
WARM: Curve = [(0.9, 0.75, 0.8), (0.8, 0.78, 0.82)]
SPOILT: Curve = [(1.5, 0.5, 0.55), (1.4, 0.52, 0.56), (1.4, 0.52, 0.56), (1.42, 0.5, 0.55)]


@pytest.mark.parametrize(
    ("cause", "found", "report", "image_side"),
    [
        ("rate_too_low", history(SLOW), EVEN, 32),
        ("few_epochs", history(FALLING), EVEN, 32),
        ("small_input", history(FLAT), EVEN, 200),
        ("labels", history(FLAT), CONTRADICTING, 32),
        ("network", history(FLAT), EVEN, 32),
        (
            "rate_too_high",
            history(WARM, "warmup") + history(SPOILT, "finetune", 3),
            EVEN,
            32,
        ),
    ],
)
def test_find__names_the_cause(
    cause: str, found: list[EpochMetrics], report: EvaluationReport, image_side: int
) -> None:
    told = underfitting.find(found, report, SMALL, image_side=image_side)
    assert told is not None
    assert told.cause == cause
    last = found[-1].train_accuracy
    assert told.message.startswith(f"Training reaches only {last:.0%}")


@pytest.mark.parametrize(
    "curve",
    [
        [],
        FLAT[:2],
        [(1.0, 0.6, 0.7), (0.5, 0.8, 0.9), (0.3, 0.93, 0.95)],
        [(1.6, 0.5, 0.8), (1.4, 0.6, 0.9), (1.3, 0.65, 0.93), (1.3, 0.66, 0.93)],
        [(1.0, 0.5, 0.5), (0.8, 0.7, 0.52), (0.7, 0.8, 0.53), (0.7, 0.8, 0.53)],
    ],
    ids=["nothing yet", "two epochs", "learned", "mixed images, good on validation", "by heart"],
)
def test_find__is_silent(curve: Curve) -> None:
    assert underfitting.find(history(curve), CONTRADICTING, SMALL, image_side=200) is None


def test_find_larger__is_the_next_of_its_kind() -> None:
    assert underfitting.find_larger(SMALL) in ("forge_cnn_wide", "forge_cnn_deep")
    largest = TrainConfig(architecture="forge_cnn_deep")
    second = TrainConfig(architecture=str(underfitting.find_larger(SMALL)))
    assert underfitting.find_larger(largest) is None or underfitting.find_larger(second) is None
    photos = TrainConfig(architecture="mobilenet_v2", pretrained=True)
    assert underfitting.find_larger(photos) not in (None, "mobilenet_v2")
