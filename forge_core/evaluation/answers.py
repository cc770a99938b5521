"""What a network answered for each image of an evaluation, as columns.

Every number of an evaluation is counted from these, so that each can name its images.

Legend: N images, K classes.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """N answers; every column is (N,). Classes are their numbers in the catalog."""

    asset_ids: Sequence[uuid.UUID]
    label_ids: Whole
    """The class of each image as of the revision."""
    predicted_ids: Whole
    confidence: Floats
    """Probability of the predicted class, 0 to 1."""
    label_rank: Whole
    """Place of the image's class among the answers: 1 is right."""
    label_probability: Floats
    """Probability of the image's class, 0 to 1."""
    is_trained: Flags
    """Whether the network was trained on these very bytes."""

    def __len__(self) -> int:
        return len(self.asset_ids)

    @property
    def is_right(self) -> Flags:
        """Of each image whether its class was answered."""
        same: Flags = self.label_ids == self.predicted_ids
        return same

    def where(self, mask: Flags) -> "Answers":
        """The images at which the mask is true, in their order."""
        places = np.flatnonzero(mask)
        return Answers(
            asset_ids=[self.asset_ids[place] for place in places.tolist()],
            label_ids=self.label_ids[places],
            predicted_ids=self.predicted_ids[places],
            confidence=self.confidence[places],
            label_rank=self.label_rank[places],
            label_probability=self.label_probability[places],
            is_trained=self.is_trained[places],
        )


def read_answers(
    asset_ids: Sequence[uuid.UUID],
    probabilities: Floats,
    places: Whole,
    label_ids: Sequence[int],
    is_trained: Flags,
) -> Answers:
    """The answers that probabilities give; of equal ones the first class is answered.

    Args:
        asset_ids: N images.
        probabilities: (N, K), each row sums to 1.
        places: (N,) column of each image's class.
        label_ids: K numbers of the columns' classes.
        is_trained: (N,).
    """
    rows = np.arange(len(places))
    numbers = np.asarray(label_ids, dtype=np.int64)
    predicted = probabilities.argmax(axis=1)
    own = probabilities[rows, places]
    columns = np.arange(probabilities.shape[1])
    is_before = probabilities > own[:, None]
    is_before |= (probabilities == own[:, None]) & (columns[None, :] < places[:, None])
    return Answers(
        asset_ids=asset_ids,
        label_ids=numbers[places],
        predicted_ids=numbers[predicted],
        confidence=np.clip(probabilities[rows, predicted], 0.0, 1.0),
        label_rank=is_before.sum(axis=1).astype(np.int64) + 1,
        label_probability=np.clip(own, 0.0, 1.0),
        is_trained=is_trained,
    )


def join(parts: Sequence[Answers]) -> Answers:
    """Several of them in one, at least one."""
    return Answers(
        asset_ids=[asset_id for part in parts for asset_id in part.asset_ids],
        label_ids=np.concatenate([part.label_ids for part in parts]),
        predicted_ids=np.concatenate([part.predicted_ids for part in parts]),
        confidence=np.concatenate([part.confidence for part in parts]),
        label_rank=np.concatenate([part.label_rank for part in parts]),
        label_probability=np.concatenate([part.label_probability for part in parts]),
        is_trained=np.concatenate([part.is_trained for part in parts]),
    )


def count_confusion(answers: Answers, label_ids: Sequence[int]) -> Whole:
    """(K, K) counts, rows true, columns predicted, in the order of these classes.

    Images of other classes, or taken for others, are not counted.
    """
    return weigh_confusion(answers, label_ids, np.ones(len(answers))).astype(np.int64)


def weigh_confusion(answers: Answers, label_ids: Sequence[int], weights: Floats) -> Floats:
    """The same, each image counted by its weight (N,); with weight 0 it is not counted."""
    order = np.argsort(np.asarray(label_ids, dtype=np.int64))
    known = np.asarray(label_ids, dtype=np.int64)[order]
    sums = np.zeros((len(known), len(known)))
    if not len(known) or not len(answers):
        return sums
    true, is_true = _find(known, answers.label_ids)
    predicted, is_predicted = _find(known, answers.predicted_ids)
    both = is_true & is_predicted
    np.add.at(sums, (order[true[both]], order[predicted[both]]), weights[both])
    return sums


def list_pairs(confusion: Whole, most: int) -> list[tuple[int, int, int]]:
    """Cells (true, answered, count) of a matrix (K, K) that are mistakes, the largest first.

    Args:
        confusion: Rows are true, columns answered.
        most: Cells at most; equal ones by row and column.
    """
    wrong = confusion - np.diag(np.diag(confusion))
    rows, found = np.nonzero(wrong)
    order = np.argsort(-wrong[rows, found], kind="stable")[:most]
    return [(int(rows[i]), int(found[i]), int(wrong[rows[i], found[i]])) for i in order]


def _find(known: Whole, wanted: Whole) -> tuple[Whole, Flags]:
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return places, known[places] == wanted
