"""The numbers of one evaluation, counted from its answers. scikit-learn's where it has them.

Legend: N images, K classes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import Answers
from forge_core.evaluation.sampling import weighing
from forge_core.evaluation.sampling.intervals import wilson_interval

TOP = (1, 2, 3, 5, 10)
"""The k of top-k accuracy."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A share of images that can be counted, with what chance allows."""

    count: int
    of: int
    """At least 1."""

    @property
    def value(self) -> float:
        """0 to 1."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson interval at 95 %."""
        return wilson_interval(self.count, self.of)


@dataclass(frozen=True, kw_only=True)
class ClassSummary:
    """One class, as far as it occurs."""

    label_id: int
    recall: Rate | None
    """Of the images of the class those that were found; None where it has no image."""
    precision: Rate | None
    """Of the images taken for the class those that are; None where none was."""
    f1: float

    @property
    def num_images(self) -> int:
        """Images of the class."""
        return 0 if self.recall is None else self.recall.of


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All of it."""

    accuracy: Rate
    balanced_accuracy: float
    """Mean recall of the classes that have images."""
    balanced_interval: tuple[float, float]
    """Of it, at 95 %."""
    macro_f1: float
    """Mean F1 of the classes that occur as a label or as an answer."""
    weighted_f1: float
    """The same, each class by its images."""
    top: dict[int, Rate]
    """By k: the class is among the k most likely ones. From 1, as far as k is below K."""
    classes: list[ClassSummary]
    """In the order that was asked for; those that do not occur are left out."""


def summarise(answers: Answers, label_ids: Sequence[int]) -> Summary:
    """The numbers of N answers.

    Args:
        answers: At least one.
        label_ids: The K classes that could be answered, in the order of the answer.

    Raises:
        InvalidInput: There is no answer.
    """
    from sklearn import metrics as known  # it takes a second to import

    if not len(answers):
        raise InvalidInput(
            "0 images were measured, so there is nothing to sum up.",
            next_step="Put labelled images into the split, then evaluate again.",
        )
    true, predicted = answers.label_ids, answers.predicted_ids
    there = set(np.union1d(true, predicted).tolist())
    occurring = [label_id for label_id in label_ids if label_id in there]
    given = {"y_true": true, "y_pred": predicted, "labels": occurring, "zero_division": 0}
    _, _, f1, _ = known.precision_recall_fscore_support(average=None, **given)
    num_true, num_predicted, num_found = (
        Counter(numbers.tolist()) for numbers in (true, predicted, true[true == predicted])
    )
    classes = [
        ClassSummary(
            label_id=label_id,
            recall=_rate(num_found[label_id], num_true[label_id]),
            precision=_rate(num_found[label_id], num_predicted[label_id]),
            f1=float(score),
        )
        for label_id, score in zip(occurring, f1, strict=True)
    ]
    recalls = [each.recall for each in classes if each.recall is not None]
    return Summary(
        accuracy=Rate(count=int(answers.is_right.sum()), of=len(answers)),
        balanced_accuracy=float(np.mean([each.value for each in recalls])),
        balanced_interval=weighing.interval_of_mean(recalls),
        macro_f1=float(known.f1_score(average="macro", **given)),
        weighted_f1=float(known.f1_score(average="weighted", **given)),
        top={
            k: Rate(count=int((answers.label_rank <= k).sum()), of=len(answers))
            for k in TOP
            if k == 1 or k < len(label_ids)
        },
        classes=classes,
    )


def _rate(count: int, of: int) -> Rate | None:
    return Rate(count=count, of=of) if of else None
