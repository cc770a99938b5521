"""Says when a run did not learn its training images, and why. Without torch: pages read it.

Only what the curves demonstrate is said; a run that generalises, or that learned its training
images, is left alone. The causes are tried in the order in which they are cheap to mend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from db.records import EpochMetrics
from forge_core.evaluation.report import EvaluationReport
from forge_core.models.architectures import ARCHITECTURES, get_architecture
from forge_core.training import recommendation
from forge_core.training.config import TrainConfig

Cause = Literal["rate_too_high", "rate_too_low", "few_epochs", "small_input", "labels", "network"]

UNDERSTOOD, GOOD = 0.85, 0.9
"""Accuracy in training, and in validation, from which nothing is missing."""
OVERFITTED = 0.1
"""Training so far above validation learned by heart, which is another trouble."""
ENOUGH_EPOCHS = 3
"""Of the last stage, before anything is said."""
LOST_FEATURES = 0.1
"""Accuracy that fine-tuning lost against the head alone on the pretrained features."""
STILL_FALLS = 0.03
"""Part of the training loss that each of the last epochs still took off."""
HARDLY_FELL = 0.15
"""Part of the training loss that a whole stage took off, where its rate was too low."""
SHRUNK = 2.0
"""Times the input that images are large, from which details are lost."""
ONE_PAIR, BOTH_WAYS = 0.5, 0.3
"""Share of all mistakes that two classes make with each other, and of these in either direction."""
ENOUGH_MISTAKES = 12


@dataclass(frozen=True, kw_only=True)
class Underfitting:
    """A run that did not learn enough, and what it needs."""

    cause: Cause
    message: str
    """What was found, and what helps."""


def find(
    history: Sequence[EpochMetrics],
    report: EvaluationReport | None,
    config: TrainConfig,
    *,
    image_side: int,
) -> Underfitting | None:
    """Why a run learned too little, or None where it did not, or where that cannot be told yet.

    Args:
        history: Its epochs in order.
        report: Of its best checkpoint on validation, if there is one.
        config: Of the run.
        image_side: Median short side of the training images in pixels; 0 where it is not known.
    """
    if not history:
        return None
    stage = [entry for entry in history if entry.stage == history[-1].stage]
    last = stage[-1]
    best_val = max(entry.val_accuracy for entry in history)
    if (
        len(stage) < ENOUGH_EPOCHS
        or last.train_accuracy >= UNDERSTOOD
        or best_val >= GOOD
        or last.train_accuracy - last.val_accuracy > OVERFITTED
    ):
        return None
    seen = f"Training reaches only {last.train_accuracy:.0%}"
    frozen = [entry for entry in history if entry.stage == "warmup"]
    of_head = max((entry.val_accuracy for entry in frozen), default=0.0)
    if last.stage != "warmup" and of_head - last.val_accuracy > LOST_FEATURES:
        return Underfitting(
            cause="rate_too_high",
            message=f"{seen}: validation fell from {of_head:.0%}, which the head alone reached on "
            f"the pretrained features, to {last.val_accuracy:.0%} when all layers learned. The "
            "rate of the fine-tuning is too high: a tenth of it keeps what the network knows.",
        )
    losses = [entry.train_loss for entry in stage]
    fell = 1.0 - losses[-1] / losses[0]
    steady = sum(after < before for before, after in pairwise(losses))
    if fell < HARDLY_FELL and steady >= 0.8 * (len(losses) - 1):
        return Underfitting(
            cause="rate_too_low",
            message=f"{seen}, and the loss fell by {fell:.0%} in {len(stage)} epochs, a little in "
            "each: the learning rate is too low. Let Train look for one, or take ten times this.",
        )
    at_end = losses[-ENOUGH_EPOCHS:]
    per_epoch = 1.0 - (at_end[-1] / at_end[0]) ** (1 / (len(at_end) - 1))
    if per_epoch > STILL_FALLS and at_end == sorted(at_end, reverse=True):
        return Underfitting(
            cause="few_epochs",
            message=f"{seen}, and the loss still fell by {per_epoch:.0%} in each of the last "
            "epochs: there were too few. Extend the run.",
        )
    side = config.input_size or get_architecture(config.architecture).input_size
    if image_side > SHRUNK * side:
        return Underfitting(
            cause="small_input",
            message=f"{seen}: the network sees {side} px of images of {image_side} px, so details "
            f"are lost. An input of {min(image_side, 2 * side)} px shows more.",
        )
    pair = None if report is None else _find_pair(report)
    if pair:
        return Underfitting(
            cause="labels",
            message=f"{seen}, and most mistakes take {pair[0]} and {pair[1]} for each other, in "
            "both directions: their labels contradict each other. Review these two classes, or "
            "merge them.",
        )
    return Underfitting(
        cause="network",
        message=f"{seen}, no better than validation, and the loss falls no more: the network is "
        "too small for these images.",
    )


def find_larger(config: TrainConfig) -> str | None:
    """The next larger network of the same kind; None where there is none."""
    here = get_architecture(config.architecture)
    if not here.pretrained:
        larger = [
            found
            for found in ARCHITECTURES.values()
            if found.family == here.family and found.parameters_millions > here.parameters_millions
        ]
        return min(larger, key=lambda found: found.parameters_millions).name if larger else None
    offered = recommendation.list_alternatives(here.name, on_gpu=False, cached=())
    return next((each.architecture for each in offered if each.kind == "More accurate"), None)


def _find_pair(report: EvaluationReport) -> tuple[str, str] | None:
    """Two classes that make most of the mistakes with each other, in both directions."""
    wrong = np.array(report.confusion, dtype=np.int64)
    np.fill_diagonal(wrong, 0)
    together = np.triu(wrong + wrong.T)
    if len(report.class_names) < 3 or wrong.sum() < ENOUGH_MISTAKES:
        return None
    one, other = np.unravel_index(int(together.argmax()), together.shape)
    ways = sorted((int(wrong[one, other]), int(wrong[other, one])))
    if sum(ways) < ONE_PAIR * wrong.sum() or ways[0] < BOTH_WAYS * sum(ways):
        return None
    return report.class_names[int(one)], report.class_names[int(other)]
