"""Metrics of class scores against labels.

Legend: N images, K classes. Rows of a confusion matrix are true labels, columns predictions.
An undefined ratio (a class that was never predicted, or has no images) is 0, never NaN.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import InvalidInput
from forge_core.evaluation.report import ClassMetrics, EvaluationReport
from forge_core.evaluation.sampling.intervals import wilson_interval

if TYPE_CHECKING:  # two reports are compared without torch
    from torch import Tensor

TOP_K = 5


def evaluate_logits(
    logits: "Tensor | NDArray[Any]",
    labels: "Tensor | NDArray[Any] | Sequence[int]",
    class_names: Sequence[str],
) -> EvaluationReport:
    """Every metric of class scores against labels.

    Args:
        logits: (N, K) scores before softmax, finite.
        labels: (N,) integers in [0, K).
        class_names: K names, in the order of the columns.

    Raises:
        InvalidInput: When N is 0, shapes disagree, a label is out of range or a score is not
            finite.
    """
    scores = _as_array(logits).astype(np.float64)
    truth = _as_array(labels).astype(np.int64)
    _check(scores, truth, class_names)
    predicted = scores.argmax(axis=1)
    confusion = np.zeros((scores.shape[1], scores.shape[1]), dtype=np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    return report_of_counts(
        confusion,
        class_names,
        loss=log_loss(scores, truth),
        top5_accuracy=_top_accuracy(scores, truth) if len(class_names) > TOP_K else None,
    )


def report_of_counts(
    confusion: NDArray[np.int64],
    class_names: Sequence[str],
    *,
    loss: float,
    top5_accuracy: float | None,
) -> EvaluationReport:
    """The report of a confusion matrix (K, K) of at least one image."""
    num_images, num_correct = int(confusion.sum()), int(np.trace(confusion))
    per_class = _class_metrics(confusion, class_names)
    occurring = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
    f1_scores = np.array([entry.f1 for entry in per_class])
    return EvaluationReport(
        num_images=num_images,
        class_names=tuple(class_names),
        accuracy=num_correct / num_images,
        accuracy_interval=wilson_interval(num_correct, num_images),
        loss=loss,
        macro_f1=float(f1_scores[occurring].mean()),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        per_class=per_class,
        top5_accuracy=top5_accuracy,
    )


def log_loss(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean cross entropy in nats of (N, K) scores before softmax and (N,) labels, N >= 1."""
    highest = logits.max(axis=1, keepdims=True)
    log_sums = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
    return float((log_sums - logits[np.arange(len(labels)), labels]).mean())


def check_finite(scores: NDArray[Any]) -> None:
    """Refuse scores (N, K) that are no numbers.

    Raises:
        InvalidInput: One is infinite or not a number.
    """
    if not np.isfinite(scores).all():
        broken = int((~np.isfinite(scores).all(axis=1)).sum())
        raise InvalidInput(
            f"The scores of {broken} of {len(scores)} images are not finite numbers.",
            next_step="Train again with a lower learning rate.",
        )


def _class_metrics(
    confusion: NDArray[np.int64], class_names: Sequence[str]
) -> tuple[ClassMetrics, ...]:
    found = np.diag(confusion).astype(np.float64)
    predicted = confusion.sum(axis=0)
    support = confusion.sum(axis=1)
    precision = found / np.maximum(predicted, 1)
    recall = found / np.maximum(support, 1)
    f1 = 2 * found / np.maximum(predicted + support, 1)
    return tuple(
        ClassMetrics(
            class_name=name,
            precision=float(precision[position]),
            recall=float(recall[position]),
            f1=float(f1[position]),
            support=int(support[position]),
        )
        for position, name in enumerate(class_names)
    )


def _top_accuracy(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    highest = np.argpartition(-logits, TOP_K - 1, axis=1)[:, :TOP_K]
    return float((highest == labels[:, None]).any(axis=1).mean())


def _as_array(values: "Tensor | NDArray[Any] | Sequence[int]") -> NDArray[Any]:
    detach = getattr(values, "detach", None)
    return np.asarray(values if detach is None else detach().cpu().double())


def _check(
    logits: NDArray[np.float64], labels: NDArray[np.int64], class_names: Sequence[str]
) -> None:
    num_classes = len(class_names)
    if logits.ndim != 2 or logits.shape[1] != num_classes or labels.shape != (len(logits),):
        raise InvalidInput(
            f"Metrics need scores (N, {num_classes}) and labels (N,); found scores "
            f"{logits.shape} and labels {labels.shape}.",
        )
    if len(logits) == 0:
        raise InvalidInput(
            "0 images were given, so nothing can be measured.",
            next_step="Put labelled images into the split first.",
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InvalidInput(
            f"Labels must be 0 to {num_classes - 1}; found {labels.min()} to {labels.max()}.",
            next_step="Train a checkpoint that knows all classes of these images.",
        )
    check_finite(logits)
